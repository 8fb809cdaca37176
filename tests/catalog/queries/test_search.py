from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.catalog import use_cases
from modules.catalog.models import Word
from modules.catalog.queries import Filters, Sort, listed_products, understood
from modules.catalog.queries.listings import SCORE
from modules.catalog.queries.search import nearest
from modules.catalog.queries.words import compact, folded, trigrams, words_of
from tests.catalog.factories import NOON, product

WORDS = (
    "Ceramic Vase", "Table Lamp", "Merino Blanket", "Fountain Pen", "Watering Can", "Canvas Backpack", "Oak Bookshelf",
    "Stoneware Mug", "Velvet Cushion", "Leather Notebook", "Cast Iron Teapot", "Rain Jacket", "Jigsaw Puzzle",
)  # fmt: skip


def found(text: str, limit: int = 5) -> list[str]:
    expression = understood(text)
    if expression is None:
        return []
    listed = listed_products(Filters(currency="EUR", search=expression), sort=Sort.RELEVANCE, limit=limit)
    return [one.document.name for one in listed]


@pytest.fixture
def shop(database: None) -> None:
    for title in WORDS:
        product(title, sku=title.upper().replace(" ", "-"))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ceramc vase", "Ceramic Vase"),  # a letter left out
        ("ceramicc vase", "Ceramic Vase"),  # one too many
        ("lapm", "Table Lamp"),  # two swapped
        ("kamp", "Table Lamp"),  # the first one wrong
        ("fontain pen", "Fountain Pen"),
        ("wattering can", "Watering Can"),
        ("bakcpack", "Canvas Backpack"),
        ("bookshelve", "Oak Bookshelf"),
        ("stonware", "Stoneware Mug"),
        ("cushoin", "Velvet Cushion"),
        ("noteboook", "Leather Notebook"),
        ("teepot", "Cast Iron Teapot"),
        ("jackett", "Rain Jacket"),
        ("jigsw puzle", "Jigsaw Puzzle"),
        ("mernio blankt", "Merino Blanket"),
    ],
)
def test_slips_of_the_pen_are_forgiven(typed: str, meant: str) -> None:
    assert found(typed)[0] == meant


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("LAMP", "Table Lamp"),
        ("lamps", "Table Lamp"),  # another form of the word
        ("lam", "Table Lamp"),  # still typing
        ("cera", "Ceramic Vase"),
        ("cast iron tea", "Cast Iron Teapot"),
        ("the lamp", "Table Lamp"),  # a word that says nothing
        ("TABLE-LAMP", "Table Lamp"),  # a SKU
        ("cérâmic", "Ceramic Vase"),
        ("  vase  ", "Ceramic Vase"),
        ('"vase" & !(', "Ceramic Vase"),  # marks mean nothing
    ],
)
def test_words_are_found_in_every_form(typed: str, meant: str) -> None:
    assert found(typed) == [meant]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("typed", ["xylophone", "ceramic lamp", "!!!", "'", "\\", "42", "vase zzzzzz", "a" * 200, "😀"])
def test_what_is_not_there_is_not_found(typed: str) -> None:
    assert found(typed) == []


@pytest.mark.usefixtures("database")
def test_a_title_counts_more_than_a_description() -> None:
    product("Vase", description="Goes well beside a lamp, a lamp, and a lamp.")
    product("Lamp")

    assert found("lamp") == ["Lamp", "Vase"]


@pytest.mark.usefixtures("database")
def test_brand_category_options_and_skus_are_found() -> None:
    product("Stool", vendor="Tischler", category=("Furniture",), variants={"Huge": 1}, sku="P-101", tags=("garden",))

    for typed in ("tischler", "furniture", "huge", "P-101", "p101", "P-101-Huge", "garden", "P-10"):
        assert found(typed) == ["Stool"], typed


@pytest.mark.usefixtures("database")
def test_an_edit_is_found_in_the_same_moment_and_the_former_word_is_not() -> None:
    lamp = product("Lamp")

    use_cases.edit_product(lamp.product_id, title="Chandelier", at=NOON)

    assert found("chandelir") == ["Chandelier"]
    assert found("lamp") == []


@pytest.mark.usefixtures("database")
def test_words_that_nothing_has_any_more_are_forgotten() -> None:
    lamp = product("Lamp")
    use_cases.edit_product(lamp.product_id, title="Chandelier", at=NOON)

    use_cases.forget_unused_words()

    assert set(Word.objects.values_list("word", flat=True)) == {"chandelier", "sku"}


@pytest.mark.usefixtures("database")
def test_pages_of_a_search_neither_skip_nor_repeat() -> None:
    for number in range(7):
        product("Lamp " * (1 + number % 3))
    everything = Filters(currency="EUR", search=understood("lamp"))
    whole = listed_products(everything, sort=Sort.RELEVANCE, limit=100)

    first = listed_products(everything, sort=Sort.RELEVANCE, limit=3)
    later = "(({score}), l.product_id) < (%s, %s)"
    second = listed_products(
        everything, sort=Sort.RELEVANCE, limit=100, later=(later.format(score=SCORE), list(first[-1].position))
    )

    assert [one.position for one in first + second] == [one.position for one in whole]


def test_several_words_may_have_been_meant() -> None:
    assert nearest("lamo", {"lamp", "lame", "lime", "limit"}) == ["lame", "lamp"]
    assert nearest("lamp", {"lamp", "lame"}) == []
    assert nearest("woolen", {"wool", "wooden", "woman"}) == ["wooden", "wool"]
    assert nearest("la", {"lb"}, beginning=False) == ["lb"]


def test_text_is_folded() -> None:
    assert folded("Café ÀÉ Straße") == "cafe ae strasse"
    assert words_of("P-101: 45 cm, l'été") == ["p", "101", "45", "cm", "l", "ete"]
    assert compact("P-101/x") == "p101x"
    assert trigrams("cat") == ["__c", "_ca", "at_", "cat"]


@pytest.mark.usefixtures("database")
def test_no_text_breaks_a_search() -> None:
    @given(st.text(max_size=200))
    def search_for(text: str) -> None:
        found(text.replace("\x00", ""))

    search_for()
