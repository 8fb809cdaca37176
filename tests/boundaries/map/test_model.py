"""Declared beside observed: what is used and not declared, or declared and never used, is marked."""

from __future__ import annotations

from infra.boundaries.map.model import Mark, drawn
from tests.boundaries.map.shops import SALES, SHOP, hearing, question

EVERYTHING = (question("sales", "stock.v1", 3), hearing("stock", "sales.sold.v1"), hearing("post", "sales.sold.v1"))


def marks(*seen: object, everywhere: tuple[str, ...] = ()) -> list[tuple[str, str, str, Mark]]:
    shop = drawn(SHOP, seen, everywhere=everywhere)  # type: ignore[arg-type]
    return [(arrow.source, arrow.name, arrow.target, arrow.mark) for arrow in shop.marked]


def test_an_arrow_that_is_used_and_not_declared_is_marked() -> None:
    assert marks(*EVERYTHING, question("sales", "post.v1")) == [("sales", "post.v1", "post", Mark.UNDECLARED)]
    assert marks(*EVERYTHING, hearing("stock", "sales.quoted.v1")) == [
        ("sales", "sales.quoted.v1", "stock", Mark.UNDECLARED)
    ]


def test_an_arrow_that_is_declared_and_never_used_is_marked() -> None:
    assert marks(*EVERYTHING[:2]) == [("sales", "sales.sold.v1", "post", Mark.UNUSED)]


def test_a_shop_that_does_what_it_declares_has_no_marks() -> None:
    assert marks(*EVERYTHING) == []


def test_where_nobody_watched_nothing_is_called_unused() -> None:
    shop = drawn(SHOP)

    assert not shop.is_observed
    assert shop.marked == ()
    assert {arrow.count for arrow in shop.arrows} == {None}


def test_who_may_ask_everything_is_drawn_when_it_was_seen_and_not_marked() -> None:
    shop = drawn(SHOP, [*EVERYTHING, question("monolith", "post.v1")], everywhere=("monolith",))

    assert shop.outside == ("monolith",)
    assert shop.marked == ()
    assert drawn(SHOP, EVERYTHING, everywhere=("monolith",)).outside == ()


def test_a_stranger_who_asks_is_marked() -> None:
    assert marks(*EVERYTHING, question("newcomer", "post.v1"), everywhere=("monolith",)) == [
        ("newcomer", "post.v1", "post", Mark.UNDECLARED)
    ]


def test_the_methods_of_a_contract_are_one_arrow() -> None:
    twice = [question("sales", "stock.v1", 3, seconds=0.4), question("sales", "stock.v1", 1, seconds=0.4)]

    [arrow] = drawn([SALES], twice).arrows

    assert (arrow.count, arrow.mean_ms) == (4, 200.0)
