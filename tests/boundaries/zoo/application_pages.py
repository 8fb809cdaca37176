"""Leaks by what people see: addresses, templates, admin pages, serializers, forms, views."""

from __future__ import annotations

from tests.boundaries.zoo.application_planting import SALES, STOCK, Files, kind, models

_VIEW = "from django.http import HttpResponse\n\ndef show(request):\n    return HttpResponse()\n"


def _urls(route: str, name: str = "", app_name: str = "sales", folder: str = SALES) -> Files:
    package = folder.replace("/", ".")
    return {
        f"{folder}/views.py": _VIEW,
        f"{folder}/urls.py": f"from django.urls import path\nfrom {package}.views import show\n\n"
        + (f"app_name = '{app_name}'\n" if app_name else "")
        + f"urlpatterns = [path('{route}', show, name={name or 'show'!r})]\n",
        "monolith/urls.py": "from django.urls import include, path\n\n"
        "urlpatterns = [path('api/v1/', include('modules.sales.urls'))]\n",
    }


_BOTH_URLS = {
    "monolith/urls.py": "from django.urls import include, path\n\n"
    "urlpatterns = [path('api/v1/', include('modules.sales.urls')), path('api/v1/', include('modules.stock.urls'))]\n"
}
ADDRESSES = (
    kind(
        "BND235",
        "an address below another module's prefix",
        _urls("stock/sold/<uuid:item_id>"),
    ),
    kind(
        "BND236",
        "a URL namespace with another module's name",
        _urls("sales/sold", app_name="stock"),
    ),
    kind(
        "BND236",
        "a URL name that two modules use",
        _urls("sales/sold", "detail", "") | _urls("stock/sold", "detail", "", STOCK) | _BOTH_URLS,
        _urls("sales/sold", "sale", "") | _urls("stock/sold", "item", "", STOCK) | _BOTH_URLS,
    ),
)

_TAGS = "from django import template\n\nregister = template.Library()\n"
TEMPLATES = (
    kind(
        "BND240",
        "a template in another module's folder",
        {f"{SALES}/templates/stock/item.html": "sold out"},
    ),
    kind(
        "BND240",
        "a module that replaces the admin's pages",
        {f"{SALES}/templates/admin/base_site.html": "ours"},
        {f"{SALES}/templates/admin/sales/change_list.html": "ours"},
    ),
    kind(
        "BND241",
        "a static file in another module's folder",
        {f"{SALES}/static/stock/page.css": ""},
    ),
    kind(
        "BND242",
        "two modules' tag libraries with one name",
        {f"{SALES}/templatetags/prices.py": _TAGS, f"{STOCK}/templatetags/prices.py": _TAGS},
        {f"{SALES}/templatetags/sales_prices.py": _TAGS, f"{STOCK}/templatetags/stock_prices.py": _TAGS},
    ),
    kind(
        "BND243",
        "a template that includes another module's",
        {
            f"{STOCK}/templates/stock/row.html": "",
            f"{SALES}/templates/sales/list.html": "{% include 'stock/row.html' %}",
        },
    ),
    kind(
        "BND243",
        "a template that links by another module's URL name",
        {f"{SALES}/templates/sales/list.html": "{% url 'stock:item' id %}"},
    ),
    kind(
        "BND243",
        "a template that loads another module's tags",
        {
            f"{STOCK}/templatetags/stock_prices.py": _TAGS,
            f"{SALES}/templates/sales/list.html": "{% load i18n stock_prices %}",
        },
    ),
)

_ADMIN = "from django.apps import apps\nfrom django.contrib import admin\n\n"


def _admin(body: str, label: str = "sales", model: str = "Sale") -> Files:
    text = f"class Page(admin.ModelAdmin):\n    {body}\n\nadmin.site.register(apps.get_model('{label}', '{model}'), Page)\n"
    return {f"{SALES}/admin.py": _ADMIN + text}


def _inline(model: str) -> Files:
    text = f"class Rows(admin.TabularInline):\n    model = apps.get_model('{model}')\n\n\n"
    page = _admin("inlines = [Rows]")[f"{SALES}/admin.py"]
    return {f"{SALES}/admin.py": _ADMIN + text + page.removeprefix(_ADMIN)}


_LINKED = models("item = models.ForeignKey('stock.Item', models.CASCADE, related_name='+')")
ADMIN = (
    kind("BND245", "an admin page for another module's model", _admin("pass", "stock", "Item")),
    kind(
        "BND246",
        "an admin inline of another module's rows",
        models("sale = models.ForeignKey('sales.Sale', models.CASCADE)", folder=STOCK) | _inline("stock.Planted"),
    ),
    kind(
        "BND246",
        "admin columns, filters and completion over a border",
        _LINKED | _admin("search_fields = ['item__pieces']; autocomplete_fields = ['item']", model="Planted"),
    ),
)

_SERIALIZERS = "from django.apps import apps\nfrom rest_framework import serializers\n\n"
_FORMS = "from django import forms\nfrom django.apps import apps\n\n"


def _shown(text: str, folder: str = SALES) -> Files:
    """Return files whose classes are loaded with the handlers."""
    package = folder.replace("/", ".")
    return {
        f"{folder}/shown.py": text,
        f"{SALES}/handlers.py": f"+\nimport {package}.shown\n" if folder == SALES else "+",
    }


PRESENTATION = (
    kind(
        "BND250",
        "a serializer made from another module's model",
        _shown(
            f"{_SERIALIZERS}class Row(serializers.ModelSerializer):\n    class Meta:\n"
            "        model = apps.get_model('stock.Item')\n        fields = '__all__'\n"
        ),
    ),
    kind(
        "BND250",
        "a form made from another module's model",
        _shown(
            f"{_FORMS}class Row(forms.ModelForm):\n    class Meta:\n"
            "        model = apps.get_model('stock.Item')\n        fields = '__all__'\n"
        ),
    ),
    kind(
        "BND251",
        "a serializer that nests another module's",
        {
            f"{STOCK}/rows.py": f"{_SERIALIZERS}class Row(serializers.Serializer):\n    pieces = serializers.IntegerField()\n"
        }
        | _shown(
            f"{_SERIALIZERS}from modules.stock import rows\n\n"
            "class Sold(serializers.Serializer):\n    item = rows.Row(many=True)\n"
        ),
    ),
    kind(
        "BND251",
        "a form whose choices are another module's rows",
        _shown(
            f"{_FORMS}class Chosen(forms.Form):\n    item = forms.ModelChoiceField(apps.get_model('stock.Item').objects.all())\n"
        ),
    ),
    kind(
        "BND252",
        "a generic view over another module's rows",
        _shown(
            "from django.apps import apps\nfrom django.views.generic import ListView\n\n"
            "class Rows(ListView):\n    queryset = apps.get_model('stock.Item').objects.all()\n"
        ),
    ),
    kind(
        "BND252",
        "a view that renders another module's template",
        _shown(
            "from django.views.generic import TemplateView\n\nclass Page(TemplateView):\n    template_name = 'stock/item.html'\n"
        ),
    ),
)
