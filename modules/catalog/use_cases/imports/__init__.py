"""Bringing in products from files."""

from modules.catalog.use_cases.imports.reading import Format, UnreadableFile
from modules.catalog.use_cases.imports.running import Options, Report, Stage, import_products

__all__ = ["Format", "Options", "Report", "Stage", "UnreadableFile", "import_products"]
