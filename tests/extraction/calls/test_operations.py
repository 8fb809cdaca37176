"""What the command line says of events of a module that lives elsewhere."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.extraction.calls.place import Place
from tests.infra.events.announcing import announce_numbers


def test_it_says_where_to_ask_and_tells_of_the_others(place: Place) -> None:
    place.switch()
    announce_numbers("k", 1)
    output, errors = StringIO(), StringIO()

    call_command("events", "lag", stdout=output, stderr=errors)

    assert sorted(line.split()[0] for line in output.getvalue().splitlines()[1:]) == [
        "catalog",
        "payments",
        "shipping",
        "users",
    ]
    assert errors.getvalue().strip() == (
        f"orders lives at {place.address}. Ask there: python extracted/orders/manage.py events"
    )


@pytest.mark.parametrize("verb", [["dead-letters"], ["replay", "--all"], ["lag"]])
def test_of_a_module_elsewhere_alone_it_only_says_where_to_ask(place: Place, verb: list[str]) -> None:
    place.switch()

    with pytest.raises(CommandError, match="orders lives at http"):
        call_command("events", *verb, "--module", "orders", stdout=StringIO())
