"""`manage.py import_products FILE`: bring in products from Shopify's CSV or from JSON lines."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from babel.numbers import is_currency
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from modules.catalog.use_cases.drafts import Problem, Result
from modules.catalog.use_cases.imports import Format, Options, Report, Stage, UnreadableFile, import_products, jsonl


class Command(BaseCommand):
    help = (
        "Import products from Shopify's product CSV, or from JSON lines. The whole file is checked first;\n"
        "it is stored whole or not at all. A second run of the same file changes nothing.\n\n" + (jsonl.__doc__ or "")
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--currency", default=settings.SHOP_CURRENCY, help="Of the prices; Shopify's files name none."
        )
        parser.add_argument("--format", choices=[one.value for one in Format], default=Format.AUTO.value)
        parser.add_argument("--encoding", default="utf-8", help="Of the file, such as cp1252.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen, and change nothing.")
        parser.add_argument(
            "--skip-bad", action="store_true", help="Import the products without errors even if others have some."
        )
        parser.add_argument("--publish", action="store_true", help="Put everything on sale, whatever the file says.")
        parser.add_argument("--keep-stock", action="store_true", help="Leave the stock of known variants as it is.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_currency(options["currency"]):
            raise CommandError(f"{options['currency']!r} is not an ISO 4217 currency code, such as EUR.")
        chosen = Options(
            currency=options["currency"],
            format=Format(options["format"]),
            encoding=options["encoding"],
            is_dry_run=options["dry_run"],
            skips_bad=options["skip_bad"],
            publish=options["publish"],
            keep_stock=options["keep_stock"],
        )
        try:
            report = self._import(options["file"], chosen)
        except UnreadableFile as error:
            raise CommandError(str(error)) from None
        except OperationalError as error:
            raise CommandError(f"The catalogue's database is out of reach: {error}") from None
        self._summarise(report)
        if report.problems:
            stored = "the other products were imported" if report.is_stored else "nothing was imported"
            hint = (
                ""
                if chosen.skips_bad or chosen.is_dry_run
                else " Put them right, or import the others with --skip-bad."
            )
            errors = "1 error" if report.problems == 1 else f"{report.problems:,} errors"
            raise CommandError(f"{errors}; {stored}.{hint}")
        if chosen.is_dry_run:
            self.stdout.write("Dry run: nothing was changed.")

    def _import(self, path: Path, options: Options) -> Report:
        console = Console(file=self.stderr, soft_wrap=True)  # type: ignore[arg-type]
        columns = (TextColumn("{task.description:<9}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            size = path.stat().st_size if path.is_file() else None
            tasks: dict[Stage, TaskID] = {}

            def advance(stage: Stage, read: int) -> None:
                if stage not in tasks:
                    tasks[stage] = progress.add_task(stage.value, total=size)
                progress.advance(tasks[stage], read)

            def complain(problem: Problem) -> None:
                progress.console.print(f"line {problem.line}: {problem.detail}", markup=False, highlight=False)

            return import_products(path, options, at=timezone.now(), on_problem=complain, on_progress=advance)

    def _summarise(self, report: Report) -> None:
        table = Table("", *(result.value for result in Result), box=None)
        for name, counts in (("products", report.products), ("variants", report.variants)):
            table.add_row(name, *(str(counts[result]) for result in Result))
        Console(file=self.stdout, width=100).print(table)  # type: ignore[arg-type]
