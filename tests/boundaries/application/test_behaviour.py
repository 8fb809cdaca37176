"""Signals, tasks, addresses and the rest, where their form differs from the plain one in the zoo."""

from __future__ import annotations

from tests.boundaries.application.nursery import identities, planted
from tests.boundaries.zoo.specimens import Habitat

_RECEIVERS = """+
from functools import partial

from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from django.apps import apps


class Listener:
    def heard(self, sender, **keywords):
        pass

    def __call__(self, **keywords):
        pass


def heard(sender, how="", **keywords):
    pass


@receiver([post_save, post_delete], sender=apps.get_model("stock", "Item"), dispatch_uid="one")
def decorated(sender, **keywords):
    pass


LISTENER = Listener()
pre_save.connect(LISTENER.heard, sender="stock.Item", weak=False)
post_delete.connect(LISTENER, sender="stock.Item")
post_save.connect(partial(heard, how="x"), sender="stock.Item", weak=False)
post_save.connect(heard, sender="sales.Sale")
m2m_changed.connect(heard, sender="auth.User")
"""


def test_receivers_are_known_in_every_form_they_take(habitat: Habitat) -> None:
    found = planted(habitat, {"modules/sales/handlers.py": _RECEIVERS})

    listening = {(finding.source, finding.target) for finding in found if finding.rule.id == "BND225"}
    assert listening == {
        ("modules.sales.handlers.decorated", "stock.Item"),
        ("modules.sales.handlers.Listener.heard", "stock.Item"),
        ("modules.sales.handlers.Listener", "stock.Item"),
        ("modules.sales.handlers.heard", "stock.Item"),
        ("modules.sales.handlers.heard", "auth.User"),
    }
    assert {finding.rule.id for finding in found} == {"BND225"}


def test_views_are_known_behind_classes_decorators_and_nested_includes(habitat: Habitat) -> None:
    views = """from functools import wraps

from django.http import HttpResponse
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView


def counted(view):
    @wraps(view)
    def inner(request):
        return view(request)
    return inner


@csrf_exempt
@counted
def plain(request):
    return HttpResponse()


class Classic(View):
    pass


class Api(APIView):
    pass
"""
    urls = """from django.urls import include, path, re_path
from django.views.generic import RedirectView

from modules.sales import views

urlpatterns = [path("api/v1/stock/", include([
    path("plain", views.plain), path("classic/<int:number>", views.Classic.as_view()),
    re_path(r"^api/(?P<number>[0-9]+)$", views.Api.as_view()), path("moved", RedirectView.as_view(url="/")),
])), path("api/v1/sales/plain", views.plain)]
"""

    found = planted(habitat, {"modules/sales/views.py": views, "monolith/urls.py": urls})

    assert identities(found) == {
        ("BND235", "sales", "modules.sales.views.plain", "/api/v1/stock/plain"),
        ("BND235", "sales", "modules.sales.views.Classic", "/api/v1/stock/classic/<int:number>"),
        ("BND235", "sales", "modules.sales.views.Api", "/api/v1/stock/api/(?P<number>[0-9]+)$"),
    }


def test_a_projects_own_template_folder_does_not_stand_before_a_modules(habitat: Habitat) -> None:
    found = planted(
        habitat,
        {"templates/stock/item.html": "", "templates/desk/page.html": "{% extends 'stock/item.html' %}"},
        added_settings="from pathlib import Path\nTEMPLATES[0]['DIRS'] = [Path(__file__).parents[1] / 'templates']\n",
    )

    assert identities(found) == {("BND240", "stock", "settings.TEMPLATES", "templates/stock/")}


def test_every_use_in_a_template_is_told_with_its_line(habitat: Habitat) -> None:
    page = (
        "{% extends 'desk/base.html' %}\n{% load static %}\n{% block a %}{% include name %}{% endblock %}\n"
        "{% static 'stock/page.css' %} {% comment %}{% url 'stock:item' %}{% endcomment %}\n{% url \"stock:item\" %}\n"
    )

    found = planted(
        habitat,
        {
            "monolith/desk/__init__.py": "",
            "monolith/desk/templates/desk/base.html": "",
            "modules/sales/templates/sales/page.html": page,
        },
        added_settings="INSTALLED_APPS.append('monolith.desk')\n",
    )

    reached = {finding.target: finding.detail for finding in found}
    assert set(reached) == {"template desk/base.html", "file stock/page.css", "address stock:item"}
    assert "the composition root (monolith)" in reached["template desk/base.html"]
    assert "Line 4" in reached["file stock/page.css"]


def test_settings_that_install_a_modules_code_are_told_apart_from_those_that_configure_it(habitat: Habitat) -> None:
    found = planted(
        habitat,
        {"modules/sales/http.py": "class Signed:\n    pass\n"},
        added_settings="REST_FRAMEWORK = {'DEFAULT_AUTHENTICATION_CLASSES': ['modules.sales.http.Signed']}\n"
        "SALES_SIGNER = 'modules.sales.http.Signed'\nAUTHENTICATION_BACKENDS = ['modules.sales.http.Signed']\n",
    )

    assert identities(found) == {
        ("BND265", "sales", "modules.sales.http.Signed", "settings.REST_FRAMEWORK"),
        ("BND265", "sales", "modules.sales.http.Signed", "settings.AUTHENTICATION_BACKENDS"),
    }


def test_a_library_that_hangs_signals_on_models_is_not_a_modules_fault(habitat: Habitat) -> None:
    found = planted(
        habitat,
        {
            "history_library.py": "from django.db.models.signals import post_save\n\n"
            "def record(sender, **keywords):\n    pass\n\ndef watch():\n"
            "    post_save.connect(record, sender='stock.Item')\n    post_save.connect(record)\n",
            "modules/stock/models.py": "+\nimport history_library\n\nhistory_library.watch()\n",
        },
    )

    assert found == []
