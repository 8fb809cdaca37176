"""What the service process of the tests does besides the shop's own orders module."""

from __future__ import annotations

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    name = "tests.extraction.calls"
    label = "service_of_tests"

    def ready(self) -> None:
        from infra.contracts import contract, provide
        from tests.extraction.calls.notes import CONTRACT, Notes, NotesContract, subscribe_all

        contract(CONTRACT)(NotesContract)
        provide(NotesContract, Notes("service"))
        subscribe_all()
