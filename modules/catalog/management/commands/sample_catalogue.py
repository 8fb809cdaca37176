"""`manage.py sample_catalogue`: something to look at in a new shop."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from modules.catalog.models import Product
from modules.catalog.use_cases.sample import draw_missing_pictures, store_sample
from modules.catalog.use_cases.sample.kinds import EXAMPLE_SKU, words


class Command(BaseCommand):
    help = "Fill an empty catalogue with sample products and pictures of them. Does nothing to a catalogue that has products."

    def handle(self, *args: Any, **options: Any) -> None:
        if Product.objects.exists():
            drawn = draw_missing_pictures() if self._has_sample() else 0
            self.stdout.write(
                "The catalogue has products already." + (f" {drawn} pictures were drawn again." if drawn else "")
            )
            return
        console = Console(file=sys.stderr)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Sample catalogue", total=words().size)
            made = store_sample(now=timezone.now(), on_progress=lambda count: progress.advance(task, count))
        self.stdout.write(f"{made.products} products in {made.variants} variants, with pictures.")

    @staticmethod
    def _has_sample() -> bool:
        return Product.objects.filter(variants__sku=EXAMPLE_SKU).exists()
