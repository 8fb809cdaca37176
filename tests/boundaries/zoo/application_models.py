"""Leaks by models: their relations, their tables, their migrations."""

from __future__ import annotations

from tests.boundaries.zoo.application_planting import SALES, STOCK, file, kind, manifest, migration, models
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

RELATIONS = (
    kind(
        "BND201",
        "a ForeignKey by string",
        models("item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')"),
        number=5,
    ),
    kind(
        "BND201",
        "a OneToOneField by string",
        models("item = models.OneToOneField('stock.Item', models.CASCADE, related_name='+')"),
        number=6,
    ),
    kind(
        "BND201",
        "a ForeignKey without a constraint in the database",
        models("item = models.ForeignKey('stock.Item', models.DO_NOTHING, db_constraint=False, related_name='+')"),
        models("item_id = models.UUIDField()"),
    ),
    kind(
        "BND202",
        "a ManyToManyField by string",
        models("items = models.ManyToManyField('stock.Item', related_name='+')"),
        number=6,
    ),
    kind(
        "BND202",
        "a many-to-many relation whose table between is another module's model",
        models("sales = models.ManyToManyField('sales.Sale', through='stock.Planted', related_name='+')")
        | models(
            "sale = models.ForeignKey('sales.Sale', models.CASCADE, related_name='+');"
            "planted = models.ForeignKey('sales.Planted', models.CASCADE, related_name='+')",
            folder=STOCK,
        ),
        models("sales = models.ManyToManyField('sales.Sale', through='sales.Between', related_name='+')")
        | {
            f"{SALES}/between.py": "from django.db import models\n\nclass Between(models.Model):\n"
            "    sale = models.ForeignKey('sales.Sale', models.CASCADE)\n"
            "    planted = models.ForeignKey('sales.Planted', models.CASCADE)\n"
            "    class Meta:\n        app_label = 'sales'\n",
            f"{SALES}/handlers.py": "+\nfrom modules.sales import between\n",
        },
    ),
    kind(
        "BND203",
        "a ForeignKey to settings.AUTH_USER_MODEL",
        models(
            "by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)",
            before="from django.conf import settings",
        ),
        models("by_id = models.UUIDField(); by_name = models.CharField(max_length=100)"),
        number=15,
    ),
    kind(
        "BND204",
        "a GenericForeignKey, which leads anywhere",
        models(
            "content_type = models.ForeignKey('contenttypes.ContentType', models.CASCADE); object_id = models.UUIDField();"
            "about = GenericForeignKey()",
            before="from django.contrib.contenttypes.fields import GenericForeignKey",
        ),
        models("kind = models.CharField(max_length=20); object_id = models.UUIDField()"),
        number=14,
    ),
    kind(
        "BND204",
        "a GenericRelation to another module's rows",
        models(
            "notes = GenericRelation('stock.Item', object_id_field='pieces', content_type_field='id')",
            before="from django.contrib.contenttypes.fields import GenericRelation",
        ),
        models("sale = models.ForeignKey('sales.Sale', models.CASCADE, related_name='notes')"),
        number=14,
    ),
    kind(
        "BND205",
        "a reverse accessor and look-ups over a relation",
        models("item = models.ForeignKey('stock.Item', models.CASCADE, related_name='sales')"),
        number=10,
    ),
)

_ITEM = "from django.apps import apps\nItem = apps.get_registered_model('stock', 'Item')"
MODELS = (
    kind(
        "BND206",
        "a model that inherits another module's table",
        models("price = models.IntegerField()", base="Item", before=f"import modules.stock.models\n{_ITEM}"),
        models("price = models.IntegerField()", base="Sale"),
    ),
    kind(
        "BND206",
        "a model that inherits another module's abstract model",
        {
            f"{STOCK}/bases.py": "from django.db import models\n\nclass Counted(models.Model):\n"
            "    pieces = models.IntegerField()\n    class Meta:\n        abstract = True\n"
        }
        | models("", base="bases.Counted", before="from modules.stock import bases"),
    ),
    kind(
        "BND207",
        "a proxy of another module's model",
        models("", base="Item", meta="proxy = True", before=f"import modules.stock.models\n{_ITEM}"),
        models("", base="Sale", meta="proxy = True"),
    ),
    kind(
        "BND208",
        "an unmanaged shadow of another module's table",
        models("pieces = models.IntegerField()", meta="managed = False; db_table = 'stock_item'"),
        number=19,
    ),
    kind(
        "BND208",
        "a db_table that is quoted into another schema",
        models("pieces = models.IntegerField()", meta="""managed = False; db_table = 'stock"."v_pieces'"""),
        models("pieces = models.IntegerField()", meta="""managed = False; db_table = 'sales"."sales_sale'"""),
    ),
    kind(
        "BND208",
        "a many-to-many relation that stores its pairs in another module's table",
        models("sales = models.ManyToManyField('sales.Sale', db_table='stock_item')"),
        models("sales = models.ManyToManyField('sales.Sale', db_table='sales_pairs')"),
    ),
    kind(
        "BND209",
        "an unmanaged model on a view that nobody owns",
        models("pieces = models.IntegerField()", meta="managed = False; db_table = 'v_pieces'"),
        models("pieces = models.IntegerField()", meta="managed = False; db_table = 'sales_per_day'")
        | manifest('("sales_sale",)', '("sales_sale", "sales_per_day")'),
    ),
    kind(
        "BND210",
        "two modules' models on one table",
        models("pieces = models.IntegerField()", meta="db_table = 'numbers'")
        | models("pieces = models.IntegerField()", meta="db_table = 'numbers'", folder=STOCK),
        models("pieces = models.IntegerField()", meta="db_table = 'sales_numbers'")
        | models("pieces = models.IntegerField()", meta="db_table = 'stock_numbers'", folder=STOCK),
    ),
    kind(
        "BND211",
        "a model under another module's app_label",
        file(
            "from django.db import models\n\nclass Count(models.Model):\n    class Meta:\n"
            "        app_label = 'stock'\n        db_table = 'stock_item'\n        managed = False\n"
        ),
    ),
    kind(
        "BND212",
        "a method that is patched into another module's model",
        file(
            "def sold(self):\n    return 1\n\ndef patch():\n    from django.apps import apps\n"
            "    apps.get_model('stock', 'Item').sold = sold\n\npatch()\n"
        ),
    ),
    kind(
        "BND213",
        "a manager that is bound to another module's alias",
        models("objects = models.Manager().db_manager('stock')"),
    ),
    kind(
        "BND213",
        "a router that sends a module's rows to another module's database",
        {
            "monolith/routing.py": "class Router:\n"
            "    def db_for_write(self, model, **hints):\n"
            "        return 'stock' if model._meta.model_name == 'sale' else None\n"
        },
        settings="DATABASE_ROUTERS.insert(0, 'monolith.routing.Router')\n",
    ),
    kind(
        "BND214",
        "an app beside the modules that no manifest declares",
        {"modules/returns/__init__.py": "", "modules/returns/models.py": ""},
        {
            "modules/returns/__init__.py": "",
            "modules/returns/manifest.py": "from infra.boundaries.manifest import Manifest\n\n"
            "manifest = Manifest(name='returns', owner='Returns <r@example.com>', purpose='What comes back.', tables=())\n",
        },
        settings="INSTALLED_APPS.append('modules.returns')\n",
        innocent="",
    ),
)

_RUN = "operations = [migrations.RunPython({}, migrations.RunPython.noop)]"
_SQL = "operations = [migrations.RunSQL('{}', '')]"
_AFTER = "dependencies = [('sales', '0001_initial')]\n    "
MIGRATIONS = (
    kind(
        "BND220",
        "a migration that waits for another module's",
        migration("dependencies = [('sales', '0001_initial'), ('stock', '0001_initial')]"),
        migration("dependencies = [('sales', '0001_initial'), ('events', '0001_initial')]"),
        number=13,
    ),
    kind(
        "BND220",
        "a migration that runs before another module's",
        migration("dependencies = [('sales', '0001_initial')]; run_before = [('stock', '0001_initial')]"),
        migration("dependencies = [('sales', '0001_initial')]; run_before = [('sales', '0003_more')]")
        | migration("dependencies = [('sales', '0002_planted')]", "0003_more"),
    ),
    kind(
        "BND220",
        "a migration that replaces another module's",
        migration("replaces = [('stock', '0000_gone')]; dependencies = [('sales', '0001_initial')]"),
    ),
    kind(
        "BND221",
        "a module's migrations in another module's folder",
        {
            f"{STOCK}/history/__init__.py": "",
            f"{STOCK}/history/0001_initial.py": TINY_PROJECT[f"{SALES}/migrations/0001_initial.py"],
        },
        settings="MIGRATION_MODULES = {'sales': 'modules.stock.history'}\n",
        innocent="MIGRATION_MODULES = {'sales': 'modules.sales.history'}\n",
    ),
    kind(
        "BND222",
        "a migration that runs another module's function",
        {f"{STOCK}/filling.py": "def fill(apps, schema_editor):\n    pass\n"}
        | migration(_AFTER + _RUN.format("filling.fill"), before="from modules.stock import filling"),
    ),
    kind(
        "BND222",
        "SQL in a migration that fills a table from another module's",
        migration(_AFTER + _SQL.format("INSERT INTO sales_sale SELECT id, id, pieces FROM stock_item")),
        migration(_AFTER + _SQL.format("UPDATE sales_sale SET pieces = 0 WHERE pieces < 0 AND stock_item IS NULL")),
    ),
)
