"""Zones and rates to begin with: every country is served, standard delivery is free, express delivery is paid."""

from django.db import migrations

EUROPEAN_UNION = [
    "AT",
    "AX",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DK",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MC",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
]
REST_OF_EUROPE = (
    ["AD", "AL", "BA", "BY", "CH", "FO", "GB", "GG", "GI", "IM", "IS", "JE", "LI", "MD", "ME", "MK", "NO", "RS", "SM", "TR", "UA", "VA", "XK"]
)  # fmt: skip

# code, name, priority, countries, only these postcodes, days of standard delivery, of express delivery
ZONES = (
    (
        "remote-islands",
        "Islands and enclaves far off",
        10,
        ["ES", "PT"],
        ["ES35", "ES38", "ES51", "ES52", "PT9"],
        (5, 12),
        None,
    ),
    ("germany", "Germany", 20, ["DE"], [], (2, 3), (1, 1)),
    ("european-union", "European Union", 30, EUROPEAN_UNION, [], (3, 6), (1, 3)),
    ("europe", "Rest of Europe", 40, REST_OF_EUROPE, [], (4, 8), (2, 4)),
    ("north-america", "United States and Canada", 50, ["CA", "US"], [], (6, 12), (2, 5)),
    ("rest-of-world", "Rest of the world", 1000, [], [], (8, 21), (3, 7)),
)

# Express delivery in euro cents by zone: kind, price from zero on, free from, steps (from, price).
EXPRESS = {
    "germany": ("FLAT", 690, 15000, ()),
    "european-union": ("BY_WEIGHT", 1290, None, ((2_000, 1690), (5_000, 2290), (10_000, 3490))),
    "europe": ("BY_PRICE", 1990, None, ((10_000, 2490), (50_000, 3490))),
    "north-america": ("BY_WEIGHT", 2990, None, ((1_000, 3990), (5_000, 6990), (10_000, 10990))),
    "rest-of-world": ("BY_WEIGHT", 3490, None, ((1_000, 4690), (5_000, 7990), (10_000, 12990))),
}
# Prices elsewhere, in percent of the price in euro: set once, not an exchange rate of the day.
PERCENT = {"EUR": 100, "USD": 110, "GBP": 90, "CHF": 100}
HEAVIEST_GRAMS = 31_500  # what one person at the carrier may lift


def in_currency(amount, currency):
    return None if amount is None else (amount * PERCENT[currency] + 50) // 100


def make(apps, schema_editor):
    alias = schema_editor.connection.alias
    zones, methods, rates, steps = (
        apps.get_model("shipping", name).objects.using(alias) for name in ("Zone", "Method", "Rate", "RateStep")
    )
    standard = methods.create(code="standard", name="Standard delivery")
    express = methods.create(code="express", name="Express delivery")
    for code, name, priority, countries, only, (soonest, latest), express_days in ZONES:
        zone = zones.create(
            code=code, name=name, priority=priority, countries=countries, only_postcodes=only,
            is_rest_of_world=code == "rest-of-world",
        )  # fmt: skip
        rates.create(zone=zone, method=standard, kind="FREE", currency=None, days_min=soonest, days_max=latest)
        if express_days is None:
            continue
        kind, amount, free_from, bands = EXPRESS[code]
        for currency in PERCENT:
            rate = rates.create(
                zone=zone, method=express, kind=kind, currency=currency, amount=in_currency(amount, currency),
                free_from=in_currency(free_from, currency), max_weight_grams=HEAVIEST_GRAMS,
                days_min=express_days[0], days_max=express_days[1],
            )  # fmt: skip
            for bound, price in bands:
                steps.create(
                    rate=rate, amount=in_currency(price, currency),
                    from_value=in_currency(bound, currency) if kind == "BY_PRICE" else bound,
                )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("shipping", "0002_guards")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
