"""The start page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from modules.catalog.use_cases import ImageDraft
from tests.catalog.factories import eur, product

pytestmark = pytest.mark.usefixtures("database")

VOID = {"meta", "link", "img", "input", "br", "source"}


class Page(HTMLParser):
    """Reads a page: its elements, its text, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> list[str]:
        return [link["href"] or "" for link in self.all("a")]


def get(path: str = "/", status: int = 200) -> Page:
    response = Client().get(path)
    assert response.status_code == status
    return Page(response.content.decode())


def test_the_start_page_shows_what_is_on_sale_with_price_and_stock() -> None:
    product("Green Lamp", price=eur("1234.50"), on_hand=3, handle="green-lamp")
    product("Red Chair", on_hand=0)
    product("Hidden Table", is_published=False)

    page = get()

    assert "Green Lamp" in page.text
    assert "€1,234.50" in page.text
    assert "Only 3 left" in page.text
    assert "Sold out" in page.text
    assert "Hidden Table" not in page.text
    assert "/api/v1/catalog/products/green-lamp" in page.links()


def test_the_start_page_leads_to_everything_else() -> None:
    links = get().links()

    assert {"/api/docs", "/api/openapi.json", "/admin/", "/healthz"} <= set(links)
    for path in ("/api/docs", "/api/openapi.json", "/healthz", "/admin/login/"):
        assert Client().get(path).status_code == 200, path


def test_an_empty_shop_says_how_to_fill_it() -> None:
    assert "import_products" in get().text


def test_all_products_are_reached_page_by_page_and_none_twice() -> None:
    titles = {f"Lamp no. {number:02}" for number in range(45)}
    for title in titles:
        product(title)
    seen: list[str] = []
    path, pages = "/", 0

    while path:
        page = get(path)
        pages += 1
        seen += [title for title in titles if title in page.text]
        more = [link["href"] for link in page.all("a") if link.get("rel") == "next"]
        path = f"/{more[0]}".split("#")[0] if more else ""

    assert pages == 3
    assert sorted(seen) == sorted(titles)


def test_a_search_finds_and_its_pages_stay_within_it() -> None:
    for number in range(25):
        product(f"Lamp no. {number}")
        product(f"Chair no. {number}")

    first = get("/?q=lamp")
    second = get("/" + str(next(link["href"] for link in first.all("a") if link.get("rel") == "next")).split("#")[0])

    assert "Chair" not in first.text + second.text
    assert first.text.count("Lamp no.") == 20
    assert second.text.count("Lamp no.") == 5


@pytest.mark.parametrize("search", ["nothing like it", "%00", "'; DROP TABLE", "&|!()<->", "x" * 5000])
def test_a_search_for_anything_is_answered(search: str) -> None:
    product("Lamp")

    get(f"/?q={search}".replace(" ", "+"))


@pytest.mark.parametrize("query", ["after=nonsense", "after="])
def test_a_damaged_link_leads_to_the_first_page(query: str) -> None:
    response = Client().get(f"/?{query}")

    assert response.status_code == 302
    assert response.headers["Location"] == "/"


def test_what_a_product_is_called_is_shown_as_text_only() -> None:
    product(
        "<script>alert(1)</script>", images=(ImageDraft(url="https://img.example/a.png", alternative_text='"><b>'),)
    )

    response = Client().get("/?q=%3Cscript%3E")

    assert "<script" not in response.content.decode()
    assert "<b>" not in response.content.decode()
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_the_page_is_built_for_everybody() -> None:
    product("Lamp", images=(ImageDraft(url="https://img.example/a.png", alternative_text="A green lamp"),))

    page = get()

    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("header")) == len(page.all("footer")) == 1
    assert all("alt" in image for image in page.all("img"))
    assert "A green lamp" in {image["alt"] for image in page.all("img")}
    labelled = {label["for"] for label in page.all("label")}
    assert {field["id"] for field in page.all("input")} == labelled
    assert all("aria-label" in nav for nav in page.all("nav"))
    assert "width=device-width" in str(page.all("meta"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.links() if link.startswith("#")} <= set(ids)
    assert not page.all("script")


def test_the_page_costs_one_query_however_many_products_there_are() -> None:
    for number in range(30):
        product(f"Lamp no. {number}")

    with CaptureQueriesContext(connections["catalog"]) as queries:
        get()

    assert len(queries) == 1


def test_only_reading_is_offered() -> None:
    assert Client().post("/").status_code == 405
    assert Client().head("/").status_code == 200


@pytest.mark.parametrize("file", ["storefront/start.css", "storefront/icon.svg", "users/page.css", "users/page.js"])
def test_styles_and_icons_are_the_shop_s_own(file: str) -> None:
    path = finders.find(file)

    assert path
    text = Path(str(path)).read_text()
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
