"""How passwords are kept and which are good enough, of customers and of staff; for settings."""

HASHERS = [
    "infra.passwords.Argon2",
    # Accounts that were imported with the hashes of another Django shop; hashed anew when their owners sign in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Length and a list of known passwords keep guessers out; rules on kinds of characters do not (NIST SP 800-63B, 3.1.1.2).
VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
