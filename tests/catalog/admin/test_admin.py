from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Picture
from pytest_django import Settings

from infra.events.testing import deliver_all
from modules.catalog import queries, use_cases
from modules.catalog.models import Attribute, Category, Image, Movement, Product, Stock, Variant
from modules.catalog.use_cases import define_attribute
from tests.api import Api
from tests.catalog.factories import eur, product

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def staff(settings: Settings, tmp_path: Path) -> Client:
    settings.MEDIA_ROOT = tmp_path
    client = Client()
    client.force_login(User.objects.create_superuser("admin", "admin@example.com", "x"))
    return client


def rows(prefix: str, initial: int, *filled: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a set of inline forms."""
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(filled),
        f"{prefix}-INITIAL_FORMS": initial,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for number, fields in enumerate(filled):
        data |= {f"{prefix}-{number}-{name}": value for name, value in fields.items()}
    return data


def product_data(*variants: dict[str, Any], initial: int = 0, **fields: Any) -> dict[str, Any]:
    defaults = {"title": "Lamp", "slug": "lamp", "vendor": "", "tags": "", "description_html": "<p>Bright</p>"}
    return defaults | rows("variants", initial, *variants) | rows("images", 0) | rows("attribute_values", 0) | fields


def variant_row(sku: str = "LAMP", options: str = "", **fields: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "options": options,
        "weight_grams": 500,
        "requires_shipping": "on",
        "is_active": "on",
        "position": 0,
    } | fields


def saved(client: Client, path: str, data: dict[str, Any]) -> None:
    answer = client.post(path, data)
    errors = answer.context and [
        answer.context["errors"],
        *(f.formset.non_form_errors() for f in answer.context["inline_admin_formsets"]),
    ]
    assert answer.status_code == 302, errors


def test_every_page_opens(staff: Client) -> None:
    lamp = product("Lamp", category=("Home", "Lamps"), variants={"S": 1, "L": 0})
    use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 1}, hold_seconds=60)
    define_attribute("height", name="Height", type_=Attribute.Type.NUMBER, unit="cm")
    home = Category.objects.get(slug="home")

    for page in (
        "product/",
        "product/?q=lamp&on_sale=yes",
        "product/?on_sale=no",
        "product/add/",
        f"product/{lamp.product_id}/change/",
        "variant/",
        f"variant/{lamp.variant_id}/change/",
        "category/",
        f"category/{home.pk}/change/",
        "attribute/",
        f"attribute/{Attribute.objects.get().pk}/change/",
        "reservation/",
        "reservation/order-1/change/",
    ):
        answer = staff.get(f"/admin/catalog/{page}")
        assert answer.status_code == 200, page


def test_a_product_is_made_priced_stocked_and_published(staff: Client, api: Api, heard: list[str]) -> None:
    saved(staff, "/admin/catalog/product/add/", product_data(variant_row(options="Size: S, Colour: Red")))
    variant = Variant.objects.get(sku="LAMP")
    assert variant.options == [["Size", "S"], ["Colour", "Red"]]

    stocked = variant_row(options="Size: S, Colour: Red") | {
        "difference": 12,
        "reason": "received",
        "reference": "Note 7",
    }
    prices = rows("prices", 0, {"currency": "eur", "whole_units": "19.90"})
    saved(staff, f"/admin/catalog/variant/{variant.pk}/change/", stocked | prices | rows("movements", 0))
    data = {"action": "publish", "_selected_action": [str(variant.product_id)]}
    staff.post("/admin/catalog/product/", data)

    (shown,) = api.get("/api/v1/catalog/products").json()["data"]
    assert (shown["name"], shown["price"]["amount"], shown["available"]) == ("Lamp", 1990, 12)
    assert shown["variants"][0]["options"] == {"Size": "S", "Colour": "Red"}
    assert Movement.objects.get().reference == "Note 7"
    deliver_all()
    assert heard == ["+Lamp"]
    assert queries.discrepancies() == []


def test_a_product_without_a_price_is_not_published(staff: Client) -> None:
    saved(staff, "/admin/catalog/product/add/", product_data(variant_row()))

    answer = staff.post(
        "/admin/catalog/product/",
        {"action": "publish", "_selected_action": [str(Product.objects.get().pk)]},
        follow=True,
    )

    assert b"once a variant of it has a price" in answer.content
    assert not Product.objects.get().is_on_sale


def test_editing_shows_at_once_and_a_former_slug_goes_on_leading(staff: Client, api: Api) -> None:
    lamp = product("Lamp", sku="LAMP", handle="lamp")
    row = variant_row(id=str(lamp.variant_id), product=str(lamp.product_id))

    saved(
        staff,
        f"/admin/catalog/product/{lamp.product_id}/change/",
        product_data(
            row, initial=1, title="Bright lamp", slug="bright-lamp", description_html="<b>Hi</b><script>x</script>"
        ),
    )

    page = api.get("/api/v1/catalog/products/bright-lamp").json()
    assert (page["name"], page["description"], page["descriptionHtml"]) == ("Bright lamp", "Hi", "<b>Hi</b>")
    assert api.get("/api/v1/catalog/products/lamp").status_code == 301


def test_stock_cannot_be_taken_below_what_is_reserved(staff: Client) -> None:
    lamp = product("Lamp", sku="LAMP", on_hand=3)
    use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=60)

    answer = staff.post(
        f"/admin/catalog/variant/{lamp.variant_id}/change/",
        variant_row() | {"difference": -2, "reason": "corrected"} | rows("prices", 0) | rows("movements", 0),
    )

    assert b"2 of them reserved" in answer.content
    assert Stock.objects.get().on_hand == 3


def test_prices_with_too_many_decimals_are_refused(staff: Client) -> None:
    lamp = product("Lamp", sku="LAMP", price=eur("5.00"))

    answer = staff.post(
        f"/admin/catalog/variant/{lamp.variant_id}/change/",
        variant_row() | rows("prices", 0, {"currency": "JPY", "whole_units": "19.90"}) | rows("movements", 0),
    )

    assert b"more decimals than JPY has" in answer.content


def a_picture() -> SimpleUploadedFile:
    content = BytesIO()
    Picture.new("RGB", (8, 8), "red").save(content, "PNG")
    return SimpleUploadedFile("lamp.png", content.getvalue())


def test_an_uploaded_picture_is_kept_and_served(staff: Client, api: Api) -> None:
    lamp = product("Lamp", sku="LAMP", handle="lamp")
    row = variant_row(id=str(lamp.variant_id), product=str(lamp.product_id))
    picture = {"url": "", "alternative_text": "A red lamp", "position": 0, "upload": a_picture()}

    saved(
        staff,
        f"/admin/catalog/product/{lamp.product_id}/change/",
        product_data(row, initial=1, slug=lamp.slug) | rows("images", 0, picture),
    )

    image = api.get(f"/api/v1/catalog/products/{lamp.slug}").json()["image"]
    answer = api.get(image)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    answer.close()


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (
            {"alternative_text": "A lamp", "upload": SimpleUploadedFile("a.png", b"<svg onload='x()'/>")},
            b"is not a JPEG",
        ),
        ({"alternative_text": "A lamp"}, b"Choose a file, or give an address"),
        ({"url": "https://example.com/a.jpg", "alternative_text": ""}, b"This field is required"),
    ],
)
def test_a_picture_needs_content_and_words(staff: Client, picture: dict[str, Any], sentence: bytes) -> None:
    lamp = product("Lamp", sku="LAMP", handle="lamp")
    row = variant_row(id=str(lamp.variant_id), product=str(lamp.product_id))

    answer = staff.post(
        f"/admin/catalog/product/{lamp.product_id}/change/",
        product_data(row, initial=1, slug=lamp.slug) | rows("images", 0, {"position": 0} | picture),
    )

    assert sentence in answer.content
    assert not Image.objects.exists()


def test_a_renamed_category_is_found_at_once_and_cannot_stand_below_itself(staff: Client, api: Api) -> None:
    product("Lamp", category=("Home", "Lamps"))
    home, lamps = Category.objects.get(slug="home"), Category.objects.get(slug="lamps")

    saved(
        staff,
        f"/admin/catalog/category/{home.pk}/change/",
        {"name": "Dwelling", "slug": "home", "parent": "", "position": 0},
    )
    answer = staff.post(
        f"/admin/catalog/category/{home.pk}/change/",
        {"name": "Home", "slug": "home", "parent": str(lamps.pk), "position": 0},
    )

    assert b"cannot stand below itself" in answer.content
    assert [found["name"] for found in api.get("/api/v1/catalog/products?q=dweling").json()["data"]] == ["Lamp"]


def test_a_choice_in_use_stays_a_choice(staff: Client) -> None:
    define_attribute("material", name="Material", type_=Attribute.Type.CHOICE, choices=["Oak", "Ash"])
    product("Stool", attributes={"material": "Oak"})
    material = Attribute.objects.get()

    answer = staff.post(f"/admin/catalog/attribute/{material.pk}/change/", {"name": "Material", "choices": "Ash"})

    assert b"would no longer be allowed" in answer.content
    saved_choices = {"name": "Wood", "choices": "Oak,Ash,Elm", "is_filterable": "on"}
    assert staff.post(f"/admin/catalog/attribute/{material.pk}/change/", saved_choices).status_code == 302


def test_products_are_not_deleted(staff: Client) -> None:
    lamp = product("Lamp")

    assert staff.get(f"/admin/catalog/product/{lamp.product_id}/delete/").status_code == 403
