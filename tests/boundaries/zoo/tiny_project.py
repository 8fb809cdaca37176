"""A project of two modules as small as one can be that keeps every rule: `sales` asks `stock`, and hears it."""

from __future__ import annotations

_MANIFEST = '''"""What the {name} module declares of itself."""

from infra.boundaries.manifest import Manifest

manifest = Manifest(
    name="{name}",
    owner="The {name} team <{name}@example.com>",
    purpose="{purpose}",
    tables=("{table}",),
    offers=("{name}.v1",),
    {more},
)
'''

_APPS = """from django.apps import AppConfig


class {class_name}Config(AppConfig):
    name = "modules.{name}"
    label = "{name}"
"""

_MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="{model}",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("pieces", models.IntegerField()),
                {more}
            ],
        ),
    ]
"""

TINY_PROJECT = {
    "manage.py": """import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings")
    execute_from_command_line(sys.argv)
""",
    "monolith/__init__.py": "",
    "monolith/urls.py": "urlpatterns = []\n",
    "monolith/settings.py": """from pathlib import Path

from infra.boundaries.discovery import callers_by_contract, manifests_in
from infra.boundaries.generation.house import House

BASE_DIR = Path(__file__).resolve().parents[1]
HOUSE = House(root=BASE_DIR, modules="modules", above=("monolith",), below=("infra",))
MANIFESTS = manifests_in("modules")
MODULES = tuple(manifest.name for manifest in MANIFESTS)
SCHEMAS = {"default": "platform"} | {manifest.name: manifest.schema for manifest in MANIFESTS}
MODULE_LOCATIONS = dict.fromkeys(MODULES, "local")
CONTRACT_ROUTE = "inprocess"
CONTRACT_CALLERS = callers_by_contract(MANIFESTS, everywhere=("monolith",))
GUARD_POLICY = "raise"
SERVICE_NAME = "monolith"
SECRET_KEY = "a tiny project's"
ROOT_URLCONF = "monolith.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "infra.boundaries",
    *(f"modules.{name}" for name in MODULES),
]
DATABASES = {
    alias: {"ENGINE": "django.db.backends.postgresql", "NAME": "nowhere", "HOST": "127.0.0.1", "PORT": "1", "USER": alias}
    for alias in ("default", *MODULES)
}
DATABASE_OWNERS = {}
EMBEDDED_ALIASES = ()
EMBEDDED_SERVER = None
ADMIN_DATABASE_URL = ""
DATABASE_ROUTERS = ["infra.databases.router.ModuleRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
""",
    "modules/__init__.py": "",
    "modules/sales/__init__.py": '"""What is sold to whom."""\n',
    "modules/sales/manifest.py": _MANIFEST.format(
        name="sales",
        purpose="What is sold to whom.",
        table="sales_sale",
        more='asks=("stock.v1",),\n    hears=("stock.item_counted.v1",)',
    ),
    "modules/sales/apps.py": _APPS.format(name="sales", class_name="Sales")
    + """
    def ready(self) -> None:
        from infra.contracts import provide
        from modules.sales import handlers  # noqa: F401
        from modules.sales.contract import SalesContract
        from modules.sales.service import SalesService

        provide(SalesContract, SalesService())
""",
    "modules/sales/contract.py": '''"""What others may ask sales."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from infra.contracts import contract, query


@contract("sales.v1")
class SalesContract(Protocol):
    @query(timeout_seconds=1.0, errors=())
    def pieces_sold(self, *, item_id: UUID) -> int:
        """Return how many pieces of an item were sold."""
        ...
''',
    "modules/sales/events.py": '"""Sales announces nothing."""\n',
    "modules/sales/service.py": """from uuid import UUID

from modules.sales.models import Sale


class SalesService:
    def pieces_sold(self, *, item_id: UUID) -> int:
        return sum(Sale.objects.filter(item_id=item_id).values_list("pieces", flat=True))
""",
    "modules/sales/use_cases.py": '''"""What sales does."""

from uuid import UUID

from django.db import transaction

from modules.sales.models import Sale
from modules.stock.contract import StockContract


def sell(*, sale_id: UUID, item_id: UUID, pieces: int, stock: StockContract) -> None:
    """Record a sale, if there are enough pieces."""
    if stock.pieces_left(item_id=item_id) < pieces:
        raise ValueError("sold out")
    with transaction.atomic(using="sales"):
        Sale.objects.create(id=sale_id, item_id=item_id, pieces=pieces)
''',
    "modules/sales/handlers.py": '''"""What sales does about others' news."""

from infra.events.subscriptions import subscribe
from modules.stock.events import ItemCounted


@subscribe(ItemCounted)
def note_the_count(event: ItemCounted) -> None:
    """Forget nothing: the tiny project has nothing to do here."""
''',
    "modules/sales/models.py": """from django.db import models


class Sale(models.Model):
    id = models.UUIDField(primary_key=True)
    item_id = models.UUIDField()
    pieces = models.IntegerField()

    class Meta:
        app_label = "sales"
""",
    "modules/sales/migrations/__init__.py": "",
    "modules/sales/migrations/0001_initial.py": _MIGRATION.format(
        model="Sale", more='("item_id", models.UUIDField()),'
    ),
    "modules/stock/__init__.py": '"""What there is in store."""\n',
    "modules/stock/manifest.py": _MANIFEST.format(
        name="stock",
        purpose="What there is in store.",
        table="stock_item",
        more='publishes=("stock.item_counted.v1",)',
    ),
    "modules/stock/apps.py": _APPS.format(name="stock", class_name="Stock")
    + """
    def ready(self) -> None:
        from infra.contracts import provide
        from modules.stock import events  # noqa: F401
        from modules.stock.contract import StockContract
        from modules.stock.service import StockService

        provide(StockContract, StockService())
""",
    "modules/stock/contract.py": '''"""What others may ask stock."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from infra.contracts import contract, query


@contract("stock.v1")
class StockContract(Protocol):
    @query(timeout_seconds=1.0, errors=())
    def pieces_left(self, *, item_id: UUID) -> int:
        """Return how many pieces of an item are in store."""
        ...
''',
    "modules/stock/events.py": '''"""What others may hear of stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events.declaration import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCounted(Event):
    """Somebody counted an item."""

    name: ClassVar[str] = "stock.item_counted.v1"
    stream: ClassVar[str] = "item_id"
    item_id: UUID
    pieces: int
''',
    "modules/stock/service.py": """from uuid import UUID

from modules.stock.models import Item


class StockService:
    def pieces_left(self, *, item_id: UUID) -> int:
        return Item.objects.get(id=item_id).pieces
""",
    "modules/stock/use_cases.py": '''"""What stock does."""

from uuid import UUID

from django.db import transaction

from infra.events.outbox import publish
from modules.stock.events import ItemCounted
from modules.stock.models import Item


def count(*, item_id: UUID, pieces: int) -> None:
    """Write down how many pieces there are, and announce it."""
    with transaction.atomic(using="stock"):
        Item.objects.update_or_create(id=item_id, defaults={"pieces": pieces})
        publish(ItemCounted(item_id=item_id, pieces=pieces))
''',
    "modules/stock/models.py": """from django.db import models


class Item(models.Model):
    id = models.UUIDField(primary_key=True)
    pieces = models.IntegerField()

    class Meta:
        app_label = "stock"
""",
    "modules/stock/migrations/__init__.py": "",
    "modules/stock/migrations/0001_initial.py": _MIGRATION.format(model="Item", more=""),
}
