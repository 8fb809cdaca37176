"""Hashing passwords."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with the costs that OWASP's password storage cheat sheet names first.

    Django's own costs take 100 MB for each hash: ten people who sign in at the same moment would take a gigabyte.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1
