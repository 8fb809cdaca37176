"""Shopify's product CSV: one row per variant or image, rows of one product together under its handle.

Read are: Handle, Title, Body (HTML), Vendor, Type (a path such as "Home > Vases" makes a tree; without a type the first tag
is the category), Tags, Published, Status, Option1..3 Name and Value, Variant SKU, Grams, Inventory Tracker, Qty and Policy,
Price, Requires Shipping, Barcode, Image Src, Position and Alt Text, under these or the newer names. All others are passed over.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from django.utils.text import slugify

from infra.money import Money
from modules.catalog.use_cases.drafts import ImageDraft, Problem, ProductDraft, VariantDraft
from modules.catalog.use_cases.imports.reading import Parsed, UnreadableFile

# Our name for a column, and the names that it has had in Shopify's files.
_COLUMNS = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "body": ("body (html)", "description"),
    "vendor": ("vendor",),
    "type": ("type",),
    "tags": ("tags",),
    "published": ("published", "published on online store"),
    "status": ("status",),
    "name1": ("option1 name",),
    "value1": ("option1 value",),
    "name2": ("option2 name",),
    "value2": ("option2 value",),
    "name3": ("option3 name",),
    "value3": ("option3 value",),
    "sku": ("variant sku", "sku"),
    "grams": ("variant grams", "weight value (grams)"),
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "quantity": ("variant inventory qty", "inventory quantity"),
    "policy": ("variant inventory policy", "continue selling when out of stock"),
    "price": ("variant price", "price"),
    "requires_shipping": ("variant requires shipping", "requires shipping"),
    "barcode": ("variant barcode", "barcode"),
    "image": ("image src", "product image url"),
    "image_position": ("image position",),
    "image_alt": ("image alt text",),
}
_REQUIRED = {"handle": "Handle", "title": "Title", "price": "Variant Price"}
_TRUE, _FALSE = {"true", "yes", "1", "active"}, {"false", "no", "0", "draft", "archived", "deny"}
_PATH = re.compile(r"\s+>\s+")

# A description may be long; the csv module's own limit is not.
csv.field_size_limit(1_000_000)

Row = dict[str, str]


def products(lines: Iterable[str], *, currency: str, publish: bool = False) -> Iterator[Parsed]:
    """Yield the products of a file in their order; those that cannot be understood come with their problems.

    Raises:
        UnreadableFile: it has no header of this kind, or quotes that do not match.
    """
    group: list[tuple[int, Row]] = []
    for number, row, problem in _rows(lines):
        if problem:
            yield Parsed(number, row.get("handle", ""), None, [problem], variants=1)
        elif group and row["handle"] != group[0][1]["handle"]:
            yield _product(group, currency, publish)
            group = [(number, row)]
        else:
            group.append((number, row))
    if group:
        yield _product(group, currency, publish)


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, Row, Problem | None]]:
    source = iter(lines)
    first = next(source, "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_with_first(first, source), delimiter=delimiter, strict=True)
    columns: list[str | None] | None = None
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if columns is None:
                columns = _header(cells)
            elif any(cell.strip() for cell in cells):
                yield number, *_named(cells, columns, number)
    except csv.Error as error:
        raise UnreadableFile(
            f"Line {start} cannot be read as CSV: {error}. Are its quotes closed and doubled inside?"
        ) from None


def _with_first(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _header(cells: list[str]) -> list[str | None]:
    names = {alias: name for name, aliases in _COLUMNS.items() for alias in aliases}
    columns = [names.get(cell.strip().lower()) for cell in cells]
    missing = [title for name, title in _REQUIRED.items() if name not in columns]
    if missing:
        raise UnreadableFile(
            f"The first line is not the header of a Shopify product file: {', '.join(missing)} not found."
            " Export the products from Shopify as CSV, or give JSON lines."
        )
    doubled = sorted({name for name in columns if name and columns.count(name) > 1})
    if doubled:
        raise UnreadableFile(f"The header has these columns twice: {', '.join(doubled)}.")
    return columns


def _named(cells: list[str], columns: list[str | None], number: int) -> tuple[Row, Problem | None]:
    row = dict.fromkeys(_COLUMNS, "")
    row.update({name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name})
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        return row, Problem(
            number, f"The line has {len(cells)} cells, the header {len(columns)}; is a comma not quoted?"
        )
    if not row["handle"]:
        return row, Problem(number, "The line has no handle.")
    return row, None


def _product(group: list[tuple[int, Row]], currency: str, publish: bool) -> Parsed:
    line, first = group[0]
    handle = first["handle"]
    problems: list[Problem] = []
    names = [first["name1"], first["name2"], first["name3"]]
    variants: list[VariantDraft] = []
    images: list[tuple[int, ImageDraft]] = []
    for number, row in group:
        if row["title"] and row["title"] != first["title"]:
            problems.append(Problem(number, f"The product {handle} has another title here than in line {line}."))
        try:
            if number == line or any(row[name] for name in ("value1", "value2", "value3", "sku", "price")):
                variants.append(_variant(row, handle, names, currency, number))
            if row["image"]:
                images.append(_image(row, first["title"], len(images)))
        except ValueError as error:
            problems.append(Problem(number, str(error)))
    try:
        is_published = publish or (_flag(first, "published", True) and _flag(first, "status", True))
    except ValueError as error:
        problems.append(Problem(line, str(error)))
        is_published = False
    tags = tuple(dict.fromkeys(tag.strip() for tag in first["tags"].split(",") if tag.strip()))
    draft = ProductDraft(
        handle=handle,
        title=first["title"],
        description=first["body"],
        vendor=first["vendor"],
        category=_category(first["type"], tags),
        tags=tags,
        variants=tuple(variants),
        images=tuple(image for _, image in sorted(images, key=lambda pair: pair[0])),
        is_published=is_published,
        line=line,
    )
    return Parsed(line, handle, draft if not problems else None, problems, variants=max(len(variants), 1))


def _variant(row: Row, handle: str, names: list[str], currency: str, line: int) -> VariantDraft:
    options = _options(row, names)
    quantity = _number(row, "quantity", "quantity")
    continues = row["policy"].lower() in {"continue", "true"}
    if not row["price"]:
        raise ValueError("The variant has no price.")
    return VariantDraft(
        sku=row["sku"] or derived_sku(handle, [value for _, value in options]),
        is_sku_derived=not row["sku"],
        options=options,
        prices=(Money.parse(row["price"], currency),),
        on_hand=quantity,
        is_tracked=not continues and (quantity is not None or bool(row["tracker"])),
        weight_grams=_number(row, "grams", "weight") or 0,
        requires_shipping=_flag(row, "requires_shipping", True),
        barcode=row["barcode"].lstrip("'"),
        line=line,
    )


def derived_sku(handle: str, values: list[str]) -> str:
    """Return a SKU for a variant that has none: the same for the same product and options, whatever their order in the file."""
    parts = [handle]
    for value in values:
        plain = slugify(value)
        kept = plain == value.strip().lower().replace(" ", "-")
        parts.append(plain if kept else f"{plain}-{sha256(value.encode()).hexdigest()[:6]}".lstrip("-"))
    sku = ".".join(parts)
    return sku if len(sku) <= 100 else f"{sku[:83]}-{sha256(sku.encode()).hexdigest()[:16]}"


def _options(row: Row, names: list[str]) -> tuple[tuple[str, str], ...]:
    values = [row["value1"], row["value2"], row["value3"]]
    if names[0].lower() == "title" and values[0].lower() in {"default title", ""}:
        return ()
    for name, value in zip(names, values, strict=True):
        if value and not name:
            raise ValueError(f"The option {value} has no name; names stand in the first line of a product.")
        if name and not value:
            raise ValueError(f"The option {name} has no value.")
    return tuple((name, value) for name, value in zip(names, values, strict=True) if name)


def _image(row: Row, title: str, place: int) -> tuple[int, ImageDraft]:
    url = f"https:{row['image']}" if row["image"].startswith("//") else row["image"]
    position = _number(row, "image_position", "image position")
    return (position if position is not None else place + 1), ImageDraft(
        url=url, alternative_text=row["image_alt"] or title
    )


def _category(type_: str, tags: tuple[str, ...]) -> tuple[str, ...]:
    path = tuple(name.strip() for name in _PATH.split(type_) if name.strip())
    return path or tuple(tag[:1].upper() + tag[1:] for tag in tags[:1])


def _number(row: Row, column: str, what: str) -> int | None:
    text = row[column]
    if not text:
        return None
    try:
        number = Decimal(text)
        is_whole = number.is_finite() and (number == number.to_integral_value() or column == "grams")
        if is_whole and abs(number) < 10**12:
            return int(number.to_integral_value())
    except InvalidOperation:
        pass
    raise ValueError(f"The {what} {text!r} is not a whole number.")


def _flag(row: Row, column: str, default: bool) -> bool:
    text = row[column].lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if not text:
        return default
    raise ValueError(f"{column.replace('_', ' ').capitalize()} is {row[column]!r}; write true or false.")
