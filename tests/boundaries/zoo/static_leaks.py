"""Leaks that show in the source text, each beside the text that is innocent and looks most like it.

Most are planted into `sales`, which may ask `stock` and hear it, and has no business inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from infra.boundaries.findings import Finding
from infra.boundaries.static import check
from tests.boundaries.static.planting import project_at
from tests.boundaries.zoo.specimens import Habitat, Plant, Specimen
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

Files = Mapping[str, str]

SALES, STOCK = "modules/sales", "modules/stock"


def _plant(files: str | Files, place: str) -> Plant:
    written = {place: files} if isinstance(files, str) else files

    def plant(habitat: Habitat) -> Iterable[Finding]:
        root = habitat.project(written)
        for name in written:
            if not name.endswith(".py"):  # folders of templates and scripts are no packages
                (root / name).parent.joinpath("__init__.py").unlink(missing_ok=True)
                if "templates" in name:
                    (root / name).parents[1].joinpath("__init__.py").unlink(missing_ok=True)
        return check(project_at(root))

    return plant


def _kind(
    rule: str,
    name: str,
    leak: str | Files,
    twin: str | Files,
    *,
    number: int | None = None,
    place: str = f"{SALES}/queries.py",
) -> Specimen:
    return Specimen(name=name, rule=rule, number=number, leak=_plant(leak, place), twin=_plant(twin, place))


def _model(fields: str, before: str = "", meta: str = "", table: str = f"{SALES}/models.py") -> Files:
    options = f"\n    class Meta:\n        {meta}\n" if meta else ""
    head = TINY_PROJECT[table]
    return {table: f"{before}\n{head}\n\nclass Line(models.Model):\n    {fields}\n{options}"}


def _migration(body: str, before: str = "") -> Files:
    text = f"from django.db import migrations\n{before}\n\nclass Migration(migrations.Migration):\n    {body}\n"
    return {f"{SALES}/migrations/0002_planted.py": text}


IMPORTS = (
    _kind(
        "BND101",
        "an import of a model",
        "from modules.stock.models import Item\n",
        "from modules.stock.contract import StockContract\n",
        number=1,
    ),
    _kind(
        "BND102",
        "an import of a model inside a function",
        "def left():\n    from modules.stock.models import Item\n    return Item.objects.count()\n",
        "def left():\n    from modules.stock.contract import StockContract\n    return StockContract\n",
        number=2,
    ),
    _kind(
        "BND103",
        "an import of a model for type checking",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from modules.stock.models import Item\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from modules.stock.contract import StockContract\n",
        number=3,
    ),
    _kind(
        "BND101",
        "a relative import out of the module",
        "from ..stock.models import Item\n",
        "from ..stock.contract import StockContract\nfrom .models import Sale\n",
    ),
    _kind(
        "BND114",
        "a model reached through an imported package",
        "import modules.stock as shelf\n\n\ndef left():\n    return shelf.models.Item.objects.count()\n",
        "import modules.stock.contract as shelf\n\n\ndef left(stock: shelf.StockContract):\n    return stock.pieces_left\n",
        number=20,
    ),
    _kind(
        "BND114",
        "a model reached through the package that a public file's import binds",
        "import modules.stock.contract\n\n\ndef left():\n    return modules.stock.models.Item.objects.count()\n",
        "import modules.stock.contract\n\nPORT = modules.stock.contract.StockContract\n",
    ),
    _kind(
        "BND114",
        "internals taken from a package with getattr",
        "from modules import stock\n\nModels = getattr(stock, 'models')\n",
        "from modules.stock import contract\n\nPORT = getattr(contract, 'StockContract')\n",
    ),
    _kind(
        "BND115",
        "a model handed out by the contract's file",
        {f"{STOCK}/contract.py": f"{TINY_PROJECT[f'{STOCK}/contract.py']}\nfrom modules.stock.models import Item\n"},
        {
            f"{STOCK}/service.py": f"{TINY_PROJECT[f'{STOCK}/service.py']}\nfrom modules.stock.contract import StockContract\n"
        },
    ),
    _kind(
        "BND116",
        "a module's __init__ that exposes things",
        {f"{STOCK}/__init__.py": '"""What there is in store."""\n\nfrom modules.stock.contract import StockContract\n'},
        {f"{STOCK}/__init__.py": '"""What there is in store."""\n\nfrom __future__ import annotations\n'},
    ),
    _kind(
        "BND128",
        "a composition root that imports queries",
        {"monolith/pages.py": "from modules.stock.use_cases import count\n"},
        {
            "monolith/pages.py": "from modules.stock.contract import StockContract\nfrom modules.stock.apps import StockConfig\n"
        },
    ),
    _kind(
        "BND129",
        "plumbing that imports a module",
        {"infra/__init__.py": "", "infra/money.py": "from modules.stock.contract import StockContract\n"},
        {"infra/__init__.py": "", "infra/money.py": "from decimal import Decimal\n"},
    ),
    _kind(
        "BND129",
        "a module that imports the composition root",
        "from monolith import urls\n",
        "from django.conf import settings\n",
    ),
    _kind(
        "BND130",
        "a contract asked that the manifest does not name",
        {f"{STOCK}/queries.py": "from modules.sales.contract import SalesContract\n"},
        {f"{SALES}/queries.py": "from modules.stock.contract import StockContract\n"},
    ),
    _kind(
        "BND137",
        "a model that calls a use case",
        {f"{SALES}/models.py": f"{TINY_PROJECT[f'{SALES}/models.py']}\nfrom modules.sales.use_cases import sell\n"},
        {f"{SALES}/tasks.py": "from modules.sales.use_cases import sell\n"},
    ),
    _kind(
        "BND137",
        "a stray file that no order has a place for",
        {f"{SALES}/common.py": "LIMIT = 3\n"},
        {f"{SALES}/queries.py": "LIMIT = 3\n"},
    ),
    _kind(
        "BND138",
        "a contract that needs Django",
        {
            f"{STOCK}/contract.py": f"from django.db import models\n{TINY_PROJECT[f'{STOCK}/contract.py']}".replace(
                '"""What others may ask stock."""\n\nfrom __future__ import annotations\n', ""
            )
        },
        {f"{STOCK}/service.py": f"from django.db import models\n{TINY_PROJECT[f'{STOCK}/service.py']}"},
    ),
)

NAMES = (
    _kind(
        "BND104",
        "a model fetched with apps.get_model",
        "from django.apps import apps\n\nItem = apps.get_model('stock', 'Item')\n",
        "from django.apps import apps\n\nSale = apps.get_model('sales', 'Sale')\n",
        number=4,
    ),
    _kind(
        "BND104",
        "a model fetched by a name that a constant holds",
        "from django.apps import apps\n\nWHERE = 'stock'\n\n\ndef item():\n    return apps.get_model(f'{WHERE}.Item')\n",
        "from django.apps import apps\n\nWHERE = 'sales'\n\n\ndef sale():\n    return apps.get_model(f'{WHERE}.Sale')\n",
    ),
    _kind(
        "BND104",
        "a model taken from the registry's dictionary",
        "from django.apps import apps\n\nItem = apps.all_models['stock']['item']\n",
        "from django.apps import apps\n\nSale = apps.all_models['sales']['sale']\n",
    ),
    _kind(
        "BND104",
        "another module's model in a data migration",
        _migration(
            "operations = [migrations.RunPython(copy)]",
            "def copy(apps, editor):\n    apps.get_model('stock', 'Item')\n",
        ),
        _migration(
            "operations = [migrations.RunPython(copy)]",
            "def copy(apps, editor):\n    apps.get_model('sales', 'Sale')\n",
        ),
    ),
    _kind(
        "BND105",
        "a model imported with import_string",
        "from django.utils.module_loading import import_string\n\nItem = import_string('modules.stock.models.Item')\n",
        "from django.utils.module_loading import import_string\n\nSale = import_string('modules.sales.models.Sale')\n",
        number=7,
    ),
    _kind(
        "BND105",
        "internals imported with importlib",
        "import importlib\n\nmodels = importlib.import_module('modules.stock.models')\n",
        "import importlib\n\nmodels = importlib.import_module('modules.sales.models')\n",
        number=8,
    ),
    _kind(
        "BND105",
        "internals imported relatively with importlib",
        "import importlib\n\nmodels = importlib.import_module('..stock.models', 'modules.sales')\n",
        "import importlib\n\nmodels = importlib.import_module('.models', 'modules.sales')\n",
    ),
    _kind(
        "BND105",
        "internals taken from sys.modules",
        "import sys\n\nmodels = sys.modules['modules.stock.models']\n",
        "import sys\n\nmodels = sys.modules['modules.sales.models']\n",
    ),
    _kind(
        "BND106",
        "an import of a path that is computed",
        "from importlib import import_module\n\n\ndef load(path: str):\n    return import_module(path)\n",
        "from importlib import import_module\n\n\ndef load(name: str):\n    return import_module(f'modules.sales.{name}')\n",
    ),
    _kind(
        "BND106",
        "a walk through every model there is",
        "from django.apps import apps\n\nEVERY = [model for model in apps.get_models()]\n",
        "from django.apps import apps\n\nOWN = list(apps.get_app_config('sales').get_models())\n",
    ),
    _kind(
        "BND135",
        "another module's command called",
        {
            f"{STOCK}/management/commands/recount.py": "class Command: ...\n",
            f"{SALES}/tasks.py": "from django.core.management import call_command\n\ncall_command('recount')\n",
        },
        {
            f"{SALES}/management/commands/recount.py": "class Command: ...\n",
            f"{SALES}/tasks.py": "from django.core.management import call_command\n\ncall_command('recount')\n",
        },
    ),
    _kind(
        "BND136",
        "another module's permission asked for",
        "def may(user):\n    return user.has_perm('stock.change_item')\n",
        "def may(user):\n    return user.has_perm('sales.change_sale')\n",
    ),
    _kind(
        "BND127",
        "plumbing that knows a module by name",
        {"infra/__init__.py": "", "infra/pools.py": "LARGE = {'stock': 20}\n"},
        {"infra/__init__.py": "", "infra/pools.py": '"""Pools, for stock and others."""\n\nLARGE = {"default": 20}\n'},
    ),
    _kind(
        "BND133",
        "a task registered in another module's name",
        {
            f"{SALES}/tasks.py": "from celery import shared_task\n\n\n@shared_task(name='stock.recount')\ndef recount(): ...\n"
        },
        {
            f"{SALES}/tasks.py": "from celery import shared_task\n\n\n@shared_task(name='sales.recount')\ndef recount(): ...\n"
        },
    ),
    _kind(
        "BND133",
        "an event announced in another module's name",
        {f"{SALES}/events.py": TINY_PROJECT[f"{STOCK}/events.py"]},
        {f"{SALES}/events.py": TINY_PROJECT[f"{STOCK}/events.py"].replace("stock.item", "sales.item")},
    ),
)

ROWS = (
    _kind(
        "BND107",
        "a ForeignKey by string, as it is written",
        _model("item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')"),
        _model("sale = models.ForeignKey('sales.Sale', models.CASCADE)"),
        number=5,
    ),
    _kind(
        "BND107",
        "a OneToOneField by string, as it is written",
        _model("item = models.OneToOneField('stock.Item', models.CASCADE, related_name='+')"),
        _model("sale = models.OneToOneField('Sale', models.CASCADE)"),
        number=6,
    ),
    _kind(
        "BND107",
        "a ManyToManyField by string, as it is written",
        _model("items = models.ManyToManyField('stock.Item', related_name='+')"),
        _model("sales = models.ManyToManyField(Sale)"),
        number=6,
    ),
    _kind(
        "BND107",
        "a relation through another module's model",
        _model("sales = models.ManyToManyField('self', through='stock.Item')"),
        _model("sales = models.ManyToManyField('self', through='sales.Sale')"),
    ),
    _kind(
        "BND108",
        "a ForeignKey to AUTH_USER_MODEL, as it is written",
        _model(
            "seller = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)", "from django.conf import settings"
        ),
        _model("seller_id = models.UUIDField()", "from django.conf import settings"),
        number=15,
    ),
    _kind(
        "BND120",
        "a look-up over a relation to another module",
        {
            **_model("item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')"),
            f"{SALES}/queries.py": "from modules.sales.models import Line\n\nFEW = Line.objects.filter(item__pieces__lt=3)\n",
        },
        {
            **_model("sale = models.ForeignKey(Sale, models.CASCADE)"),
            f"{SALES}/queries.py": "from modules.sales.models import Line\n\nFEW = Line.objects.filter(sale__pieces__lt=3)\n",
        },
        number=10,
    ),
    _kind(
        "BND120",
        "a reverse accessor to another module's rows",
        {
            **_model("item = models.ForeignKey('stock.Item', models.CASCADE)"),
            f"{STOCK}/queries.py": "def sold(item):\n    return item.line_set.count()\n",
        },
        {
            **_model("item = models.ForeignKey('Item', models.CASCADE)", table=f"{STOCK}/models.py"),
            f"{STOCK}/queries.py": "def lines(item):\n    return item.line_set.count()\n",
        },
        number=10,
    ),
    _kind(
        "BND132",
        "a second model on another module's table",
        _model("pieces = models.IntegerField()", meta="managed = False; db_table = 'stock_item'"),
        _model("pieces = models.IntegerField()", meta="managed = False; db_table = 'sales_line_by_day'"),
        number=19,
    ),
    _kind(
        "BND125",
        "another module's content type asked for",
        "from django.contrib.contenttypes.models import ContentType\n\n\n"
        "def kind():\n    return ContentType.objects.get(app_label='stock', model='item')\n",
        "from django.contrib.contenttypes.models import ContentType\n\n\n"
        "def kind():\n    return ContentType.objects.get(app_label='sales', model='sale')\n",
        number=14,
    ),
    _kind(
        "BND126",
        "a generic foreign key",
        _model(
            "thing = GenericForeignKey('kind', 'thing_id')",
            "from django.contrib.contenttypes.fields import GenericForeignKey",
        ),
        _model("kind = models.TextField(); thing_id = models.UUIDField()"),
        number=14,
    ),
    _kind(
        "BND109",
        "another module's table in cursor.execute",
        "from django.db import connections\n\n\ndef left():\n    with connections['sales'].cursor() as cursor:\n"
        "        cursor.execute('SELECT sum(pieces) FROM stock_item')\n",
        "from django.db import connections\n\n\ndef sold():\n    with connections['sales'].cursor() as cursor:\n"
        "        cursor.execute('SELECT sum(pieces) FROM sales_sale')\n",
        number=9,
    ),
    _kind(
        "BND109",
        "another module's table put into SQL from a constant",
        "TABLE = 'stock_item'\n\n\ndef left(cursor):\n    cursor.execute(f'SELECT pieces FROM {TABLE} LIMIT 1')\n",
        "TABLE = 'sales_sale'\n\n\ndef sold(cursor):\n    cursor.execute(f'SELECT pieces FROM {TABLE} LIMIT 1')\n",
        number=9,
    ),
    _kind(
        "BND109",
        "another module's schema in SQL",
        "def left(cursor):\n    cursor.execute('SELECT pieces FROM stock.anything')\n",
        "def sold(cursor):\n    cursor.execute('SELECT sale.pieces FROM sales_sale AS sale')\n",
        number=9,
    ),
    _kind(
        "BND109",
        "another module's table in extra()",
        "def left(sales):\n    return sales.extra(tables=['stock_item'])\n",
        "def left(sales):\n    return sales.extra(where=['pieces > 3'])\n",
    ),
    _kind(
        "BND109",
        "another module's table in a migration's SQL",
        _migration("operations = [migrations.RunSQL('CREATE VIEW sales_few AS SELECT * FROM stock_item')]"),
        _migration("operations = [migrations.RunSQL('CREATE VIEW sales_few AS SELECT * FROM sales_sale')]"),
    ),
    _kind(
        "BND109",
        "another module's table in a script beside the code",
        {f"{SALES}/reports/few.sql": "-- what is short\nSELECT * FROM stock_item;\n"},
        {f"{SALES}/reports/few.sql": "-- unlike stock_item\nSELECT * FROM sales_sale;\n"},
    ),
    _kind(
        "BND117",
        "a migration that depends on another module's, as it is written",
        _migration("dependencies = [('stock', '0001_initial')]"),
        _migration("dependencies = [('sales', '0001_initial')]"),
        number=13,
    ),
    _kind(
        "BND117",
        "a migration that runs before another module's, as it is written",
        _migration("run_before = [('stock', '0001_initial')]"),
        _migration("run_before = [('sales', '0003_later')]"),
    ),
    _kind(
        "BND122",
        "another module's database by its alias",
        "from django.db import connections\n\n\ndef left():\n    return connections['stock'].cursor()\n",
        "from django.db import connections\n\n\ndef sold():\n    return connections['sales'].cursor()\n",
    ),
    _kind(
        "BND122",
        "a query sent to another module's database",
        "from modules.sales.models import Sale\n\nSALES = Sale.objects.using('stock')\n",
        "from modules.sales.models import Sale\n\nSALES = Sale.objects.using('sales')\n",
    ),
    _kind(
        "BND122",
        "a transaction that names no database",
        "from django.db import transaction\n\n\ndef sell():\n    with transaction.atomic():\n        pass\n",
        "from django.db import transaction\n\n\ndef sell():\n    with transaction.atomic(using='sales'):\n        pass\n",
    ),
    _kind(
        "BND119",
        "a question inside an open transaction, as it is written",
        "from django.db import transaction\n\nfrom modules.stock.contract import StockContract\n\n\n"
        "def sell(*, stock: StockContract) -> None:\n    with transaction.atomic(using='sales'):\n"
        "        stock.pieces_left(item_id=None)\n",
        "from django.db import transaction\n\nfrom modules.stock.contract import StockContract\n\n\n"
        "def sell(*, stock: StockContract) -> None:\n    stock.pieces_left(item_id=None)\n"
        "    with transaction.atomic(using='sales'):\n        pass\n",
        number=17,
    ),
    _kind(
        "BND119",
        "a question asked by a function that a transaction calls",
        "from django.db import transaction\nfrom infra.contracts import resolve\n"
        "from modules.stock.contract import StockContract\n\n\n"
        "def left():\n    return resolve(StockContract).pieces_left(item_id=None)\n\n\n"
        "@transaction.atomic(using='sales')\ndef sell():\n    left()\n",
        "from django.db import transaction\nfrom infra.contracts import resolve\n"
        "from modules.stock.contract import StockContract\n\n\n"
        "def left():\n    return resolve(StockContract).pieces_left(item_id=None)\n\n\n"
        "@transaction.atomic(using='sales')\ndef sell(pieces):\n    return pieces\n",
    ),
    _kind(
        "BND119",
        "a question asked by a handler of events",
        {
            f"{SALES}/handlers.py": "from infra.contracts import resolve\nfrom infra.events.subscriptions import subscribe\n"
            "from modules.stock.contract import StockContract\nfrom modules.stock.events import ItemCounted\n\n\n"
            "@subscribe(ItemCounted)\ndef note(event):\n    resolve(StockContract).pieces_left(item_id=event.item_id)\n"
        },
        {
            f"{SALES}/handlers.py": "from infra.contracts import resolve\nfrom infra.events.subscriptions import subscribe\n"
            "from modules.stock.contract import StockContract\nfrom modules.stock.events import ItemCounted\n\n\n"
            "@subscribe(ItemCounted)\ndef note(event):\n    return event.pieces\n\n\n"
            "def later(item_id):\n    resolve(StockContract).pieces_left(item_id=item_id)\n"
        },
    ),
)

THE_REST = (
    _kind(
        "BND110",
        "another module's task sent by name",
        {
            f"{STOCK}/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef recount(): ...\n",
            f"{SALES}/tasks.py": "def go(app):\n    app.send_task('modules.stock.tasks.recount')\n",
        },
        {
            f"{STOCK}/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef recount(): ...\n",
            f"{SALES}/tasks.py": "def go(app):\n    app.send_task('modules.sales.tasks.recount')\n",
        },
        number=12,
    ),
    _kind(
        "BND110",
        "work put into another module's queue",
        {f"{SALES}/tasks.py": "def go(task):\n    task.apply_async(queue='banyan.stock')\n"},
        {f"{SALES}/tasks.py": "def go(task):\n    task.apply_async(queue='banyan.sales')\n"},
    ),
    _kind(
        "BND111",
        "another module's address reversed",
        {
            f"{STOCK}/http/urls.py": "app_name = 'shelves'\nurlpatterns = []\n",
            f"{SALES}/http/views.py": "from django.urls import reverse\n\n\ndef link():\n    return reverse('shelves:item')\n",
        },
        {
            f"{SALES}/http/urls.py": "app_name = 'tills'\nurlpatterns = []\n",
            f"{SALES}/http/views.py": "from django.urls import reverse\n\n\ndef link():\n    return reverse('tills:sale')\n",
        },
        number=18,
    ),
    _kind(
        "BND111",
        "another module's address in a template",
        {
            f"{STOCK}/http/urls.py": "app_name = 'shelves'\nurlpatterns = []\n",
            f"{SALES}/templates/sales/sale.html": "<a href=\"{% url 'shelves:item' item.id %}\">item</a>",
        },
        {
            f"{SALES}/http/urls.py": "app_name = 'tills'\nurlpatterns = []\n",
            f"{SALES}/templates/sales/sale.html": "<a href=\"{% url 'tills:sale' sale.id %}\">sale</a>",
        },
    ),
    _kind(
        "BND134",
        "another module's API asked by its path",
        "import httpx\n\n\ndef left(host):\n    return httpx.get(f'{host}/api/v1/stock/items')\n",
        "import httpx\n\n\ndef rates(host):\n    return httpx.get(f'{host}/api/v1/stocks/items')\n",
    ),
    _kind(
        "BND112",
        "a template that extends another module's",
        {
            f"{STOCK}/templates/stock/page.html": "{% block body %}{% endblock %}",
            f"{SALES}/templates/sales/sale.html": "{% extends 'stock/page.html' %}",
        },
        {
            f"{SALES}/templates/sales/page.html": "{% block body %}{% endblock %}",
            f"{SALES}/templates/sales/sale.html": "{% extends 'sales/page.html' %}",
        },
    ),
    _kind(
        "BND112",
        "another module's template rendered",
        {
            f"{STOCK}/templates/stock/page.html": "items",
            f"{SALES}/http/views.py": "TEMPLATE = 'stock/page.html'\n",
        },
        {
            f"{STOCK}/templates/stock/page.html": "items",
            f"{SALES}/http/views.py": '"""Unlike stock/page.html."""\n\nTEMPLATE = "sales/page.html"\n',
        },
    ),
    _kind(
        "BND113",
        "another module's template tags loaded",
        {
            f"{STOCK}/templatetags/pieces.py": "",
            f"{SALES}/templates/sales/sale.html": "{% load i18n pieces %}",
        },
        {
            f"{SALES}/templates/sales/sale.html": "{% load i18n humanize %}",
        },
    ),
    _kind(
        "BND118",
        "a receiver of another module's saves",
        {
            f"{SALES}/handlers.py": "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\n\n\n"
            "@receiver(post_save, sender='stock.Item')\ndef note(sender, **values): ...\n"
        },
        {
            f"{SALES}/handlers.py": "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\n\n\n"
            "@receiver(post_save, sender='sales.Sale')\ndef note(sender, **values): ...\n"
        },
        number=11,
    ),
    _kind(
        "BND118",
        "a receiver of everybody's saves",
        {f"{SALES}/handlers.py": "from django.db.models.signals import post_save\n\npost_save.connect(print)\n"},
        {
            f"{SALES}/handlers.py": "from django.db.models.signals import post_save\n\nfrom modules.sales.models import Sale\n\n"
            "post_save.connect(print, sender=Sale)\n"
        },
    ),
    _kind(
        "BND121",
        "another module's function replaced",
        "import modules.stock.contract as shelf\n\nshelf.StockContract.pieces_left = None\n",
        "import modules.sales.models as own\n\nown.Sale.is_big = True\n",
    ),
    _kind(
        "BND121",
        "another module's class changed with setattr",
        "from modules.stock.contract import StockContract\n\nsetattr(StockContract, 'pieces_left', None)\n",
        "from modules.stock.contract import StockContract\n\n\ndef keep(port):\n    setattr(port, 'stock', StockContract)\n",
    ),
    _kind(
        "BND123",
        "another module's key in the cache",
        "from django.core.cache import cache\n\n\ndef left(item):\n    return cache.get(f'stock:left:{item}')\n",
        "from django.core.cache import cache\n\n\ndef sold(item):\n    return cache.get(f'sales:stock:{item}')\n",
    ),
    _kind(
        "BND123",
        "another module's key in the session",
        "def chosen(request):\n    return request.session['stock_chosen']\n",
        "def chosen(request):\n    return request.session['sales_chosen']\n",
    ),
    _kind(
        "BND124",
        "a path into another module's folder",
        "from pathlib import Path\n\nSHAPES = Path('modules/stock/shapes').read_text()\n",
        "from pathlib import Path\n\nSHAPES = Path('modules/sales/shapes').read_text()\n",
    ),
    _kind(
        "BND131",
        "a file that no rule can read",
        "def half(:\n",
        "def whole(): ...\n",
    ),
)

SPECIMENS = (*IMPORTS, *NAMES, *ROWS, *THE_REST)
