"""A small shop that was never meant to be modular: tangled, in circles, with files that cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# Who uses whom: sales <-> stock (a circle of two), sales -> accounts -> mail -> sales (one of three), all of them core.
# back_office.exports is used by three apps and needs one file beside it. Tests, settings and migrations see everything.
FILES: Mapping[str, str | bytes] = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/__init__.py": "",
    "shop/settings.py": "INSTALLED_APPS = ['shop.sales', 'shop.stock.apps.StockConfig']\nAUTH_USER_MODEL = 'accounts.Account'\n",
    "shop/urls.py": "from shop.sales import views\nfrom shop.stock.views import item\nurlpatterns = [views, item]\n",
    "shop/core/__init__.py": "",
    "shop/core/words.py": "def plural(word):\n    return word + 's'\n",
    "shop/core/loading.py": "def get_class(path, name):\n    return path, name\n",
    # sales
    "shop/sales/__init__.py": "",
    "shop/sales/apps.py": "from django.apps import AppConfig\nclass SalesConfig(AppConfig):\n    name = 'shop.sales'\n",
    "shop/sales/models.py": (
        "from django.conf import settings\n"
        "from django.db import models\n"
        "from shop.core.words import plural\n"
        "from shop.stock.models import Item\n"
        "class Order(models.Model):\n"
        "    item = models.ForeignKey('stock.Item', on_delete=models.CASCADE)\n"
        "    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)\n"
    ),
    "shop/sales/views.py": (
        "from django.urls import reverse\n"
        "from shop.accounts.models import Account\n"
        "from shop.core.loading import get_class\n"
        "StockForm = get_class('stock.forms', 'StockForm')\n"
        "def detail(request):\n"
        "    from shop.stock.models import Item\n"
        "    return Item.objects.get(), Account, reverse('accounts:profile')\n"
    ),
    "shop/sales/exporting.py": "from shop.back_office.exports import Export\nclass SalesExport(Export):\n    pass\n",
    "shop/sales/migrations/__init__.py": "",
    "shop/sales/migrations/0001_initial.py": (
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('stock', '0001_initial')]\n"
    ),
    "shop/sales/tests/__init__.py": "",
    "shop/sales/tests/test_order.py": "from shop.stock.models import Item\nfrom shop.accounts.models import Account\n",
    # stock; its label is not its folder's name
    "shop/stock/__init__.py": "",
    "shop/stock/apps.py": (
        "from django.apps import AppConfig\n"
        "class StockConfig(AppConfig):\n"
        "    name = 'shop.stock'\n"
        "    label = 'stock'\n"
    ),
    "shop/stock/models.py": (
        "from django.db import models\n"
        "from shop.core.words import plural\n"
        "class Item(models.Model):\n"
        "    name = models.CharField(max_length=10)\n"
    ),
    "shop/stock/forms.py": "class StockForm:\n    pass\n",
    "shop/stock/views.py": (
        "from django.apps import apps\n"
        "from shop.core.words import plural\n"
        "def item(request):\n"
        "    return apps.get_model('sales', 'Order'), plural('item')\n"
    ),
    "shop/stock/exporting.py": "from shop.back_office.exports import Export\nclass StockExport(Export):\n    pass\n",
    "shop/stock/migrations/__init__.py": "",
    # accounts
    "shop/accounts/__init__.py": "",
    "shop/accounts/models.py": (
        "from django.contrib.auth.models import AbstractUser\n"
        "from shop.core.words import plural\n"
        "from shop.mail import sending\n"
        "class Account(AbstractUser):\n"
        "    pass\n"
    ),
    "shop/accounts/urls.py": "app_name = 'accounts'\nurlpatterns = []\n",
    "shop/accounts/exporting.py": "from shop.back_office.exports import Export\nclass AccountExport(Export):\n    pass\n",
    "shop/accounts/migrations/__init__.py": "",
    # mail
    "shop/mail/__init__.py": "",
    "shop/mail/apps.py": "from django.apps import AppConfig\nclass MailConfig(AppConfig):\n    name = 'shop.mail'\n",
    "shop/mail/sending.py": "from shop.core.words import plural\nfrom shop.sales.models import Order\n",
    # back office
    "shop/back_office/__init__.py": "",
    "shop/back_office/apps.py": (
        "from django.apps import AppConfig\nclass BackOffice(AppConfig):\n    name = 'shop.back_office'\n"
    ),
    "shop/back_office/exports.py": "from shop.back_office.rows import rows\nclass Export:\n    pass\n",
    "shop/back_office/rows.py": "def rows():\n    return []\n",
    "shop/back_office/views.py": "from shop.sales.models import Order\nfrom shop.back_office.exports import Export\n",
    # what nobody can read, and what needs care to be read
    "shop/sales/broken.py": "def half(:\n",
    "shop/sales/latin.py": b"# -*- coding: latin-1 -*-\nfrom shop.mail import sending\nCITY = 'K\xf6ln'\n",
    "shop/sales/marked.py": b"\xef\xbb\xbffrom shop.stock.forms import StockForm\n",
    "shop/sales/undeclared.py": b"CITY = 'K\xf6ln'\n",
    "shop/sales/zeros.py": b"CITY = '\x00'\n",
}

MAP = """\
[modules]
sales = ["shop.sales"]
stock = ["shop.stock"]
people = ["shop.accounts", "shop.mail"]
back_office = ["shop.back_office"]

[public]
stock = ["shop.stock.forms"]

[around]
shared = ["shop.core"]
above = ["shop", "manage"]
"""


def planted(folder: Path, more: Mapping[str, str | bytes] | None = None) -> Path:
    """Write the shop, with more files over it, and return its folder."""
    for name, content in {**FILES, **(more or {})}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
