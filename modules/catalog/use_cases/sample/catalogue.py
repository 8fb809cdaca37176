"""Making the sample products, the same each time, and storing them with their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from infra.money import Money
from modules.catalog.models import Attribute, Product
from modules.catalog.use_cases.attributes import define_attribute
from modules.catalog.use_cases.drafts import ImageDraft, ProductDraft, VariantDraft
from modules.catalog.use_cases.popularity import count_pieces_sold
from modules.catalog.use_cases.sample.colours import BACKGROUNDS, COLOURS
from modules.catalog.use_cases.sample.drawings import picture
from modules.catalog.use_cases.sample.kinds import (
    EXAMPLE_CENTS,
    EXAMPLE_PIECES,
    EXAMPLE_SKU,
    EXAMPLE_TITLE,
    Kind,
    words,
)
from modules.catalog.use_cases.upserts import ProductWriter

# Below MEDIA_ROOT, and as the browser asks for it.
FOLDER = "catalog/sample"

# Prices in dollars are set, not converted: a shop rounds as its market expects.
_DOLLARS_PER_EURO = Decimal("1.10")
_SOLD_OUT, _LAST_PIECES, _FEW = 0, 3, 10


@dataclass(frozen=True, slots=True)
class Sample:
    """What was stored."""

    products: int
    variants: int


@dataclass(frozen=True, slots=True)
class _Picture:
    name: str
    svg: Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Made:
    draft: ProductDraft
    pictures: list[_Picture]
    pieces_sold: int


def store_sample(*, now: datetime, on_progress: Callable[[int], None] = lambda count: None) -> Sample:
    """Fill an empty catalogue with the sample, all of it or nothing.

    Args:
        on_progress: called with the products stored since the last call.
    """
    batches = list(_by_kind())
    draw_missing_pictures()
    with transaction.atomic(using="catalog"):
        _define_attributes()
        for days_ago, batch in enumerate(reversed(batches)):
            writer = ProductWriter(at=now - timedelta(days=2 * days_ago + 1), reference="sample catalogue")
            problems = [
                problem for outcome in writer.store([made.draft for made in batch]) for problem in outcome.problems
            ]
            assert not problems, problems
            writer.finish()
            on_progress(len(batch))
        sold = {made.draft.handle: made.pieces_sold for batch in batches for made in batch}
        ids = dict(Product.objects.filter(handle__in=sold).values_list("handle", "id"))
        count_pieces_sold({ids[handle]: pieces for handle, pieces in sold.items()})
    drafts = [made.draft for batch in batches for made in batch]
    return Sample(len(drafts), sum(len(draft.variants) for draft in drafts))


def draw_missing_pictures() -> int:
    """Draw the pictures that are not on disk, and return how many those were."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    present = {path.name for path in folder.iterdir()}
    missing = [shot for batch in _by_kind() for made in batch for shot in made.pictures if shot.name not in present]
    for shot in missing:
        (folder / shot.name).write_text(shot.svg(), encoding="utf-8")
    return len(missing)


def _by_kind() -> Iterator[list[_Made]]:
    # Not for secrets: the sample is to be the same on every machine.
    random = Random(1871)  # noqa: S311
    numbers = count(102)
    yield [_example(next(kind for kind in words().kinds if kind.shape == "mug"), random)]
    names = list(words().series)
    for kind in words().kinds:
        random.shuffle(names)
        yield [_product(kind, names[place % len(names)], place, next(numbers), random) for place in range(kind.count)]


def _product(kind: Kind, series: str, place: int, number: int, random: Random) -> _Made:
    noun = kind.nouns[place % len(kind.nouns)]
    material = kind.materials[place % len(kind.materials)]
    title = f"{series} {material} {noun}"
    colours = random.sample(kind.colours, min(len(kind.colours), 1 + place % 3))
    if material in COLOURS:
        colours = [material]  # oak is the colour of oak
    cents = random.randint(*kind.euros) * 100
    stocks = [_SOLD_OUT] if place % 11 == 7 else [_FEW] if place % 6 == 5 else [_LAST_PIECES, 24, 40, 65, 120, 240]
    variants = tuple(
        VariantDraft(
            sku=f"P-{number}" + "".join(f"-{_code(value)}" for _, value in options),
            options=options,
            prices=_prices(_as_priced(cents + cents * surcharge // 100)),
            on_hand=random.choice(stocks),
            weight_grams=kind.grams + kind.grams * surcharge // 150,
        )
        for options, surcharge in _combinations(kind, colours)
    )
    return _finished(kind, title, noun, material, colours, variants, number, random)


def _example(kind: Kind, random: Random) -> _Made:
    variant = VariantDraft(
        sku=EXAMPLE_SKU, prices=_prices(EXAMPLE_CENTS), on_hand=EXAMPLE_PIECES, weight_grams=kind.grams
    )
    return _finished(kind, EXAMPLE_TITLE, "Mug", "Stoneware", ["Sea"], (variant,), 101, random)


def _finished(
    kind: Kind,
    title: str,
    noun: str,
    material: str,
    colours: list[str],
    variants: tuple[VariantDraft, ...],
    number: int,
    random: Random,
) -> _Made:
    handle = slugify(title)
    background = BACKGROUNDS[number % len(BACKGROUNDS)]
    pictures = [_Picture(f"{handle}-{colour.lower()}.svg", _drawing(kind, colour, background)) for colour in colours]
    traits = random.sample(kind.traits, min(len(kind.traits), 3))
    sentences = [random.choice(words().openings), *traits]
    text = " ".join(sentence.format(noun=noun.lower(), material=material.lower()) for sentence in sentences[1:])
    draft = ProductDraft(
        handle=handle,
        title=title,
        description=f"<p>{sentences[0]}</p><p>{text}</p>",
        vendor=words().vendors[number % len(words().vendors)],
        category=kind.category,
        tags=kind.tags,
        attributes=_attributes(kind, material, random),
        variants=variants,
        images=tuple(
            ImageDraft(
                url=f"/{settings.MEDIA_URL.strip('/')}/{FOLDER}/{shot.name}",
                alternative_text=f"{title} in {colour.lower()}, seen from the front",
            )
            for shot, colour in zip(pictures, colours, strict=True)
        ),
    )
    return _Made(draft, pictures, pieces_sold=int(random.paretovariate(1.2) * 3))


def _drawing(kind: Kind, colour: str, background: str) -> Callable[[], str]:
    return lambda: picture(kind.shape, COLOURS[colour], background)


def _combinations(kind: Kind, colours: list[str]) -> Iterator[tuple[tuple[tuple[str, str], ...], int]]:
    sizes = kind.sizes or {"": 0}
    for colour in colours:
        for size, surcharge in sizes.items():
            options = (("Colour", colour),) if len(colours) > 1 else ()
            yield (*options, *(((kind.size_name, size),) if size else ())), surcharge


def _as_priced(cents: int) -> int:
    """Return a price as shops write it: 34.90, and from 60 on whole fives."""
    return -(-cents // 100) * 100 - 10 if cents < 6000 else round(cents / 500) * 500


def _prices(cents: int) -> tuple[Money, ...]:
    dollars = int(cents * _DOLLARS_PER_EURO) // 50 * 50
    return Money(cents, "EUR"), Money(dollars, "USD")


def _code(value: str) -> str:
    return slugify(value).replace("-", "").upper()[:8]


def _attributes(kind: Kind, material: str, random: Random) -> dict[str, str | int | float | bool]:
    said: dict[str, str | int | float | bool] = {"material": material}
    if kind.height_cm:
        said["height"] = kind.height_cm + random.randint(-4, 12)
    if kind.is_dishwasher_safe is not None:
        said["dishwasher-safe"] = kind.is_dishwasher_safe
    return said


def _define_attributes() -> None:
    kinds = Attribute.Type
    materials = sorted({material for kind in words().kinds for material in kind.materials})
    define_attribute("material", name="Material", type_=kinds.CHOICE, choices=materials)
    define_attribute("height", name="Height", type_=kinds.NUMBER, unit="cm", minimum=Decimal(1))
    define_attribute("dishwasher-safe", name="Dishwasher safe", type_=kinds.BOOL)
