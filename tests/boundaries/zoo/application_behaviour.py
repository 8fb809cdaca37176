"""Leaks by what runs: signals, tasks, commands, handlers, settings, and what code holds in memory."""

from __future__ import annotations

from tests.boundaries.zoo.application_planting import SALES, STOCK, Files, file, kind
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

_POST_SAVE = "from django.db.models.signals import post_save\n\ndef heard(sender, **keywords):\n    pass\n\n"
SIGNALS = (
    kind(
        "BND225",
        "a signal whose sender is named by string",
        file(f"{_POST_SAVE}post_save.connect(heard, sender='stock.Item')\n"),
        number=11,
    ),
    kind(
        "BND225",
        "a signal whose sender by string is a model that is not installed here",
        file(f"{_POST_SAVE}post_save.connect(heard, sender='stock.Parcel')\n"),
    ),
    kind(
        "BND225",
        "a receiver of migrations whose sender is another module's app",
        file(
            "from django.apps import apps\nfrom django.db.models.signals import post_migrate\n\n"
            "def heard(sender, **keywords):\n    pass\n\npost_migrate.connect(heard, sender=apps.get_app_config('stock'))\n"
        ),
    ),
    kind(
        "BND226",
        "a receiver of a signal that another module made",
        {f"{STOCK}/signals.py": "from django.dispatch import Signal\n\ncounted = Signal()\n"}
        | file(
            "from modules.stock.signals import counted\n\ndef heard(**keywords):\n    pass\n\ncounted.connect(heard)\n"
        ),
        {f"{SALES}/signals.py": "from django.dispatch import Signal\n\nsold = Signal()\n"}
        | file("from modules.sales.signals import sold\n\ndef heard(**keywords):\n    pass\n\nsold.connect(heard)\n"),
    ),
    kind(
        "BND227",
        "a receiver of post_save without a sender",
        file(f"{_POST_SAVE}post_save.connect(heard)\n"),
        file(
            "from django.core.signals import setting_changed\n\ndef heard(**keywords):\n    pass\n\n"
            "setting_changed.connect(heard)\n"
        ),
    ),
    kind(
        "BND227",
        "a receiver of a Celery signal for every task",
        file(
            "from celery.signals import task_prerun\n\ndef heard(**keywords):\n    pass\n\ntask_prerun.connect(heard)\n"
        ),
        file(
            "from celery.signals import Signal\n\nsold = Signal(name='sold')\n\n@sold.connect\ndef heard(**keywords):\n    pass\n"
        ),
    ),
)

_TASK = "from celery import shared_task\n\n@shared_task(%s)\ndef count():\n    pass\n"
TASKS = (
    kind(
        "BND230",
        "a task under another module's name",
        file(_TASK % "name='stock.count', queue='banyan.sales'", name="tasks"),
    ),
    kind(
        "BND231",
        "a task in another module's queue",
        file(_TASK % "queue='banyan.stock'", name="tasks"),
    ),
    kind(
        "BND231",
        "a task in the queue that all share",
        file(_TASK % "", name="tasks"),
        file(_TASK % "", name="tasks")
        | {
            "monolith/celery.py": "from celery import Celery\n\napp = Celery('tiny')\n"
            "app.conf.task_routes = {'modules.sales.*': {'queue': 'banyan.sales'}}\n"
        },
        innocent="CELERY_APP = 'monolith.celery.app'\n",
    ),
    kind(
        "BND232",
        "work by another module's clock",
        file(
            "from infra.schedule.declaration import periodic\n\n"
            "@periodic(every_seconds=60, module='stock')\ndef count():\n    pass\n"
        ),
        file(
            "from infra.schedule.declaration import periodic\n\n@periodic(every_seconds=60)\ndef count():\n    pass\n"
        ),
    ),
)

_COMMAND = "from django.core.management.base import BaseCommand\n\nclass Command(BaseCommand):\n    pass\n"
_SERVICE = "class {name}:\n    def pieces_left(self, *, item_id: UUID) -> int:\n        return 1\n"


def _answers(folder: str) -> Files:
    package = folder.replace("/", ".")
    apps_text = TINY_PROJECT[f"{STOCK}/apps.py"].replace(
        "modules.stock.service import StockService", f"{package}.answers import StockService"
    )
    return {
        f"{folder}/answers.py": "from uuid import UUID\n\n" + _SERVICE.format(name="StockService"),
        f"{STOCK}/apps.py": apps_text,
    }


_SUBSCRIBED = (
    "from infra.events.subscriptions import subscribe\nfrom modules.stock.events import ItemCounted\n\n"
    "@subscribe(ItemCounted, consumer='{}')\ndef note(event: ItemCounted) -> None:\n    pass\n"
)
_EVENT = '''from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events.declaration import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold(Event):
    """Something was sold."""

    name: ClassVar[str] = "{}.sold.v1"
    stream: ClassVar[str] = "item_id"
    item_id: UUID
'''
WIRING = (
    kind(
        "BND255",
        "a command that hides another module's",
        {f"{SALES}/management/commands/count.py": _COMMAND, f"{STOCK}/management/commands/count.py": _COMMAND},
        {
            f"{SALES}/management/commands/count_sales.py": _COMMAND,
            f"{STOCK}/management/commands/count_stock.py": _COMMAND,
        },
    ),
    kind(
        "BND255",
        "a command that hides Django's own",
        {f"{SALES}/management/commands/migrate.py": _COMMAND},
        {f"{SALES}/management/commands/migrate_sales.py": _COMMAND},
    ),
    kind(
        "BND256",
        "a fixture with another module's rows",
        {f"{SALES}/fixtures/rows.json": '[{"model": "stock.Item", "pk": "1", "fields": {"pieces": 3}}]'},
    ),
    kind("BND260", "a contract that another module answers", _answers(SALES), _answers(STOCK)),
    kind(
        "BND261",
        "a handler in another module's transaction",
        file(_SUBSCRIBED.format("stock")),
        file(_SUBSCRIBED.format("sales")),
    ),
    kind(
        "BND262",
        "an event under another module's name",
        {f"{SALES}/events.py": _EVENT.format("stock"), f"{SALES}/handlers.py": "+\nimport modules.sales.events\n"},
    ),
)

_PROCESSOR = "def processor(request):\n    return {}\n"
PROCESS = (
    kind(
        "BND265",
        "a module's middleware around every request",
        {f"{SALES}/middleware.py": "def watch(get_response):\n    return get_response\n"},
        {"monolith/middleware.py": "def watch(get_response):\n    return get_response\n"},
        settings="MIDDLEWARE.append('modules.sales.middleware.watch')\n",
        innocent="MIDDLEWARE.append('monolith.middleware.watch')\n",
    ),
    kind(
        "BND265",
        "a module's context processor in every template",
        {f"{SALES}/context.py": _PROCESSOR},
        {"monolith/context.py": _PROCESSOR},
        settings="TEMPLATES[0]['OPTIONS']['context_processors'].append('modules.sales.context.processor')\n",
        innocent="TEMPLATES[0]['OPTIONS']['context_processors'].append('monolith.context.processor')\n",
    ),
    kind(
        "BND266",
        "a setting of another module",
        file("from django.conf import settings\n\ndef limit():\n    return settings.STOCK_LIMIT\n"),
        settings="STOCK_LIMIT = 3\nSALES_LIMIT = 3\n",
        innocent="STOCK_LIMIT = 3\nSALES_LIMIT = 3\n",
    ),
    kind(
        "BND267",
        "another module's permission",
        file("def may(user):\n    return user.has_perm('stock.change_item')\n"),
        file("def may(user):\n    return user.has_perm('sales.change_sale')\n"),
    ),
)

HOLDINGS = (
    kind(
        "BND271",
        "an object of another module's class",
        file(
            "from django.utils.module_loading import import_string\n\n"
            "ask = import_string('modules.stock.service.S' + 'tockService')()\n"
        ),
        file(
            "from django.utils.module_loading import import_string\n\n"
            "ask = import_string('modules.sales.service.S' + 'alesService')()\n"
        ),
    ),
    kind(
        "BND270",
        "a model fetched by a computed name",
        file("from django.apps import apps\n\nRows = apps.get_model('ck'.join(['sto', '']), 'Item')\n"),
        file("from django.apps import apps\n\nRows = apps.get_model('les'.join(['sa', '']), 'Sale')\n"),
    ),
    kind(
        "BND270",
        "a queryset of another module's rows kept in a class",
        file("from django.apps import apps\n\nclass Rows:\n    all = apps.get_model('stock.Item').objects.all()\n"),
    ),
    kind(
        "BND271",
        "another module's file imported by a computed name",
        file(
            "from importlib import import_module\n\nthings = import_module('.'.join(['modules', 'stock', 'use_cases']))\n"
        ),
        file(
            "from importlib import import_module\n\nthings = import_module('.'.join(['modules', 'stock', 'contract']))\n"
        ),
    ),
    kind(
        "BND271",
        "a class that inherits another module's service",
        file("import modules.stock.service\n\nclass Service(modules.stock.service.StockService):\n    pass\n"),
        file("import modules.sales.service\n\nclass Service(modules.sales.service.SalesService):\n    pass\n"),
    ),
    kind(
        "BND272",
        "the platform's user model in a module's hands",
        file("from django.contrib.auth import get_user_model\n\nUser = get_user_model()\n"),
        file("from django.contrib.auth.hashers import make_password\n\nhidden = make_password(None)\n"),
    ),
)
