"""Refusals that are part of the business, with one stable code each."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """Something asked for cannot be done, for a reason that the asker is meant to know.

    The class is the fact, its first docstring line the title, `code` the stable name (`catalog.out_of_stock`) that
    travels in problem details and across contracts. `members` are further facts as plain JSON values.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, detail: str = "", **members: Any) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.members = members

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0].rstrip(".")


class NotFound(DomainError):
    """What was asked for does not exist."""

    code = "not_found"
    status = 404


class Refused(DomainError):
    """The present state does not allow it."""


class Invalid(DomainError):
    """The request contradicts itself or a rule."""

    code = "invalid"
    status = 422
