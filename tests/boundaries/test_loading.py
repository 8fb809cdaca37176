"""What an operator names in settings is loaded, unless it belongs to another module."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from infra.boundaries.loading import configured
from infra.money import Money
from modules.payments.gateways.sandbox import SandboxProvider


def test_a_module_loads_its_own_and_what_belongs_to_no_module() -> None:
    assert configured("modules.payments.gateways.sandbox.SandboxProvider", module="payments") is SandboxProvider
    assert configured("infra.money.Money", module="payments") is Money


def test_what_is_internal_to_another_module_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="is internal to payments"):
        configured("modules.payments.gateways.sandbox.SandboxProvider", module="shipping")


def test_a_path_that_leads_nowhere_says_who_was_configured_so() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"payments is configured to use 'acme\.Provider'"):
        configured("acme.Provider", module="payments")
