"""Relations, inheritance and tables: exactly what crosses a border, from where to where, on which line."""

from __future__ import annotations

from tests.boundaries.application.nursery import identities, planted
from tests.boundaries.zoo.specimens import Habitat

_MANY = """+

class Customer(models.Model):
    class Meta:
        app_label = "sales"


class Planted(models.Model):
    own = models.ForeignKey("sales.Sale", models.CASCADE)
    customers = models.ManyToManyField(Customer)
    item = models.ForeignKey("stock.Item", models.CASCADE)
    shelf = models.OneToOneField(
        "stock.Item",
        models.CASCADE,
        related_name="+",
    )
    session = models.ForeignKey("sessions.Session", models.CASCADE)
    elsewhere = models.ForeignKey("stock.Nothing", models.CASCADE)

    class Meta:
        app_label = "sales"
"""


def test_each_relation_over_a_border_is_found_once_with_its_line_and_no_other(habitat: Habitat) -> None:
    found = planted(habitat, {"modules/sales/models.py": _MANY})

    assert identities(found) == {
        ("BND201", "sales", "sales.Planted.item", "stock.Item"),
        ("BND201", "sales", "sales.Planted.shelf", "stock.Item"),
        ("BND201", "sales", "sales.Planted.session", "sessions.Session"),
        ("BND201", "sales", "sales.Planted.elsewhere", "stock.Nothing"),
        ("BND205", "sales", "stock.Item.planted_set", "sales.Planted"),
    }
    [shelf] = [finding for finding in found if finding.source == "sales.Planted.shelf"]
    line = (habitat.path / "project" / shelf.path).read_text().splitlines()[shelf.line - 1]
    assert shelf.path == "modules/sales/models.py"
    assert line.strip() == "shelf = models.OneToOneField("


def test_what_the_composition_root_ties_to_a_module_is_its_own_fault(habitat: Habitat) -> None:
    root = {
        "monolith/desk/__init__.py": "",
        "monolith/desk/models.py": "from django.apps import apps\nfrom django.db import models\n"
        "from django.db.models.signals import post_save\nimport modules.stock.models\n\n"
        "class Note(models.Model):\n    item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')\n"
        "    by = models.ForeignKey('auth.User', models.CASCADE)\n\n"
        "def note(sender, **keywords):\n    pass\n\npost_save.connect(note, sender='stock.Item')\n"
        "Item = apps.get_registered_model('stock', 'Item')\n",
    }

    found = planted(habitat, root, added_settings="INSTALLED_APPS.append('monolith.desk')\n")

    assert identities(found) == {
        ("BND201", "monolith", "desk.Note.item", "stock.Item"),
        ("BND225", "monolith", "monolith.desk.models.note", "stock.Item"),
        ("BND270", "monolith", "monolith.desk.models.Item", "stock.Item"),
    }


def test_an_app_inside_a_module_is_the_modules_own(habitat: Habitat) -> None:
    inner = {
        "modules/stock/counting/__init__.py": "",
        "modules/stock/counting/models.py": "from django.db import models\n\nclass Count(models.Model):\n"
        "    item = models.ForeignKey('stock.Item', models.CASCADE)\n"
        "    sale = models.ForeignKey('sales.Sale', models.CASCADE, related_name='+')\n"
        "    class Meta:\n        db_table = 'stock_item_count'\n",
    }

    found = planted(habitat, inner, added_settings="INSTALLED_APPS.append('modules.stock.counting')\n")

    assert identities(found) == {
        ("BND201", "stock", "counting.Count.sale", "sales.Sale"),
        ("BND209", "stock", "counting.Count", "table stock_item_count"),
        ("BND213", "stock", "counting.Count", "alias default"),  # the router knows labels of modules only
    }


def test_without_a_router_every_model_is_migrated_into_every_database(habitat: Habitat) -> None:
    found = planted(habitat, {}, added_settings="DATABASE_ROUTERS = []\n")

    astray = {(finding.source, finding.target) for finding in found if finding.rule.id == "BND213"}
    assert {("sales.Sale", "alias stock"), ("stock.Item", "alias sales"), ("auth.User", "alias sales")} <= astray
    assert ("sales.Sale", "alias sales") not in astray


def test_a_module_whose_internals_are_not_here_still_owns_its_name_and_tables(habitat: Habitat) -> None:
    shadow = (
        "+\nfrom modules.stock import contract\n\nclass Shadow(models.Model):\n"
        "    item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')\n"
        "    class Meta:\n        app_label = 'sales'\n        managed = False\n        db_table = 'stock_item'\n"
    )

    found = planted(
        habitat,
        {"modules/sales/models.py": shadow},
        added_settings="INSTALLED_APPS.remove('modules.stock')\nDATABASES.pop('stock')\nMODULES = ('sales',)\n",
    )

    assert identities(found) == {
        ("BND201", "sales", "sales.Shadow.item", "stock.Item"),
        ("BND208", "sales", "sales.Shadow", "table stock_item"),
    }


def test_code_of_another_module_on_a_model_is_told_to_who_wrote_it(habitat: Habitat) -> None:
    found = planted(
        habitat,
        {
            "modules/stock/rules.py": "def at_least_one(value):\n    pass\n\ndef three():\n    return 3\n",
            "modules/sales/models.py": "+\nfrom modules.stock import rules\n\nclass Planted(models.Model):\n"
            "    pieces = models.IntegerField(default=rules.three, validators=[rules.at_least_one])\n"
            "    class Meta:\n        app_label = 'sales'\n",
        },
    )

    assert identities(found) == {
        ("BND212", "stock", "modules.stock.rules.three", "sales.Planted.pieces.default"),
        ("BND212", "stock", "modules.stock.rules.at_least_one", "sales.Planted.pieces.validators"),
        ("BND271", "sales", "modules.sales.models.rules", "modules.stock.rules"),
    }
