"""Projects without manifests are held to what any two modules owe each other, and to no habit of this house."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.boundaries.static import crossings
from tests.boundaries.static.test_project import shop


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        ("BND105", "views", "Page = get_class('stock.views', 'Page')\n"),
        ("BND104", "views", "Item = get_model('stock', 'Item')\n"),
        ("BND107", "models", "class Sale(Model):\n    item = ForeignKey(get_model('stock', 'Item'))\n"),
        (
            "BND108",
            "models",
            "from shop.compat import AUTH_USER_MODEL\n\n\nclass Sale(Model):\n    by = ForeignKey(AUTH_USER_MODEL)\n",
        ),
        ("BND115", "contract", "from shop.sales.models import Sale\n"),
        ("BND119", "views", "from shop.stock.utils import count\n\n\n@transaction.atomic\ndef sell():\n    count()\n"),
        ("BND129", "views", "from site.urls import urlpatterns\n"),
    ],
)
def test_a_leak_between_mapped_packages_is_found(tmp_path: Path, rule: str, name: str, text: str) -> None:
    files = {
        f"shop/sales/{name}.py": text,
        "shop/stock/models.py": "from django.db.models import Model\n\n\nclass Item(Model): ...\n",
        "site/urls.py": "urlpatterns = []\n",
    }
    if name != "models":
        files["shop/sales/models.py"] = "from django.db.models import Model\n\n\nclass Sale(Model): ...\n"

    found = crossings(shop(tmp_path, files, above=["site"]))

    assert rule in {crossing.finding.rule.id for crossing in found}
    assert {crossing.finding.module for crossing in found} == {"sales"}


def test_habits_of_this_house_are_asked_of_nobody_else(tmp_path: Path) -> None:
    files = {
        "shop/stock/__init__.py": "LIMIT = 3\n",
        "shop/stock/utils.py": "from django.db import connection, transaction\n\n\n@transaction.atomic\ndef count():\n"
        "    return connection.cursor()\n",
        "shop/stock/contract.py": "from django.db import models\nfrom shop.stock.utils import count\n",
        "shop/sales/views.py": "from shop.stock import contract\n",
    }

    assert crossings(shop(tmp_path, files)) == []


def test_a_crossing_tells_which_module_it_reaches(tmp_path: Path) -> None:
    found = crossings(shop(tmp_path, {"shop/offers/views.py": "from shop.stock.models import Item\n"}))

    assert [(crossing.finding.module, crossing.other) for crossing in found] == [("sales", "stock")]
    assert found[0].finding.source == "shop.offers.views"
    assert found[0].finding.target == "stock.models.Item"


def test_a_name_that_is_also_a_variable_is_not_taken_for_the_import(tmp_path: Path) -> None:
    text = (
        "from shop.stock.contract import basket\n\n\ndef put(basket):\n    basket['item'] = 1\n    basket.full = True\n"
    )

    assert crossings(shop(tmp_path, {"shop/sales/views.py": text})) == []
