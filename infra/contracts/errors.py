"""What can go wrong with a call besides the errors that its contract declares.

None of these is a `DomainError`: a module that did not answer has not refused.
"""

from __future__ import annotations

from typing import ClassVar


class ContractDeclarationError(Exception):
    """A contract, its implementation or the wiring of both is wrong; the process must not start like this."""


class ContractError(Exception):
    """A call came back with neither a result nor one of its declared errors."""

    code: ClassVar[str] = "contract_error"
    status: ClassVar[int] = 500  # for an HTTP answer that has nothing better to say


class ContractUnavailable(ContractError):
    """The module asked could not be reached, or turned the call away before doing anything."""

    code = "module_unavailable"
    status = 503


class ModuleMoved(ContractUnavailable):
    """The module does not live (any more) where it was asked, and nothing was done there: ask again where it lives now."""

    code = "module_moved"


class ContractTimeout(ContractError):
    """No answer came in time, or it was lost on the way: whether the call took effect is unknown.

    Repeating a keyed command with its key is safe and finds out.
    """

    code = "module_timeout"
    status = 504


class ContractViolation(ContractError):
    """A defect of either side: values outside the contract, an undeclared error, a call in an open transaction."""

    code = "contract_violation"


class NoPlainValue(ContractViolation):
    """Something was to cross that is no value of the contract's types: a model, a queryset, a lazy object, a file."""

    code = "no_plain_value"


class TooManyCallsDeep(ContractViolation):
    """Calls and events inside each other without an end: modules ask in a circle."""

    code = "too_many_calls_deep"


class CallerRefused(ContractViolation):
    """The caller is not known, or the contract is not among those that it may ask."""

    code = "caller_refused"
