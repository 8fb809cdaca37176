"""Serving a call: bytes in, the implementation called, bytes or one of few errors out. The same on every route."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from infra.contracts import context
from infra.contracts.codec import encode_plain
from infra.contracts.declaration import Method
from infra.contracts.errors import ContractTimeout, ContractUnavailable, ContractViolation, ModuleMoved
from infra.errors import DomainError

log = logging.getLogger("infra.contracts")

# Errors of the machinery below an implementation (a lost database connection): it may work when asked again.
_passing: tuple[type[Exception], ...] = (ContractUnavailable, ContractTimeout)


class DeclaredError(msgspec.Struct, frozen=True):
    """A declared refusal on the wire."""

    code: str
    detail: str
    members: dict[str, Any]

    def as_exception(self, method: Method) -> DomainError:
        """Return the error as the class that the contract declares."""
        declared = method.errors.get(self.code)
        if declared is None:
            raise ContractViolation(f"{method} answered with {self.code!r}, which it does not declare.")
        return declared(self.detail, **self.members)


class Declined(Exception):
    """The implementation raised one of its declared errors; `body` is a `DeclaredError`."""

    def __init__(self, body: bytes, status: int) -> None:
        super().__init__()
        self.body = body
        self.status = status


_decode_error = msgspec.json.Decoder(DeclaredError).decode


def declared_error(method: Method, body: bytes) -> DomainError:
    """Return a declared error that came as bytes."""
    try:
        error = _decode_error(body)
    except msgspec.DecodeError as cause:
        raise ContractViolation(f"{method} answered with an error that cannot be read: {cause}") from cause
    return error.as_exception(method)


def treat_as_transient(*errors: type[Exception]) -> None:
    """Name the exceptions of the machinery that mean "perhaps later", not "a defect"."""
    global _passing
    _passing = tuple(dict.fromkeys((*_passing, *errors)))


def execute(
    method: Method,
    implementation: Callable[..., Any],
    body: bytes,
    call_context: context.CallContext,
    was_refused: Callable[[Exception], bool] | None = None,
) -> bytes:
    """Call an implementation with encoded arguments and return its encoded result.

    Args:
        was_refused: says of an error whether it only means that the module has moved away; None: it never does.

    Raises:
        ModuleMoved: the module's database refused the call as a whole.
        Declined: it raised a declared error.
        ContractUnavailable: it could not answer a question now.
        ContractTimeout: it broke off in the middle of a command.
        ContractViolation: a value outside the contract, or any other error, which is logged here and not told.
    """
    arguments = msgspec.structs.asdict(method.arguments.decode(body))
    token = context.enter(call_context)
    try:
        result = implementation(**arguments)
    except DomainError as error:
        raise _declined(method, error) from None
    except _passing as error:
        log.warning("%s could not be served: %s", method, error)
        if method.kind == "query":
            raise ContractUnavailable(f"{method} cannot be answered at the moment.") from error
        raise ContractTimeout(f"{method} broke off; whether it took effect is unknown.") from error
    except Exception as error:
        if was_refused is not None and was_refused(error):
            raise ModuleMoved(f"{method} was refused and rolled back: the module has moved.") from error
        log.exception("%s raised %s, which its contract does not declare", method, type(error).__name__)
        raise ContractViolation(f"{method} failed.") from error
    finally:
        context.leave(token)
    return method.result.encode(result)


def _declined(method: Method, error: DomainError) -> Exception:
    for class_ in type(error).__mro__:
        code = vars(class_).get("code")
        if code is not None and method.errors.get(code) is class_:
            members = {str(name): value for name, value in error.members.items()}
            try:
                body = encode_plain(DeclaredError(code=code, detail=error.detail, members=members))
            except (TypeError, ValueError) as cause:
                return ContractViolation(f"Cannot send the members of {code}: {cause}.")
            return Declined(body, error.status)
    log.error("%s raised %s, which it does not declare", method, type(error).__name__, exc_info=error)
    return ContractViolation(f"{method} failed.")
