"""The addresses of users, under /api/v1/users/."""

from django.urls import URLPattern, path

from modules.users.http import accounts, addresses, mail_tokens, pages, tokens

app_name = "users"
at_root = [path(".well-known/jwks.json", tokens.KeySet.as_view(), name="jwks")]
urlpatterns: list[URLPattern] = [
    path("register", accounts.Register.as_view(), name="register"),
    path("tokens", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/refresh", tokens.TokensRefresh.as_view(), name="tokens-refresh"),
    path("tokens/revoke", tokens.TokensRevoke.as_view(), name="tokens-revoke"),
    path("email-verifications", mail_tokens.EmailVerifications.as_view(), name="email-verifications"),
    path("email-verifications/resend", mail_tokens.AskForVerification.as_view(), name="email-verifications-resend"),
    path("password-resets", mail_tokens.PasswordResets.as_view(), name="password-resets"),
    path("password-resets/request", mail_tokens.AskForPasswordReset.as_view(), name="password-resets-request"),
    path("me", accounts.Me.as_view(), name="me"),
    path("me/preferences", accounts.Preferences.as_view(), name="preferences"),
    path("me/password", accounts.Password.as_view(), name="password"),
    path("me/export", accounts.Export.as_view(), name="export"),
    path("me/addresses", addresses.Addresses.as_view(), name="addresses"),
    path("me/addresses/<uuid:address_id>", addresses.Address.as_view(), name="address"),
    path("verify-email", pages.VerifyEmailPage.as_view(), name="verify-email-page"),
    path("reset-password", pages.ResetPasswordPage.as_view(), name="reset-password-page"),
]
