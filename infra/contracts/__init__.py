"""Contracts: what one module may ask another, as typed calls that mean the same in one process and across a network."""

from infra.contracts.declaration import command, contract, query
from infra.contracts.errors import (
    CallerRefused,
    ContractDeclarationError,
    ContractError,
    ContractTimeout,
    ContractUnavailable,
    ContractViolation,
    ModuleMoved,
)
from infra.contracts.registry import provide, resolve

__all__ = [
    "CallerRefused",
    "ContractDeclarationError",
    "ContractError",
    "ContractTimeout",
    "ContractUnavailable",
    "ContractViolation",
    "ModuleMoved",
    "command",
    "contract",
    "provide",
    "query",
    "resolve",
]
