"""Tokens that are sent by e-mail: confirming an address, setting a new password."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from infra.events.testing import published
from modules.users.events import EmailVerified
from modules.users.models import Customer, MailToken, MailTokenPurpose, Notification
from modules.users.use_cases import mail_tokens
from modules.users.use_cases.attempts import Limit
from modules.users.use_cases.mail_tokens import InvalidMailToken, reset_password, verify_email
from modules.users.use_cases.sending import forget_notifications, mint
from tests.api import Api
from tests.users.factories import PASSWORD, a_customer, post_office, token_in
from tests.users.racing import wait_until, waiting_for_a_lock

pytestmark = pytest.mark.usefixtures("database")

VERIFY = "/api/v1/users/email-verifications"
RESET = "/api/v1/users/password-resets"
TOKENS = "/api/v1/users/tokens"
NEW_PASSWORD = "vier Katzen im Schnee"


def test_a_new_customer_confirms_the_address_with_the_token_from_the_e_mail(api: Api) -> None:
    customer = a_customer()
    (message,) = post_office()
    assert message.to == [customer.email]

    answer = api.post(VERIFY, {"token": token_in(message)})

    assert answer.status_code == 204
    me = api.as_customer(customer.id).get("/api/v1/users/me").json()
    assert me["emailVerified"] is True
    assert published(EmailVerified) == [EmailVerified(customer_id=customer.id, email=customer.email)]


def test_a_token_works_once(api: Api) -> None:
    a_customer()
    token = token_in(post_office()[0])
    api.post(VERIFY, {"token": token})

    again = api.post(VERIFY, {"token": token})

    assert again.status_code == 422
    assert again.json()["code"] == "users.invalid_token"
    assert len(published(EmailVerified)) == 1


@pytest.mark.parametrize(
    ("purpose", "use"),
    [
        (MailTokenPurpose.VERIFY_EMAIL, lambda token: verify_email(token=token, verified_at=timezone.now())),
        (
            MailTokenPurpose.RESET_PASSWORD,
            lambda token: reset_password(token=token, password=NEW_PASSWORD, reset_at=timezone.now()),
        ),
    ],
)
def test_of_many_who_use_one_token_at_once_one_succeeds(purpose: MailTokenPurpose, use: Callable[[str], None]) -> None:
    customer = a_customer()
    token = mint(customer_id=customer.id, purpose=purpose, minted_at=timezone.now())

    def attempt(_: int) -> str:
        try:
            use(token)
        except InvalidMailToken:
            return "refused"
        finally:
            connections.close_all()
        return "used"

    with ThreadPoolExecutor(3) as threads:
        with transaction.atomic(using="users"):
            Customer.objects.select_for_update().get()
            running = [threads.submit(attempt, number) for number in range(3)]
            wait_until(lambda: waiting_for_a_lock() == 3)
        outcomes = sorted(future.result(timeout=60) for future in running)

    assert outcomes == ["refused", "refused", "used"]


def test_using_one_token_uses_up_the_others_of_its_purpose(api: Api) -> None:
    customer = a_customer()
    first, second = (
        mint(customer_id=customer.id, purpose=MailTokenPurpose.RESET_PASSWORD, minted_at=timezone.now())
        for _ in range(2)
    )

    assert api.post(RESET, {"token": second, "password": NEW_PASSWORD}).status_code == 204

    assert api.post(RESET, {"token": first, "password": PASSWORD}).status_code == 422


def test_a_token_of_one_purpose_is_none_of_another(api: Api) -> None:
    customer = a_customer()
    for_address = mint(customer_id=customer.id, purpose=MailTokenPurpose.VERIFY_EMAIL, minted_at=timezone.now())

    answer = api.post(RESET, {"token": for_address, "password": NEW_PASSWORD})

    assert answer.status_code == 422
    assert api.post(VERIFY, {"token": for_address}).status_code == 204


@pytest.mark.parametrize(
    ("purpose", "lifetime"),
    [(MailTokenPurpose.VERIFY_EMAIL, timedelta(days=3)), (MailTokenPurpose.RESET_PASSWORD, timedelta(hours=1))],
)
def test_a_token_expires(purpose: MailTokenPurpose, lifetime: timedelta) -> None:
    customer = a_customer()
    minted_at = timezone.now()
    token = mint(customer_id=customer.id, purpose=purpose, minted_at=minted_at)
    use: dict[MailTokenPurpose, Callable[[timedelta], None]] = {
        MailTokenPurpose.VERIFY_EMAIL: lambda age: verify_email(token=token, verified_at=minted_at + age),
        MailTokenPurpose.RESET_PASSWORD: lambda age: reset_password(
            token=token, password=NEW_PASSWORD, reset_at=minted_at + age
        ),
    }

    with pytest.raises(InvalidMailToken):
        use[purpose](lifetime)
    use[purpose](lifetime - timedelta(seconds=1))


def test_a_closed_account_is_not_opened_by_a_token(api: Api) -> None:
    customer = a_customer()
    token = mint(customer_id=customer.id, purpose=MailTokenPurpose.RESET_PASSWORD, minted_at=timezone.now())
    Customer.objects.update(is_active=False)

    assert api.post(RESET, {"token": token, "password": NEW_PASSWORD}).status_code == 422


def test_a_forgotten_password_is_replaced_and_every_sign_in_ends(api: Api) -> None:
    customer = a_customer()
    post_office()
    stolen = api.post(TOKENS, {"email": customer.email, "password": PASSWORD}).json()["refresh"]
    assert api.post(f"{RESET}/request", {"email": customer.email.upper()}).status_code == 202
    (message,) = post_office()

    answer = api.post(RESET, {"token": token_in(message), "password": NEW_PASSWORD})

    assert answer.status_code == 204
    assert api.post(f"{TOKENS}/refresh", {"refresh": stolen}).status_code == 401
    assert api.post(TOKENS, {"email": customer.email, "password": PASSWORD}).status_code == 401
    assert api.post(TOKENS, {"email": customer.email, "password": NEW_PASSWORD}).status_code == 200
    (told,) = post_office()
    assert told.subject == "Your password was changed"
    # Whoever got the token reads the mailbox.
    assert Customer.objects.get().email_verified_at is not None


def test_a_weak_new_password_leaves_the_token_usable(api: Api) -> None:
    customer = a_customer()
    token = mint(customer_id=customer.id, purpose=MailTokenPurpose.RESET_PASSWORD, minted_at=timezone.now())

    refused = api.post(RESET, {"token": token, "password": "password1"})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/password"
    assert api.post(RESET, {"token": token, "password": NEW_PASSWORD}).status_code == 204


@pytest.mark.parametrize("path", [f"{RESET}/request", f"{VERIFY}/resend"])
def test_asking_for_an_e_mail_is_answered_and_recorded_alike_for_every_address(api: Api, path: str) -> None:
    customer = a_customer()
    post_office()
    before = Notification.objects.count()

    answers = [api.post(path, {"email": email}) for email in (customer.email, "nobody@example.com")]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert Notification.objects.count() == before + 2
    assert [message.to for message in post_office()] == [[customer.email]]


def test_a_confirmed_address_is_not_asked_to_be_confirmed_again(api: Api) -> None:
    customer = a_customer(email_verified_at=timezone.now())

    api.post(f"{VERIFY}/resend", {"email": customer.email})

    assert post_office() == []


def test_nobody_can_fill_a_mailbox_through_the_shop_and_nobody_is_told(api: Api) -> None:
    customer = a_customer()
    post_office()

    answers = [api.post(f"{RESET}/request", {"email": customer.email}) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {202}
    assert len(post_office()) == 3


def test_asking_for_many_addresses_from_one_place_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_tokens, "MAILS_FROM_ADDRESS", Limit(name="mails", burst=2, seconds_per_attempt=60))

    answers = [api.post(f"{RESET}/request", {"email": f"anna-{n}@example.com"}) for n in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]


def test_no_token_is_stored_anywhere() -> None:
    a_customer()
    token = token_in(post_office()[0])

    stored = str([*MailToken.objects.values(), *Notification.objects.values()])

    assert token not in stored


def test_tokens_that_ran_out_long_ago_are_forgotten() -> None:
    customer = a_customer()
    mint(customer_id=customer.id, purpose=MailTokenPurpose.RESET_PASSWORD, minted_at=timezone.now())

    forget_notifications(created_before=timezone.now())
    assert MailToken.objects.count() == 1
    forget_notifications(created_before=timezone.now() + timedelta(days=1))
    assert MailToken.objects.count() == 0


# --- The pages that the e-mails link to ---


def test_the_page_confirms_only_when_the_button_is_pressed(api: Api) -> None:
    a_customer()
    token = token_in(post_office()[0])

    page = api.get("/api/v1/users/verify-email", headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert "style-src 'self'; script-src 'self'" in page.headers["Content-Security-Policy"]
    assert Customer.objects.get().email_verified_at is None
    done = api.request(
        "POST",
        "/api/v1/users/verify-email",
        f"token={token}".encode(),
        content_type="application/x-www-form-urlencoded",
    )
    assert done.status_code == 200
    assert "is confirmed" in done.content.decode()
    assert Customer.objects.get().email_verified_at is not None


def test_the_page_says_what_is_wrong_with_a_new_password_and_keeps_the_token(api: Api) -> None:
    customer = a_customer()
    token = mint(customer_id=customer.id, purpose=MailTokenPurpose.RESET_PASSWORD, minted_at=timezone.now())

    def send(password: str) -> str:
        form = f"token={token}&password={password}".encode()
        path = "/api/v1/users/reset-password"
        return api.request("POST", path, form, content_type="application/x-www-form-urlencoded").content.decode()

    refused = send("short")

    assert "too short" in refused
    assert token in refused
    assert "Your new password is set" in send("vier+Katzen+im+Schnee")
    assert "used before or is too old" in send("vier+Katzen+im+Schnee")


def test_a_token_from_a_form_is_shown_as_text_only(api: Api) -> None:
    form = b"token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&password=short"

    page = api.request(
        "POST", "/api/v1/users/reset-password", form, content_type="application/x-www-form-urlencoded"
    ).content.decode()

    assert "<script>alert" not in page
