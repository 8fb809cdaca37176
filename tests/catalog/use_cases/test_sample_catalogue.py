from __future__ import annotations

import io
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from pytest_django import Settings

from infra.money import Money
from modules.catalog import queries
from modules.catalog.models import Category, Image, Product, Stock, Variant
from modules.catalog.queries import Filters, Sort
from tests.api import Api

pytestmark = pytest.mark.usefixtures("database")

MEANT = {"ceramc vase": "vase", "lapm": "lamp", "mug": "mug", "woolen blanket": "blanket", "p-101": "mug"}


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def fill() -> str:
    out = io.StringIO()
    call_command("sample_catalogue", stdout=out)
    return out.getvalue()


def test_the_sample_is_a_shop_to_try_things_in(media: Path, api: Api) -> None:
    began = time.process_time()  # on a busy machine slow is not wrong
    fill()

    assert time.process_time() - began < 10
    assert Product.objects.count() >= 200
    titles = list(Product.objects.values_list("title", flat=True))
    assert len(set(titles)) == len(titles)
    assert Product.objects.filter(published_at__isnull=False).count() == len(titles)
    assert Category.objects.filter(children__isnull=True).count() >= 20
    assert queries.discrepancies() == []
    pieces = set(Stock.objects.values_list("on_hand", flat=True))
    assert {0, 3, 10} <= pieces
    for image in Image.objects.all():
        path = media / image.url.removeprefix("/media/")
        assert ElementTree.parse(path).getroot().tag.endswith("svg")  # noqa: S314  # our own files
    answer = api.get(image.url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    answer.close()


def test_the_documented_example_can_be_ordered_and_searches_find_what_is_meant(subtests: pytest.Subtests) -> None:
    fill()

    offer = queries.offers(["P-101"], currency="EUR")["P-101"]

    assert offer.unit_price == Money(1200, "EUR")
    assert offer.available >= 10_000
    for text, word in MEANT.items():
        with subtests.test(text):
            found = queries.listed_products(
                Filters(currency="EUR", search=queries.understood(text)), sort=Sort.RELEVANCE, limit=5
            )

            assert found
            assert word in found[0].document.name.lower()


def test_filling_twice_changes_nothing_and_draws_lost_pictures_again(media: Path) -> None:
    fill()
    count = Variant.objects.count()
    lost = next((media / "catalog" / "sample").iterdir())
    lost.unlink()

    said = fill()

    assert "products already" in said
    assert Variant.objects.count() == count
    assert lost.exists()
