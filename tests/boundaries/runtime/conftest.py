"""The contract that the guards are tried on is that of the contracts' own tests."""

from tests.infra.contracts.conftest import echo

__all__ = ["echo"]
