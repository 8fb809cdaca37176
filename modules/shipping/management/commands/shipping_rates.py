"""`manage.py shipping_rates explain`: why an address is offered the rates that it is, or none."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from infra.money import Money
from modules.shipping.queries.why import explain


class Command(BaseCommand):
    help = "Explain which zone answers for a place and what becomes of each of its rates."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, parser_class=argparse.ArgumentParser)
        verb = verbs.add_parser("explain", help=self.help)
        verb.add_argument("--country", required=True, help="ISO 3166-1 alpha-2, such as DE")
        verb.add_argument("--postcode", default="")
        verb.add_argument("--weight-grams", type=int, default=0)
        verb.add_argument("--amount", type=int, default=0, help="gross value of the goods in minor units")
        verb.add_argument("--currency", default=settings.SHOP_CURRENCY)

    def handle(self, *args: Any, **options: Any) -> None:
        explanation = explain(
            country=options["country"].upper(),
            postcode=options["postcode"],
            goods=Money(options["amount"], options["currency"].upper()),
            weight_grams=options["weight_grams"],
        )
        self.stdout.write("Zones, in the order in which they are asked:")
        for zone in explanation.zones:
            self.stdout.write(f"  {'*' if zone.answers else ' '} {zone.code:20} {zone.reason}")
        if not explanation.rates:
            self.stdout.write("The shop does not send there.")
            return
        self.stdout.write("Rates of that zone:")
        for rate in explanation.rates:
            price = rate.price.as_text() if rate.price else "-"
            self.stdout.write(f"  {rate.method:12} {rate.currency or 'any':4} {price:>12}  {rate.reason}")
