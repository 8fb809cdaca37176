"""Connects the contracts, which know no Django, to its settings, its connections and its HTTP stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.signals import setting_changed
from django.db import InterfaceError, OperationalError

from infra.contracts import registry
from infra.contracts.errors import ContractDeclarationError
from infra.contracts.execution import treat_as_transient
from infra.contracts.nonces import NoncesOnHost
from infra.contracts.registry import Wiring
from infra.contracts.signing import read_keys
from infra.extraction.calls import RecordedWhereabouts, be_ready_to_ask
from infra.extraction.record import presence

SETTINGS = frozenset(
    {
        *("MODULE_LOCATIONS", "SERVICE_OF", "MONOLITH_URL"),
        *("CONTRACT_ROUTE", "CONTRACT_CALLERS", "SERVICE_NAME", "SERVICE_KEYS"),
    }
)


class ContractsConfig(AppConfig):
    """Stands before the modules in INSTALLED_APPS: they provide their contracts when they are ready."""

    name = "infra.contracts"
    label = "contracts"

    def ready(self) -> None:
        from infra.boundaries.runtime.guards import install
        from infra.http.contract_loopback import Loopback

        registry.add_local_route("loopback", Loopback)
        install()
        treat_as_transient(OperationalError, InterfaceError)
        wire_from_settings()
        presence.on_change(be_ready_to_ask)
        register(check_contracts)
        setting_changed.connect(_follow_setting, dispatch_uid="infra.contracts")


def wire_from_settings() -> None:
    """Wire the contracts as Django's settings say."""
    registry.configure(
        Wiring(
            locations=settings.MODULE_LOCATIONS,
            local_route=settings.CONTRACT_ROUTE,
            callers=settings.CONTRACT_CALLERS,
            service_name=settings.SERVICE_NAME,
            service_keys=read_keys(settings.SERVICE_KEYS),
            nonces=NoncesOnHost(Path(settings.STATE_DIR) / "nonces"),
            whereabouts=RecordedWhereabouts(
                service_of=getattr(settings, "SERVICE_OF", ""), monolith_url=getattr(settings, "MONOLITH_URL", "")
            ),
        )
    )


def check_contracts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each contract that no one answers, and settings that cannot be used."""
    try:
        read_keys(settings.SERVICE_KEYS)
    except ContractDeclarationError as error:
        return [Error(str(error), id="contracts.E002")]
    return [Error(problem, id="contracts.E001") for problem in registry.wiring_problems()]


def _follow_setting(*, setting: str, **kwargs: Any) -> None:
    if setting in SETTINGS:
        wire_from_settings()
