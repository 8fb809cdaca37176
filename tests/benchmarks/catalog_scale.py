"""The catalogue at size: importing a file of 50,000 rows, and finding things among 50,000 products.

`make bench ARGS=catalog_scale` starts a durable PostgreSQL of its own and writes the files from made-up words.
`ROWS=200000 PRODUCTS=200000 make bench ARGS=catalog_scale` takes other sizes.
"""

from __future__ import annotations

import csv
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

ROWS = int(os.environ.get("ROWS", "50000"))
PRODUCTS = int(os.environ.get("PRODUCTS", "50000"))  # to search among
VARIANTS = 5  # per product, at most; the mean is about three
REPEATS = 40
SEARCHES = {
    "one word": "lamp",
    "two words": "ceramic vase",
    "beginning of a word": "cera",
    "misspelt": "ceramc vase",
    "swapped letters": "lapm",
    "nothing": "xylophone zzzz",
}

HEADER = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value", "Variant SKU",
    "Variant Grams", "Variant Inventory Qty", "Variant Price", "Image Src", "Image Alt Text",
)  # fmt: skip
MATERIALS = [
    "Ceramic", "Oak", "Linen", "Brass", "Copper", "Glass", "Steel", "Wool",
    "Cotton", "Paper", "Stone", "Rattan", "Velvet", "Leather", "Cork", "Felt",
]  # fmt: skip
NOUNS = [
    "Vase",
    "Lamp",
    "Chair",
    "Table",
    "Mug",
    "Plate",
    "Bowl",
    "Blanket",
    "Cushion",
    "Basket",
    "Mirror",
    "Clock",
    "Shelf",
    "Rug",
    "Stool",
    "Kettle",
    "Tray",
    "Jug",
]
SYLLABLES = [
    "ba", "lo", "mi", "ra", "ten", "var", "sol", "kin", "der", "mo",
    "ul", "pri", "sca", "no", "fa", "tel", "gor", "win", "ele", "zu",
]  # fmt: skip
VOCABULARY = list(
    dict.fromkeys(
        [
            *(word.lower() for word in (*MATERIALS, *NOUNS)),
            *(a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[::2]),
        ]
    )
)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="banyan-scale-"))
    folder.chmod(0o755)
    os.environ |= {"BANYAN_STATE_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "monolith.settings.development"}
    import django

    from infra.databases.preparation import embedded_server

    server = embedded_server()
    assert server is not None
    try:
        with server.in_use():
            django.setup()
            from infra.databases.preparation import prepare

            prepare()
            measure(folder / "products.csv")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(file: Path) -> None:
    products = write_file(file)
    console = Console(width=110)
    imports = Table("import", "seconds", "rows a second", "largest memory, MB")
    few = file.with_name("few.csv")
    write_file(few, rows=100)
    steps = {
        f"{ROWS:,} rows of {products:,} products, {file.stat().st_size / 1e6:.0f} MB": run_import(file),
        "the same again: nothing changed": run_import(file),
        "100 rows, for the memory of the process itself": run_import(few, "--dry-run"),
    }
    for name, (seconds, megabytes) in steps.items():
        rows = 100 if name.startswith("100") else ROWS
        imports.add_row(name, f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{megabytes:.0f}")
    console.print(imports)

    more = file.with_name("more.csv")
    write_file(more, rows=max(PRODUCTS - products, 1), first=products + 1, variants=1)
    run_import(more)
    analyse()
    table = Table("find", "p50 ms", "p95 ms", title=f"{max(PRODUCTS, products):,} products")

    from modules.catalog.queries import Filters, Sort, facets_of, listed_products, understood

    def search(text: str) -> Callable[[], object]:
        return lambda: listed_products(Filters(currency="EUR", search=understood(text)), sort=Sort.RELEVANCE, limit=21)

    everything = Filters(currency="EUR")
    for name, text in SEARCHES.items():
        table.add_row(f"search: {name} ({text})", *milliseconds(search(text)))
    for sort in (Sort.NEWEST, Sort.CHEAPEST, Sort.POPULAR):
        table.add_row(f"list: {sort}", *milliseconds(partial(listed_products, everything, sort=sort, limit=21)))
    in_category = Filters(currency="EUR", category="lamp")
    table.add_row("list: a category", *milliseconds(lambda: listed_products(in_category, sort=Sort.CHEAPEST, limit=21)))
    found = Filters(currency="EUR", search=understood("lamp"))
    table.add_row("facets of a search", *milliseconds(lambda: facets_of(found)))
    table.add_row("facets of everything", *milliseconds(lambda: facets_of(everything)))
    console.print(table)


def analyse() -> None:
    """Let the planner know the tables, as autovacuum does within a minute."""
    from django.conf import settings

    with psycopg.connect(settings.ADMIN_DATABASE_URL, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def write_file(file: Path, rows: int = ROWS, *, first: int = 1, variants: int = VARIANTS) -> int:
    """Write a product file of that many rows; return how many products it has."""
    random = Random(first)
    written = products = 0
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(HEADER)
        while written < rows:
            products += 1
            for row in product_rows(first + products - 1, min(random.randint(1, variants), rows - written), random):
                writer.writerow(row)
                written += 1
    return products


def product_rows(number: int, variants: int, random: Random) -> Iterator[tuple[object, ...]]:
    material, noun = random.choice(MATERIALS), random.choice(NOUNS)
    title = f"{name(random)} {material} {noun}"
    # As in real text, a few words are frequent and most are rare.
    words = (VOCABULARY[min(int(random.paretovariate(0.6)), len(VOCABULARY)) - 1] for _ in range(40))
    body = f"<p>{' '.join(words)}</p>"
    for place in range(variants):
        first = (
            (title, body, f"{material} Works", f"Home > {noun}", material.lower(), "true", "Size")
            if place == 0
            else ("",) * 7
        )
        yield (
            f"product-{number}", *first, f"Size {place}", f"SKU-{number}-{place}", 500, random.randint(0, 50),
            f"{random.randint(5, 400)}.90", f"https://example.com/{number}.jpg" if place == 0 else "", "",
        )  # fmt: skip


def name(random: Random) -> str:
    return "".join(random.choice(SYLLABLES) for _ in range(random.randint(2, 3))).title()


def run_import(file: Path, *options: str) -> tuple[float, float]:
    """Import in a process of its own; return the seconds it took and its largest memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_products", str(file), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    assert process.returncode == 0, said.decode()[-500:]
    return time.perf_counter() - began, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1_000_000 if sys.platform == "darwin" else 1000)


def milliseconds(work: Callable[[], Any]) -> tuple[str, str]:
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return f"{statistics.median(taken):.1f}", f"{taken[int(len(taken) * 0.95)]:.1f}"


if __name__ == "__main__":
    main()
