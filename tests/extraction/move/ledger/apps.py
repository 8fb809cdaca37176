from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tests.extraction.move.ledger"
    label = "ledger"
