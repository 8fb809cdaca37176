from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from infra.money import Money
from modules.catalog import use_cases
from modules.catalog.models import Attribute
from modules.catalog.use_cases import ImageDraft, define_attribute
from tests.api import Api
from tests.catalog.factories import NOON, eur, product

pytestmark = pytest.mark.usefixtures("database")

PRODUCTS = "/api/v1/catalog/products"
CountStatements = Callable[[Callable[[], object]], int]


def names(api: Api, query: str = "") -> list[str]:
    answer = api.get(f"{PRODUCTS}?{query}")
    assert answer.status_code == 200, answer.content
    return [found["name"] for found in answer.json()["data"]]


def test_a_listed_product_has_the_agreed_shape(api: Api) -> None:
    picture = ImageDraft(url="/media/catalog/vase.svg", alternative_text="A blue vase")
    vase = product(
        "Vase",
        price=eur("19.90"),
        variants={"Small": 3, "Large": 4},
        description="<p>Thrown by hand.</p>",
        category=("Home", "Vases"),
        images=(picture,),
        sku="VASE",
    )

    (shown,) = api.get(PRODUCTS).json()["data"]

    assert shown == {
        "id": str(vase.product_id),
        "slug": vase.slug,
        "name": "Vase",
        "description": "Thrown by hand.",
        "category": "vases",
        "price": {"amount": 1990, "currency": "EUR"},
        "available": 7,
        "image": "/media/catalog/vase.svg",
        "imageAlt": "A blue vase",
        "vendor": "",
        "variants": [
            {
                "id": str(vase.variant_ids[0]),
                "sku": "VASE-Small",
                "name": "Small",
                "price": {"amount": 1990, "currency": "EUR"},
                "available": 3,
                "options": {"Size": "Small"},
            },
            {
                "id": str(vase.variant_ids[1]),
                "sku": "VASE-Large",
                "name": "Large",
                "price": {"amount": 1990, "currency": "EUR"},
                "available": 4,
                "options": {"Size": "Large"},
            },
        ],
    }


def test_the_page_of_a_product_shows_what_the_list_shows_and_more(api: Api) -> None:
    vase = product("Vase", description="<p>Thrown <b onclick='x()'>by hand</b>.</p>", category=("Home", "Vases"))
    (listed,) = api.get(PRODUCTS).json()["data"]

    page = api.get(f"{PRODUCTS}/{vase.slug}").json()

    assert page.items() >= listed.items()
    assert page["descriptionHtml"] == "<p>Thrown <b>by hand</b>.</p>"
    assert [crumb["slug"] for crumb in page["breadcrumbs"]] == ["home", "vases"]


@pytest.mark.parametrize("name", ["slug", "product_id", "sku", "variant_id"])
def test_a_product_answers_to_all_of_its_names(api: Api, name: str) -> None:
    vase = product("Vase")

    answer = api.get(f"{PRODUCTS}/{getattr(vase, name)}")

    assert answer.status_code == 200
    assert answer.json()["id"] == str(vase.product_id)


def test_a_former_slug_leads_to_the_present_one(api: Api) -> None:
    vase = product("Vase")
    use_cases.edit_product(vase.product_id, slug="hand-thrown-vase", at=NOON)

    answer = api.get(f"{PRODUCTS}/{vase.slug}?currency=EUR")

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{PRODUCTS}/hand-thrown-vase?currency=EUR"
    assert api.get(answer.headers["Location"]).json()["slug"] == "hand-thrown-vase"


@pytest.mark.parametrize("reference", ["nothing", "00000000-0000-7000-8000-000000000000", "a%20b", "%F0%9F%92%A1"])
def test_what_is_not_there_is_not_found(api: Api, reference: str) -> None:
    answer = api.get(f"{PRODUCTS}/{reference}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "catalog.product_unknown"


def test_a_withdrawn_product_is_neither_listed_nor_found(api: Api) -> None:
    vase = product("Vase")
    use_cases.withdraw_product(vase.product_id, at=NOON)

    assert names(api) == []
    assert api.get(f"{PRODUCTS}/{vase.slug}").status_code == 404


def test_a_known_version_is_not_sent_again_until_a_piece_is_reserved(api: Api) -> None:
    vase = product("Vase", on_hand=2)
    etag = api.get(f"{PRODUCTS}/{vase.slug}").headers["ETag"]
    assert api.get(f"{PRODUCTS}/{vase.slug}", headers={"If-None-Match": etag}).status_code == 304

    use_cases.reserve_stock(key="order-1", quantities={vase.variant_id: 1}, hold_seconds=60)

    answer = api.get(f"{PRODUCTS}/{vase.slug}", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.json()["available"] == 1
    assert answer.headers["Cache-Control"] == "public, no-cache"


def test_a_product_without_a_price_in_the_currency_is_not_listed_in_it(api: Api) -> None:
    vase = product("Vase", price=eur("19.90"))
    assert names(api, "currency=USD") == []

    use_cases.set_price(sku=vase.sku, price=Money(2490, "USD"))

    (shown,) = api.get(f"{PRODUCTS}?currency=USD").json()["data"]
    assert shown["price"] == {"amount": 2490, "currency": "USD"}
    assert names(api) == ["Vase"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["Cup", "Bowl", "Ålborg vase"]),
        ("price", ["Bowl", "Ålborg vase", "Cup"]),
        ("-price", ["Cup", "Ålborg vase", "Bowl"]),
        ("name", ["Ålborg vase", "Bowl", "Cup"]),
        ("popular", ["Ålborg vase", "Cup", "Bowl"]),
    ],
)
def test_lists_come_in_every_order_page_by_page(api: Api, sort: str, expected: list[str]) -> None:
    made = [
        product(title, price=eur(price), at=NOON + timedelta(hours=hours))
        for hours, (title, price) in enumerate([("Ålborg vase", "20.00"), ("Bowl", "10.00"), ("Cup", "30.00")])
    ]
    use_cases.count_pieces_sold({made[0].product_id: 5, made[2].product_id: 2})

    seen, cursor = [], ""
    while cursor is not None:
        answer = api.get(f"{PRODUCTS}?sort={sort}&limit=1" + (f"&after={cursor}" if cursor else "")).json()
        seen += [found["name"] for found in answer["data"]]
        cursor = answer["next"]

    assert seen == expected
    assert names(api, f"sort={sort}") == expected


def test_without_a_search_the_newest_are_the_most_relevant(api: Api) -> None:
    product("Lamp", at=NOON)
    product("Vase", at=NOON + timedelta(hours=1))

    assert names(api, "sort=relevance") == names(api) == ["Vase", "Lamp"]


def test_equals_in_the_order_are_neither_skipped_nor_repeated_over_pages(api: Api) -> None:
    made = {product(f"Cup {number}").slug for number in range(7)}

    for sort in ("newest", "price", "-price", "popular"):
        seen, cursor = [], ""
        while cursor is not None:
            answer = api.get(f"{PRODUCTS}?sort={sort}&limit=2" + (f"&after={cursor}" if cursor else "")).json()
            seen += [found["slug"] for found in answer["data"]]
            cursor = answer["next"]
        assert len(seen) == 7
        assert set(seen) == made


def test_a_category_holds_what_is_below_it(api: Api) -> None:
    product("Chair", category=("Home", "Furniture"))
    product("Sofa", category=("Home", "Furniture", "Sofas"))
    product("Shirt", category=("Clothing",))

    assert sorted(names(api, "category=furniture")) == ["Chair", "Sofa"]
    assert sorted(names(api, "category=home")) == ["Chair", "Sofa"]
    assert names(api, "category=sofas") == ["Sofa"]
    answer = api.get(f"{PRODUCTS}?category=garden")
    assert (answer.status_code, answer.json()["code"]) == (404, "catalog.category_unknown")


def test_filters_narrow_a_list(api: Api) -> None:
    product("Red cup", price=eur("5.00"), vendor="Ton", tags=("gift",), on_hand=0)
    product("Dear cup", price=eur("50.00"), vendor="Glas", variants={"S": 0, "L": 1})

    assert names(api, "maxPrice=500") == ["Red cup"]
    assert names(api, "minPrice=501") == ["Dear cup"]
    assert names(api, "minPrice=500&maxPrice=5000&sort=price") == ["Red cup", "Dear cup"]
    assert names(api, "available=true") == ["Dear cup"]
    assert names(api, "available=false") == ["Red cup"]
    assert names(api, "attribute=brand:Ton") == ["Red cup"]
    assert names(api, "attribute=tag:gift") == ["Red cup"]
    assert names(api, "attribute=size:S") == ["Dear cup"]
    assert names(api, "attribute=brand:Ton&attribute=brand:Glas&sort=price") == ["Red cup", "Dear cup"]
    assert names(api, "attribute=brand:Ton&attribute=size:S") == []


def test_typed_attributes_are_shown_and_filtered(api: Api) -> None:
    kinds = Attribute.Type
    define_attribute("material", name="Material", type_=kinds.CHOICE, choices=["Oak", "Ash"])
    define_attribute("height", name="Height", type_=kinds.NUMBER, unit="cm")
    define_attribute("vegan", name="Vegan", type_=kinds.BOOL)
    define_attribute("note", name="Note", type_=kinds.TEXT, is_filterable=False)
    stool = product("Stool", attributes={"material": "Oak", "height": 45.5, "vegan": True, "note": "Old"})
    product("Table", attributes={"material": "Ash", "height": 72, "vegan": False})

    assert names(api, "attribute=material:Oak") == ["Stool"]
    assert names(api, "attribute=height:72") == ["Table"]
    assert names(api, "attribute=vegan:yes") == ["Stool"]
    assert names(api, "attribute=note:Old") == []
    shown = api.get(f"{PRODUCTS}/{stool.slug}").json()["attributes"]
    assert [(one["code"], one["value"], one["unit"]) for one in shown] == [
        ("height", 45.5, "cm"),
        ("material", "Oak", ""),
        ("note", "Old", ""),
        ("vegan", True, ""),
    ]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("sort=best", "sort"),
        ("sort=", "sort"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("minPrice=-1", "minPrice"),
        ("maxPrice=1.5", "maxPrice"),
        ("available=perhaps", "available"),
        ("currency=XXY", "currency"),
        ("attribute=red", "attribute"),
        ("attribute=colour:", "attribute"),
        (f"q={'x' * 201}", "q"),
        ("facets=2", "facets"),
    ],
)
def test_an_unusable_parameter_is_refused_by_name(api: Api, query: str, parameter: str) -> None:
    answer = api.get(f"{PRODUCTS}?{query}")

    assert answer.status_code == 400
    assert parameter in answer.json()["detail"]


def test_an_unknown_parameter_is_refused_by_name(api: Api) -> None:
    answer = api.get(f"{PRODUCTS}?colour=red")

    assert (answer.status_code, answer.json()["parameters"]) == (400, ["colour"])


def test_a_cursor_is_good_for_its_own_list_only(api: Api) -> None:
    for number in range(3):
        product(f"Cup {number}", tags=("gift",))
    cursor = api.get(f"{PRODUCTS}?limit=1").json()["next"]

    for query in ("sort=price", "q=cup", "attribute=tag:gift", "currency=USD", "minPrice=1", "available=true"):
        assert api.get(f"{PRODUCTS}?{query}&after={cursor}").status_code == 400


def test_facets_count_what_each_further_choice_would_leave(api: Api) -> None:
    product("Red cup", price=eur("5.00"), vendor="Ton", category=("Home", "Cups"))
    product("Blue cup", price=eur("15.00"), vendor="Ton", category=("Home", "Cups"), on_hand=0)
    product("Glass", price=eur("15.00"), vendor="Glas", category=("Home", "Glasses"))

    body = api.get(f"{PRODUCTS}?facets=true&category=cups&attribute=brand:Ton&available=true").json()

    facets = body["facets"]
    assert [found["name"] for found in body["data"]] == ["Red cup"]
    assert {one["slug"]: one["count"] for one in facets["categories"]} == {"home": 1, "cups": 1}
    assert facets["availability"] == {"inStock": 1, "soldOut": 1}
    (brands,) = [one for one in facets["attributes"] if one["code"] == "brand"]
    assert brands["values"] == [{"value": "Ton", "count": 1}]
    assert facets["prices"] == [
        {"least": {"amount": 0, "currency": "EUR"}, "below": {"amount": 1000, "currency": "EUR"}, "count": 1}
    ]


def test_a_facet_does_not_narrow_itself(api: Api) -> None:
    product("Red cup", price=eur("5.00"), vendor="Ton")
    product("Glass", price=eur("15.00"), vendor="Glas")

    facets = api.get(f"{PRODUCTS}?facets=true&attribute=brand:Ton&maxPrice=700").json()["facets"]

    (brands,) = facets["attributes"]
    assert brands["values"] == [{"value": "Ton", "count": 1}]
    facets = api.get(f"{PRODUCTS}?facets=true&attribute=brand:Ton").json()["facets"]
    (brands,) = facets["attributes"]
    assert brands["values"] == [{"value": "Glas", "count": 1}, {"value": "Ton", "count": 1}]
    assert [bucket["count"] for bucket in facets["prices"]] == [1]


def test_facets_of_everything_and_of_nothing(api: Api) -> None:
    assert api.get(f"{PRODUCTS}?facets=true").json()["facets"] == {
        "categories": [],
        "prices": [],
        "attributes": [],
        "availability": {"inStock": 0, "soldOut": 0},
    }
    product("Red cup")
    assert api.get(f"{PRODUCTS}?facets=1&q=cup").json()["facets"]["availability"] == {"inStock": 1, "soldOut": 0}


def test_the_category_tree_is_shown_whole(api: Api) -> None:
    product("Sofa", category=("Home", "Furniture", "Sofas"))
    product("Shirt", category=("Clothing",))

    answer = api.get("/api/v1/catalog/categories")

    def outline(nodes: list[dict[str, object]]) -> list[object]:
        return [(node["slug"], outline(node["children"])) for node in nodes]  # type: ignore[arg-type]

    assert outline(answer.json()["data"]) == [("clothing", []), ("home", [("furniture", [("sofas", [])])])]
    etag = answer.headers["ETag"]
    assert api.get("/api/v1/catalog/categories", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (PRODUCTS, 1),
        (f"{PRODUCTS}?category=cups&sort=price", 1),
        (f"{PRODUCTS}?sort=popular", 1),
        (f"{PRODUCTS}?q=cup", 2),
        (f"{PRODUCTS}?q=cpu", 2),
        (f"{PRODUCTS}/cup-1", 1),
        (f"{PRODUCTS}/CUPS-S", 2),
    ],
)
def test_a_page_costs_the_same_few_statements_however_much_it_shows(
    api: Api, path: str, most: int, count_statements: CountStatements
) -> None:
    for number in range(12):
        sizes = {"S": 1, "M": 2, "L": 3}
        product(
            f"Cup {number}", handle=f"cup-{number}", category=("Cups",), variants=sizes, sku="" if number else "CUPS"
        )

    assert count_statements(lambda: api.get(path)) <= most
