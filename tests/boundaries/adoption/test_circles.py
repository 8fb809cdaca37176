"""Circles, and what to cut so that none is left."""

from hypothesis import given
from hypothesis import strategies as st

from infra.boundaries.adoption.circles import cheapest_cuts, knots, short_circles

PAIRS = st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")).filter(lambda pair: pair[0] != pair[1])


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(arrow[0], arrow[1]) for arrow in text.split()]


def test_a_knot_is_a_group_in_which_each_reaches_all_others() -> None:
    assert knots(_pairs("ab bc ca cd de ed ef")) == [("a", "b", "c"), ("d", "e")]
    assert knots(_pairs("ab bc ac")) == []


def test_short_circles_have_two_or_three_modules_and_are_told_once() -> None:
    assert short_circles(_pairs("ab ba bc ca")) == [("a", "b"), ("a", "b", "c")]
    assert short_circles(_pairs("ab bc cd da")) == []  # four: a circle, but not a short one


def test_the_cheaper_way_round_is_cut() -> None:
    assert cheapest_cuts({("a", "b"): 9, ("b", "a"): 2}) == [("b", "a")]
    # One arrow that closes two circles costs less than one of each.
    weights = {("a", "b"): 3, ("b", "a"): 2, ("b", "c"): 3, ("c", "a"): 2, ("a", "c"): 9}
    assert cheapest_cuts(weights) == [("b", "a"), ("c", "a")]


def test_without_circles_nothing_is_cut() -> None:
    assert cheapest_cuts({("a", "b"): 1, ("b", "c"): 1, ("a", "c"): 1}) == []


@given(st.dictionaries(PAIRS, st.integers(1, 9)))
def test_what_is_left_has_no_circle_and_nothing_is_cut_for_nothing(weights: dict[tuple[str, str], int]) -> None:
    cut = cheapest_cuts(weights)
    left = [arrow for arrow in weights if arrow not in cut]

    assert knots(left) == []
    assert all(knots([*left, arrow]) for arrow in cut)
