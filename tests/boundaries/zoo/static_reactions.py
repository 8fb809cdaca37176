"""What else shows in the source text: tasks, addresses, templates, signals and calls of other code."""

from __future__ import annotations

from tests.boundaries.zoo.static_planting import SALES, STOCK, kind

THE_REST = (
    kind(
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
    kind(
        "BND110",
        "work put into another module's queue",
        {f"{SALES}/tasks.py": "def go(task):\n    task.apply_async(queue='banyan.stock')\n"},
        {f"{SALES}/tasks.py": "def go(task):\n    task.apply_async(queue='banyan.sales')\n"},
    ),
    kind(
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
    kind(
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
    kind(
        "BND134",
        "another module's API asked by its path",
        "import httpx\n\n\ndef left(host):\n    return httpx.get(f'{host}/api/v1/stock/items')\n",
        "import httpx\n\n\ndef rates(host):\n    return httpx.get(f'{host}/api/v1/stocks/items')\n",
    ),
    kind(
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
    kind(
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
    kind(
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
    kind(
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
    kind(
        "BND118",
        "a receiver of everybody's saves",
        {f"{SALES}/handlers.py": "from django.db.models.signals import post_save\n\npost_save.connect(print)\n"},
        {
            f"{SALES}/handlers.py": "from django.db.models.signals import post_save\n\nfrom modules.sales.models import Sale\n\n"
            "post_save.connect(print, sender=Sale)\n"
        },
    ),
    kind(
        "BND121",
        "another module's function replaced",
        "import modules.stock.contract as shelf\n\nshelf.StockContract.pieces_left = None\n",
        "import modules.sales.models as own\n\nown.Sale.is_big = True\n",
    ),
    kind(
        "BND121",
        "another module's class changed with setattr",
        "from modules.stock.contract import StockContract\n\nsetattr(StockContract, 'pieces_left', None)\n",
        "from modules.stock.contract import StockContract\n\n\ndef keep(port):\n    setattr(port, 'stock', StockContract)\n",
    ),
    kind(
        "BND123",
        "another module's key in the cache",
        "from django.core.cache import cache\n\n\ndef left(item):\n    return cache.get(f'stock:left:{item}')\n",
        "from django.core.cache import cache\n\n\ndef sold(item):\n    return cache.get(f'sales:stock:{item}')\n",
    ),
    kind(
        "BND123",
        "another module's key in the session",
        "def chosen(request):\n    return request.session['stock_chosen']\n",
        "def chosen(request):\n    return request.session['sales_chosen']\n",
    ),
    kind(
        "BND124",
        "a path into another module's folder",
        "from pathlib import Path\n\nSHAPES = Path('modules/stock/shapes').read_text()\n",
        "from pathlib import Path\n\nSHAPES = Path('modules/sales/shapes').read_text()\n",
    ),
    kind(
        "BND131",
        "a file that no rule can read",
        "def half(:\n",
        "def whole(): ...\n",
    ),
)
