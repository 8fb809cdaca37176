"""Importing a file: first the whole of it is checked, then it is stored in one transaction, or none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from django.db import IntegrityError, connections, transaction

from modules.catalog.use_cases.checks import problems_of
from modules.catalog.use_cases.drafts import Problem, ProductDraft, Result
from modules.catalog.use_cases.imports import jsonl, shopify
from modules.catalog.use_cases.imports.reading import Format, Parsed, UnreadableFile, format_of, lines_of
from modules.catalog.use_cases.upserts import ProductWriter

# Large enough that statements are few, small enough that a batch takes no memory to speak of.
PRODUCTS_AT_ONCE = 250
VARIANTS_AT_ONCE = 1000


class Stage(StrEnum):
    """What an import is doing."""

    CHECKING = "Checking"
    STORING = "Storing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to import.

    Args:
        currency: of prices that name none.
        is_dry_run: do everything, and take it back at the end.
        skips_bad: store the products without problems even if others have some; else all are stored or none.
        publish: put everything on sale, whatever the file says.
        keep_stock: leave the stock of known variants as it is.
    """

    currency: str
    format: Format = Format.AUTO
    encoding: str = "utf-8"
    is_dry_run: bool = False
    skips_bad: bool = False
    publish: bool = False
    keep_stock: bool = False


@dataclass(slots=True)
class Report:
    """What became of a file: counts by result, the problems, and whether anything was stored."""

    products: Counter[Result] = field(default_factory=Counter)
    variants: Counter[Result] = field(default_factory=Counter)
    problems: int = 0
    is_stored: bool = False


def import_products(
    path: Path,
    options: Options,
    *,
    at: datetime,
    on_problem: Callable[[Problem], None] = lambda problem: None,
    on_progress: Callable[[Stage, int], None] = lambda stage, size: None,
) -> Report:
    """Make the catalogue hold the products of a file, as it describes them; what is equal already stays untouched.

    A product with a problem in any of its lines is left out whole. Variants that the file no longer names are no longer
    sold. Memory grows by the handles and SKUs of the file only.

    Args:
        on_problem: called for each problem, in no certain order.
        on_progress: called with the bytes read since the last call; each stage reads the file once.

    Raises:
        UnreadableFile: the file as a whole is of no use, or another import is running; nothing is stored.
    """
    report = Report()

    def complain(problem: Problem) -> None:
        report.problems += 1
        on_problem(problem)

    bad = _checked(path, options, complain, report, lambda size: on_progress(Stage.CHECKING, size))
    try:
        with transaction.atomic(using="catalog"):
            _be_the_only_import()
            _store(path, options, at, bad, complain, report, lambda size: on_progress(Stage.STORING, size))
            report.is_stored = not options.is_dry_run and (report.problems == 0 or options.skips_bad)
            if not report.is_stored:
                transaction.set_rollback(True, using="catalog")
    except IntegrityError as error:
        report.is_stored = False
        raise UnreadableFile(
            f"Somebody changed the catalogue meanwhile; nothing was imported, try again. ({error})"
        ) from None
    return report


def _parsed(path: Path, options: Options, read: Callable[[int], None]) -> Iterator[Parsed]:
    products = jsonl.products if format_of(path, options.format) is Format.JSONL else shopify.products
    lines = lines_of(path, encoding=options.encoding, read=read)
    return products(lines, currency=options.currency, publish=options.publish)


def _checked(
    path: Path, options: Options, complain: Callable[[Problem], None], report: Report, read: Callable[[int], None]
) -> set[str]:
    """Tell all problems that show in the file alone; return the handles of the products that have one."""
    bad: set[str] = set()
    handles: dict[str, int] = {}
    skus: dict[str, tuple[int, str]] = {}
    is_empty = True
    for parsed in _parsed(path, options, read):
        is_empty = False
        problems = list(parsed.problems or (problems_of(parsed.draft) if parsed.draft else ()))
        if parsed.handle and handles.setdefault(parsed.handle, parsed.line) != parsed.line:
            problems.append(
                Problem(parsed.line, f"The product {parsed.handle} stands in line {handles[parsed.handle]} already.")
            )
        for variant in parsed.draft.variants if parsed.draft else ():
            line, owner = skus.setdefault(variant.sku, (variant.line, parsed.handle))
            if owner != parsed.handle:
                bad.add(owner)
                problems.append(
                    Problem(variant.line, f"The SKU {variant.sku} stands in line {line} already, of {owner}.")
                )
        for problem in problems:
            complain(problem)
        if problems:
            bad.add(parsed.handle)
    if is_empty:
        raise UnreadableFile(f"{path} has a header but no products.")
    return bad


def _store(
    path: Path,
    options: Options,
    at: datetime,
    bad: set[str],
    complain: Callable[[Problem], None],
    report: Report,
    read: Callable[[int], None],
) -> None:
    writer = ProductWriter(at=at, reference=f"import {path.name}"[:255], keep_stock=options.keep_stock)
    for batch in _batches(_good(_parsed(path, options, read), bad, report)):
        for outcome in writer.store(batch):
            report.products[outcome.product] += 1
            report.variants.update(outcome.variants)
            if outcome.problems:
                report.variants[Result.FAILED] += len(outcome.draft.variants)
                for problem in outcome.problems:
                    complain(problem)
    for problem in writer.finish():
        complain(problem)


def _good(every: Iterator[Parsed], bad: set[str], report: Report) -> Iterator[ProductDraft]:
    for parsed in every:
        if parsed.draft is None or parsed.handle in bad:
            report.products[Result.FAILED] += 1
            report.variants[Result.FAILED] += parsed.variants
        else:
            yield parsed.draft


def _batches(drafts: Iterator[ProductDraft]) -> Iterator[list[ProductDraft]]:
    batch: list[ProductDraft] = []
    variants = 0
    for draft in drafts:
        batch.append(draft)
        variants += len(draft.variants)
        if len(batch) >= PRODUCTS_AT_ONCE or variants >= VARIANTS_AT_ONCE:
            yield batch
            batch, variants = [], 0
    if batch:
        yield batch


def _be_the_only_import() -> None:
    with connections["catalog"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('catalog.import'))")
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise UnreadableFile("Another import is running; wait until it ends.")
