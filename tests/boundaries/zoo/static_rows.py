"""Relations, queries and migrations that reach another module's rows."""

from __future__ import annotations

from tests.boundaries.zoo.static_planting import SALES, STOCK, kind, migration, model

ROWS = (
    kind(
        "BND107",
        "a ForeignKey by string, as it is written",
        model("item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')"),
        model("sale = models.ForeignKey('sales.Sale', models.CASCADE)"),
        number=5,
    ),
    kind(
        "BND107",
        "a OneToOneField by string, as it is written",
        model("item = models.OneToOneField('stock.Item', models.CASCADE, related_name='+')"),
        model("sale = models.OneToOneField('Sale', models.CASCADE)"),
        number=6,
    ),
    kind(
        "BND107",
        "a ManyToManyField by string, as it is written",
        model("items = models.ManyToManyField('stock.Item', related_name='+')"),
        model("sales = models.ManyToManyField(Sale)"),
        number=6,
    ),
    kind(
        "BND107",
        "a relation through another module's model",
        model("sales = models.ManyToManyField('self', through='stock.Item')"),
        model("sales = models.ManyToManyField('self', through='sales.Sale')"),
    ),
    kind(
        "BND108",
        "a ForeignKey to AUTH_USER_MODEL, as it is written",
        model(
            "seller = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)", "from django.conf import settings"
        ),
        model("seller_id = models.UUIDField()", "from django.conf import settings"),
        number=15,
    ),
    kind(
        "BND120",
        "a look-up over a relation to another module",
        {
            **model("item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')"),
            f"{SALES}/queries.py": "from modules.sales.models import Line\n\nFEW = Line.objects.filter(item__pieces__lt=3)\n",
        },
        {
            **model("sale = models.ForeignKey(Sale, models.CASCADE)"),
            f"{SALES}/queries.py": "from modules.sales.models import Line\n\nFEW = Line.objects.filter(sale__pieces__lt=3)\n",
        },
        number=10,
    ),
    kind(
        "BND120",
        "a reverse accessor to another module's rows",
        {
            **model("item = models.ForeignKey('stock.Item', models.CASCADE)"),
            f"{STOCK}/queries.py": "def sold(item):\n    return item.line_set.count()\n",
        },
        {
            **model("item = models.ForeignKey('Item', models.CASCADE)", table=f"{STOCK}/models.py"),
            f"{STOCK}/queries.py": "def lines(item):\n    return item.line_set.count()\n",
        },
        number=10,
    ),
    kind(
        "BND132",
        "a second model on another module's table",
        model("pieces = models.IntegerField()", meta="managed = False; db_table = 'stock_item'"),
        model("pieces = models.IntegerField()", meta="managed = False; db_table = 'sales_line_by_day'"),
        number=19,
    ),
    kind(
        "BND125",
        "another module's content type asked for",
        "from django.contrib.contenttypes.models import ContentType\n\n\n"
        "def kind():\n    return ContentType.objects.get(app_label='stock', model='item')\n",
        "from django.contrib.contenttypes.models import ContentType\n\n\n"
        "def kind():\n    return ContentType.objects.get(app_label='sales', model='sale')\n",
        number=14,
    ),
    kind(
        "BND126",
        "a generic foreign key",
        model(
            "thing = GenericForeignKey('kind', 'thing_id')",
            "from django.contrib.contenttypes.fields import GenericForeignKey",
        ),
        model("kind = models.TextField(); thing_id = models.UUIDField()"),
        number=14,
    ),
    kind(
        "BND109",
        "another module's table in cursor.execute",
        "from django.db import connections\n\n\ndef left():\n    with connections['sales'].cursor() as cursor:\n"
        "        cursor.execute('SELECT sum(pieces) FROM stock_item')\n",
        "from django.db import connections\n\n\ndef sold():\n    with connections['sales'].cursor() as cursor:\n"
        "        cursor.execute('SELECT sum(pieces) FROM sales_sale')\n",
        number=9,
    ),
    kind(
        "BND109",
        "another module's table put into SQL from a constant",
        "TABLE = 'stock_item'\n\n\ndef left(cursor):\n    cursor.execute(f'SELECT pieces FROM {TABLE} LIMIT 1')\n",
        "TABLE = 'sales_sale'\n\n\ndef sold(cursor):\n    cursor.execute(f'SELECT pieces FROM {TABLE} LIMIT 1')\n",
        number=9,
    ),
    kind(
        "BND109",
        "another module's schema in SQL",
        "def left(cursor):\n    cursor.execute('SELECT pieces FROM stock.anything')\n",
        "def sold(cursor):\n    cursor.execute('SELECT sale.pieces FROM sales_sale AS sale')\n",
        number=9,
    ),
    kind(
        "BND109",
        "another module's table in extra()",
        "def left(sales):\n    return sales.extra(tables=['stock_item'])\n",
        "def left(sales):\n    return sales.extra(where=['pieces > 3'])\n",
    ),
    kind(
        "BND109",
        "another module's table in a migration's SQL",
        migration("operations = [migrations.RunSQL('CREATE VIEW sales_few AS SELECT * FROM stock_item')]"),
        migration("operations = [migrations.RunSQL('CREATE VIEW sales_few AS SELECT * FROM sales_sale')]"),
    ),
    kind(
        "BND109",
        "another module's table in a script beside the code",
        {f"{SALES}/reports/few.sql": "-- what is short\nSELECT * FROM stock_item;\n"},
        {f"{SALES}/reports/few.sql": "-- unlike stock_item\nSELECT * FROM sales_sale;\n"},
    ),
    kind(
        "BND117",
        "a migration that depends on another module's, as it is written",
        migration("dependencies = [('stock', '0001_initial')]"),
        migration("dependencies = [('sales', '0001_initial')]"),
        number=13,
    ),
    kind(
        "BND117",
        "a migration that runs before another module's, as it is written",
        migration("run_before = [('stock', '0001_initial')]"),
        migration("run_before = [('sales', '0003_later')]"),
    ),
    kind(
        "BND122",
        "another module's database by its alias",
        "from django.db import connections\n\n\ndef left():\n    return connections['stock'].cursor()\n",
        "from django.db import connections\n\n\ndef sold():\n    return connections['sales'].cursor()\n",
    ),
    kind(
        "BND122",
        "a query sent to another module's database",
        "from modules.sales.models import Sale\n\nSALES = Sale.objects.using('stock')\n",
        "from modules.sales.models import Sale\n\nSALES = Sale.objects.using('sales')\n",
    ),
    kind(
        "BND122",
        "a transaction that names no database",
        "from django.db import transaction\n\n\ndef sell():\n    with transaction.atomic():\n        pass\n",
        "from django.db import transaction\n\n\ndef sell():\n    with transaction.atomic(using='sales'):\n        pass\n",
    ),
    kind(
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
    kind(
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
    kind(
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
