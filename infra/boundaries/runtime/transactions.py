"""Asking or announcing while somebody's transaction is open."""

from __future__ import annotations

from infra.boundaries.findings import Finding
from infra.boundaries.runtime import rules
from infra.boundaries.runtime.places import call_site, module_of
from infra.boundaries.runtime.policy import settle
from infra.contracts.declaration import Method
from infra.contracts.errors import ContractViolation
from infra.databases.open_transactions import open_transactions


class CallInOpenTransaction(ContractViolation):
    """Another module was asked inside an open transaction; ask before the transaction opens."""

    code = "call_in_open_transaction"


class PublishInForeignTransaction(RuntimeError):
    """An event was published while a transaction of another module was open."""


class ForeignEvent(RuntimeError):
    """A module published an event that is another module's."""


def refuse_open_transactions(method: Method, asker: str) -> None:
    """Guard the entry of a contract call.

    Raises:
        CallInOpenTransaction: under the policy `raise`.
    """
    aliases = open_transactions()
    if not aliases:
        return
    site = call_site()
    settle(
        Finding(
            rule=rules.CALL_IN_TRANSACTION,
            module=asker or site.module,
            source=site.name,
            target=str(method),
            detail=f"{method} is called inside an open transaction on {', '.join(aliases)}, at {site}.",
            path=site.path,
            line=site.line,
        ),
        CallInOpenTransaction,
    )


def guard_publishing(module: str, event: str) -> None:
    """Guard the announcement of a module's event.

    Raises:
        PublishInForeignTransaction, ForeignEvent: under the policy `raise`.
    """
    foreign = [alias for alias in open_transactions() if alias != module]
    site = call_site()
    if foreign:
        settle(
            Finding(
                rule=rules.PUBLISH_IN_FOREIGN_TRANSACTION,
                module=module,
                source=site.name,
                target=f"transaction on {', '.join(foreign)}",
                detail=f"{event} is published inside an open transaction on {', '.join(foreign)}, at {site}.",
                path=site.path,
                line=site.line,
            ),
            PublishInForeignTransaction,
        )
    publisher = module_of(site.name)
    if publisher is not None and publisher != module:
        settle(
            Finding(
                rule=rules.FOREIGN_EVENT,
                module=publisher,
                source=site.name,
                target=event,
                detail=f"{publisher} publishes {event}, which is {module}'s, at {site}.",
                path=site.path,
                line=site.line,
            ),
            ForeignEvent,
        )
