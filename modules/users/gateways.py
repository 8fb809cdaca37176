"""The way out: handing e-mails over to a mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.mail import EmailMultiAlternatives, get_connection


@contextmanager
def mail_server() -> Iterator[Callable[[EmailMultiAlternatives], None]]:
    """Yield a function that hands an e-mail over, all through one connection that is opened at the first.

    It raises what the backend raises (`OSError`, `smtplib.SMTPException`); the next e-mail then opens a new connection.
    """
    connection = get_connection()

    def hand_over(message: EmailMultiAlternatives) -> None:
        message.connection = connection
        try:
            connection.open()
            message.send()
        except Exception:
            connection.close()
            raise

    try:
        yield hand_over
    finally:
        connection.close()
