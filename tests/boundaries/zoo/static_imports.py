"""Imports across a border, and the same by a name in a string."""

from __future__ import annotations

from tests.boundaries.zoo.static_planting import SALES, STOCK, kind, migration
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

IMPORTS = (
    kind(
        "BND101",
        "an import of a model",
        "from modules.stock.models import Item\n",
        "from modules.stock.contract import StockContract\n",
        number=1,
    ),
    kind(
        "BND102",
        "an import of a model inside a function",
        "def left():\n    from modules.stock.models import Item\n    return Item.objects.count()\n",
        "def left():\n    from modules.stock.contract import StockContract\n    return StockContract\n",
        number=2,
    ),
    kind(
        "BND103",
        "an import of a model for type checking",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from modules.stock.models import Item\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from modules.stock.contract import StockContract\n",
        number=3,
    ),
    kind(
        "BND101",
        "a relative import out of the module",
        "from ..stock.models import Item\n",
        "from ..stock.contract import StockContract\nfrom .models import Sale\n",
    ),
    kind(
        "BND114",
        "a model reached through an imported package",
        "import modules.stock as shelf\n\n\ndef left():\n    return shelf.models.Item.objects.count()\n",
        "import modules.stock.contract as shelf\n\n\ndef left(stock: shelf.StockContract):\n    return stock.pieces_left\n",
        number=20,
    ),
    kind(
        "BND114",
        "a model reached through the package that a public file's import binds",
        "import modules.stock.contract\n\n\ndef left():\n    return modules.stock.models.Item.objects.count()\n",
        "import modules.stock.contract\n\nPORT = modules.stock.contract.StockContract\n",
    ),
    kind(
        "BND114",
        "internals taken from a package with getattr",
        "from modules import stock\n\nModels = getattr(stock, 'models')\n",
        "from modules.stock import contract\n\nPORT = getattr(contract, 'StockContract')\n",
    ),
    kind(
        "BND115",
        "a model handed out by the contract's file",
        {f"{STOCK}/contract.py": f"{TINY_PROJECT[f'{STOCK}/contract.py']}\nfrom modules.stock.models import Item\n"},
        {
            f"{STOCK}/service.py": f"{TINY_PROJECT[f'{STOCK}/service.py']}\nfrom modules.stock.contract import StockContract\n"
        },
    ),
    kind(
        "BND116",
        "a module's __init__ that exposes things",
        {f"{STOCK}/__init__.py": '"""What there is in store."""\n\nfrom modules.stock.contract import StockContract\n'},
        {f"{STOCK}/__init__.py": '"""What there is in store."""\n\nfrom __future__ import annotations\n'},
    ),
    kind(
        "BND128",
        "a composition root that imports queries",
        {"monolith/pages.py": "from modules.stock.use_cases import count\n"},
        {
            "monolith/pages.py": "from modules.stock.contract import StockContract\nfrom modules.stock.apps import StockConfig\n"
        },
    ),
    kind(
        "BND129",
        "plumbing that imports a module",
        {"infra/__init__.py": "", "infra/money.py": "from modules.stock.contract import StockContract\n"},
        {"infra/__init__.py": "", "infra/money.py": "from decimal import Decimal\n"},
    ),
    kind(
        "BND129",
        "a module that imports the composition root",
        "from monolith import urls\n",
        "from django.conf import settings\n",
    ),
    kind(
        "BND130",
        "a contract asked that the manifest does not name",
        {f"{STOCK}/queries.py": "from modules.sales.contract import SalesContract\n"},
        {f"{SALES}/queries.py": "from modules.stock.contract import StockContract\n"},
    ),
    kind(
        "BND137",
        "a model that calls a use case",
        {f"{SALES}/models.py": f"{TINY_PROJECT[f'{SALES}/models.py']}\nfrom modules.sales.use_cases import sell\n"},
        {f"{SALES}/tasks.py": "from modules.sales.use_cases import sell\n"},
    ),
    kind(
        "BND137",
        "a stray file that no order has a place for",
        {f"{SALES}/common.py": "LIMIT = 3\n"},
        {f"{SALES}/queries.py": "LIMIT = 3\n"},
    ),
    kind(
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
    kind(
        "BND104",
        "a model fetched with apps.get_model",
        "from django.apps import apps\n\nItem = apps.get_model('stock', 'Item')\n",
        "from django.apps import apps\n\nSale = apps.get_model('sales', 'Sale')\n",
        number=4,
    ),
    kind(
        "BND104",
        "a model fetched by a name that a constant holds",
        "from django.apps import apps\n\nWHERE = 'stock'\n\n\ndef item():\n    return apps.get_model(f'{WHERE}.Item')\n",
        "from django.apps import apps\n\nWHERE = 'sales'\n\n\ndef sale():\n    return apps.get_model(f'{WHERE}.Sale')\n",
    ),
    kind(
        "BND104",
        "a model taken from the registry's dictionary",
        "from django.apps import apps\n\nItem = apps.all_models['stock']['item']\n",
        "from django.apps import apps\n\nSale = apps.all_models['sales']['sale']\n",
    ),
    kind(
        "BND104",
        "another module's model in a data migration",
        migration(
            "operations = [migrations.RunPython(copy)]",
            "def copy(apps, editor):\n    apps.get_model('stock', 'Item')\n",
        ),
        migration(
            "operations = [migrations.RunPython(copy)]",
            "def copy(apps, editor):\n    apps.get_model('sales', 'Sale')\n",
        ),
    ),
    kind(
        "BND105",
        "a model imported with import_string",
        "from django.utils.module_loading import import_string\n\nItem = import_string('modules.stock.models.Item')\n",
        "from django.utils.module_loading import import_string\n\nSale = import_string('modules.sales.models.Sale')\n",
        number=7,
    ),
    kind(
        "BND105",
        "internals imported with importlib",
        "import importlib\n\nmodels = importlib.import_module('modules.stock.models')\n",
        "import importlib\n\nmodels = importlib.import_module('modules.sales.models')\n",
        number=8,
    ),
    kind(
        "BND105",
        "internals imported relatively with importlib",
        "import importlib\n\nmodels = importlib.import_module('..stock.models', 'modules.sales')\n",
        "import importlib\n\nmodels = importlib.import_module('.models', 'modules.sales')\n",
    ),
    kind(
        "BND105",
        "internals taken from sys.modules",
        "import sys\n\nmodels = sys.modules['modules.stock.models']\n",
        "import sys\n\nmodels = sys.modules['modules.sales.models']\n",
    ),
    kind(
        "BND106",
        "an import of a path that is computed",
        "from importlib import import_module\n\n\ndef load(path: str):\n    return import_module(path)\n",
        "from importlib import import_module\n\n\ndef load(name: str):\n    return import_module(f'modules.sales.{name}')\n",
    ),
    kind(
        "BND106",
        "a walk through every model there is",
        "from django.apps import apps\n\nEVERY = [model for model in apps.get_models()]\n",
        "from django.apps import apps\n\nOWN = list(apps.get_app_config('sales').get_models())\n",
    ),
    kind(
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
    kind(
        "BND136",
        "another module's permission asked for",
        "def may(user):\n    return user.has_perm('stock.change_item')\n",
        "def may(user):\n    return user.has_perm('sales.change_sale')\n",
    ),
    kind(
        "BND127",
        "plumbing that knows a module by name",
        {"infra/__init__.py": "", "infra/pools.py": "LARGE = {'stock': 20}\n"},
        {"infra/__init__.py": "", "infra/pools.py": '"""Pools, for stock and others."""\n\nLARGE = {"default": 20}\n'},
    ),
    kind(
        "BND133",
        "a task registered in another module's name",
        {
            f"{SALES}/tasks.py": "from celery import shared_task\n\n\n@shared_task(name='stock.recount')\ndef recount(): ...\n"
        },
        {
            f"{SALES}/tasks.py": "from celery import shared_task\n\n\n@shared_task(name='sales.recount')\ndef recount(): ...\n"
        },
    ),
    kind(
        "BND133",
        "an event announced in another module's name",
        {f"{SALES}/events.py": TINY_PROJECT[f"{STOCK}/events.py"]},
        {f"{SALES}/events.py": TINY_PROJECT[f"{STOCK}/events.py"].replace("stock.item", "sales.item")},
    ),
)
