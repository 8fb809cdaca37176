from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from infra.boundaries.findings import Finding
from infra.compatibility.api import SUBJECT as API
from infra.compatibility.api import describe_api
from infra.compatibility.checking import relative
from infra.compatibility.descriptions import as_text, hash_of
from infra.compatibility.modules import offerings
from infra.compatibility.project import all_findings, api_folder, check, verdicts
from infra.compatibility.releases import ReleaseError, Shelf
from infra.compatibility.releasing import Item, give_up_what_breaks, item_of_api, items_of, release


class Command(BaseCommand):
    """Contracts, events and the public API against what was released of them."""

    help = "What others rely on: show it, describe it, release it, and check that nothing released breaks."
    requires_system_checks: list[str] = []  # needs the code, not a database

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("check", help="fail where something released breaks, or a description is out of date")
        verbs.add_parser("write", help="bring the committed descriptions up to date with the code")
        recording = verbs.add_parser("release", help="record the present as released: from now on it is held up")
        recording.add_argument("--name", help="a date or a version; without it, today's date")
        recording.add_argument(
            "--breaking",
            metavar="REASON",
            help="release although earlier releases break, and hold those up no more: nothing built for them runs any longer",
        )
        show = verbs.add_parser("show", help="list what is offered, or print one description")
        show.add_argument("subject", nargs="?", help="a wire name, like catalog.v1; or openapi")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "check":
                self._check()
            case "write":
                self._write()
            case "release":
                self._release(options["name"], options["breaking"])
            case "show":
                self._show(options["subject"])

    def _check(self) -> None:
        on_modules = verdicts(settings.MANIFESTS, settings.HOUSE.modules)
        for module, verdict in on_modules.items():
            if verdict.answerer_first:
                self.stdout.write(f"Deploy {module} before those who ask it:")
                self.stdout.writelines(f"  {note}\n" for note in verdict.answerer_first)
        findings = all_findings(on_modules.values())
        if findings:
            self._print(findings)
            raise CommandError(f"{_counted(findings)}. `manage.py contracts show` lists what is released.")
        self.stdout.write("Nothing that was released breaks, and all descriptions are up to date.")

    def _write(self) -> None:
        changed = [
            file
            for offering in offerings(settings.MANIFESTS, settings.HOUSE.modules)
            for file in offering.shelf.write({name: subject.document for name, subject in offering.subjects.items()})
        ]
        if folder := api_folder():
            changed += Shelf(folder).write({API: describe_api(settings.ROOT_URLCONF)})
        self.stdout.writelines(f"written: {relative(file)}\n" for file in changed)
        if not changed:
            self.stdout.write("All descriptions are up to date.")

    def _release(self, name: str | None, reason: str | None) -> None:
        self._write()
        name = name or datetime.now(tz=UTC).date().isoformat()
        items = _items()
        if findings := check(settings.MANIFESTS, settings.HOUSE.modules):
            if not reason:
                self._print(findings)
                raise CommandError(
                    f"Nothing was released: {_counted(findings)}. When nothing that was built for the earlier releases runs"
                    ' any longer, --breaking "why" releases all the same.'
                )
            for given_up in give_up_what_breaks(items, name, reason):
                self.stdout.write(f"given up: {given_up.subject} {given_up.name}")
        try:
            written = release(items, name)
        except ReleaseError as error:
            raise CommandError(str(error)) from error
        except ImportError as error:
            raise CommandError(f"Payloads are made by hypothesis, which `make test` installs: {error}") from error
        self.stdout.writelines(f"released: {relative(file)}\n" for file in written)
        if not written:
            self.stdout.write("Nothing has changed since the last release.")

    def _show(self, subject: str | None) -> None:
        if subject is None:
            for item in _items():
                if item.document is None:
                    self.stdout.write(f"{item.subject:<40} {'gone':<16}  released")
                    continue
                releases = item.shelf.releases(item.subject)
                last = releases[-1] if releases else None
                state = "not released" if last is None else f"released {last.name}"
                if last is not None and last.document != item.document:
                    state += ", changed since"
                self.stdout.write(f"{item.subject:<40} {hash_of(item.document)}  {state}")
            return
        for item in _items():
            if item.subject == subject and item.document is not None:
                self.stdout.write(as_text(item.document), ending="")
                return
        raise CommandError(f"There is no {subject!r}; `manage.py contracts show` lists what there is.")

    def _print(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.stdout.write(
                f"{finding.rule.id} {finding.rule.title}\n  where  {finding.where}\n  what   {finding.detail}\n"
                f"  why    {finding.rule.why}\n  mend   {finding.rule.recipe}\n"
            )


def _items() -> list[Item]:
    items = [item for offering in offerings(settings.MANIFESTS, settings.HOUSE.modules) for item in items_of(offering)]
    if folder := api_folder():
        items.append(item_of_api(folder, describe_api(settings.ROOT_URLCONF)))
    return items


def _counted(findings: list[Finding]) -> str:
    return "one finding" if len(findings) == 1 else f"{len(findings)} findings"
