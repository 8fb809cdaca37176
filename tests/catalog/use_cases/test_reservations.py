from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from django.db import IntegrityError, connections

from infra.events.testing import deliver_all
from modules.catalog import queries, use_cases
from modules.catalog.contract import OutOfStock, ReservationReleased
from modules.catalog.models import Movement, Reservation, ReservationLine, Stock
from modules.catalog.use_cases.reservations import MOST_EXPIRED_AT_ONCE
from tests.catalog.factories import Sold, product

pytestmark = pytest.mark.usefixtures("database")


def reserve(key: str, *wanted: tuple[UUID, int], hold_seconds: int = 600) -> None:
    use_cases.reserve_stock(key=key, quantities=dict(wanted), hold_seconds=hold_seconds)


def stock_of(sold: Sold) -> tuple[int, int]:
    stock = Stock.objects.get(variant=sold.variant_id)
    return stock.on_hand, stock.reserved


def let_expire(key: str) -> None:
    Reservation.objects.filter(key=key).update(expires_at="2020-01-01T00:00:00Z")


def sweep_after(key: str) -> None:
    let_expire(key)
    assert use_cases.expire_holds() == 1


def test_reserved_pieces_are_no_longer_available() -> None:
    lamp = product(on_hand=3)

    reserve("order-1", (lamp.variant_id, 2))

    assert stock_of(lamp) == (3, 2)
    assert queries.offers([lamp.sku], currency="EUR")[lamp.sku].available == 1


def test_a_repeated_reservation_takes_no_further_piece_and_extends_the_hold() -> None:
    lamp = product(on_hand=3)
    first = use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=60)

    again = use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=600)

    assert stock_of(lamp) == (3, 2)
    assert (again.expires_at - first.expires_at).total_seconds() > 500


def test_a_repeat_never_shortens_a_hold() -> None:
    lamp = product()
    first = use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=600)

    again = use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=1)

    assert again.expires_at == first.expires_at


def test_all_pieces_are_reserved_or_none() -> None:
    lamp, vase = product(on_hand=3), product("Vase", on_hand=1)

    with pytest.raises(OutOfStock) as refusal:
        reserve("order-1", (lamp.variant_id, 2), (vase.variant_id, 2))

    assert refusal.value.members["shortages"] == [
        {"variantId": str(vase.variant_id), "sku": vase.sku, "requested": 2, "available": 1}
    ]
    assert stock_of(lamp) == (3, 0)
    assert not Reservation.objects.exists()
    assert not ReservationLine.objects.exists()


def test_an_unknown_variant_is_out_of_stock() -> None:
    with pytest.raises(OutOfStock) as refusal:
        reserve("order-1", (UUID(int=7), 1))

    assert refusal.value.members["shortages"] == [
        {"variantId": str(UUID(int=7)), "sku": "", "requested": 1, "available": 0}
    ]


@pytest.mark.parametrize("quantities", [{}, {UUID(int=7): 0}, {UUID(int=7): -1}])
def test_a_reservation_of_nothing_is_a_mistake(quantities: dict[UUID, int]) -> None:
    with pytest.raises(ValueError, match="at least one piece"):
        use_cases.reserve_stock(key="order-1", quantities=quantities, hold_seconds=60)


def test_committed_pieces_leave_the_stock_once_and_for_good() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))

    use_cases.commit_stock(key="order-1")
    use_cases.commit_stock(key="order-1")
    reserve("order-1", (lamp.variant_id, 2))

    assert stock_of(lamp) == (1, 0)
    moved = Movement.objects.filter(reference="order-1").values_list("quantity", "reason")
    assert list(moved) == [(-2, "sold")]


def test_released_pieces_come_back_once() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))

    use_cases.release_stock(key="order-1")
    use_cases.release_stock(key="order-1")

    assert stock_of(lamp) == (3, 0)


def test_sold_pieces_come_back_when_they_are_released() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))
    use_cases.commit_stock(key="order-1")

    use_cases.release_stock(key="order-1")
    use_cases.release_stock(key="order-1")

    assert stock_of(lamp) == (3, 0)
    assert queries.discrepancies() == []


@pytest.mark.parametrize("was_used", [True, False])
def test_a_released_key_stays_released_even_if_it_was_never_used(was_used: bool) -> None:
    lamp = product(on_hand=3)
    if was_used:
        reserve("order-1", (lamp.variant_id, 1))
    use_cases.release_stock(key="order-1")

    with pytest.raises(ReservationReleased):
        reserve("order-1", (lamp.variant_id, 1))
    with pytest.raises(ReservationReleased):
        use_cases.commit_stock(key="order-1")

    assert stock_of(lamp) == (3, 0)


def test_a_key_that_was_never_used_cannot_be_committed() -> None:
    with pytest.raises(OutOfStock):
        use_cases.commit_stock(key="order-1")

    assert not Reservation.objects.exists()


def test_an_expired_hold_gives_its_pieces_back() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))

    sweep_after("order-1")

    assert stock_of(lamp) == (3, 0)
    assert use_cases.expire_holds() == 0


def test_a_sold_reservation_never_expires() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))
    use_cases.commit_stock(key="order-1")
    let_expire("order-1")

    assert use_cases.expire_holds() == 0

    assert stock_of(lamp) == (1, 0)


def test_an_expired_hold_is_taken_anew_on_a_repeat() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))
    sweep_after("order-1")

    reserve("order-1", (lamp.variant_id, 3))

    assert stock_of(lamp) == (3, 3)
    assert queries.discrepancies() == []


def test_an_expired_hold_can_still_be_sold_while_there_are_pieces() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))
    sweep_after("order-1")

    use_cases.commit_stock(key="order-1")

    assert stock_of(lamp) == (1, 0)
    assert queries.discrepancies() == []


def test_an_expired_hold_whose_pieces_are_gone_cannot_be_sold() -> None:
    lamp = product(on_hand=2)
    reserve("order-1", (lamp.variant_id, 2))
    sweep_after("order-1")
    reserve("order-2", (lamp.variant_id, 1))

    with pytest.raises(OutOfStock):
        use_cases.commit_stock(key="order-1")

    assert stock_of(lamp) == (2, 1)
    assert Reservation.objects.get(key="order-1").state == Reservation.State.EXPIRED


def test_a_released_key_does_not_give_back_what_had_expired() -> None:
    lamp = product(on_hand=3)
    reserve("order-1", (lamp.variant_id, 2))
    sweep_after("order-1")

    use_cases.release_stock(key="order-1")

    assert stock_of(lamp) == (3, 0)


def test_holds_beyond_one_sweep_all_expire() -> None:
    lamp = product(on_hand=1000)
    keys = [f"order-{number}" for number in range(MOST_EXPIRED_AT_ONCE + 5)]
    for key in keys:
        reserve(key, (lamp.variant_id, 1))
    Reservation.objects.update(expires_at="2020-01-01T00:00:00Z")

    assert use_cases.expire_holds() == len(keys)

    assert stock_of(lamp) == (1000, 0)


def test_pieces_that_are_not_counted_never_run_out() -> None:
    card = product("Gift card", on_hand=0, is_tracked=False)

    reserve("order-1", (card.variant_id, 5))
    use_cases.commit_stock(key="order-1")
    use_cases.release_stock(key="order-1")

    assert stock_of(card) == (0, 0)
    assert queries.discrepancies() == []


def test_taking_the_last_piece_is_announced_once(heard: list[str]) -> None:
    lamp = product(on_hand=2, sku="LAMP")
    reserve("order-1", (lamp.variant_id, 1))
    deliver_all()
    assert "LAMP" not in heard

    reserve("order-2", (lamp.variant_id, 1))
    use_cases.commit_stock(key="order-2")
    deliver_all()

    assert heard.count("LAMP") == 1


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Run `work` in as many threads, started together; return results or exceptions."""
    barrier = Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return work(number)
        except (OutOfStock, ReservationReleased) as refusal:
            return refusal
        finally:
            connections["catalog"].close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_fifty_buyers_of_ten_pieces_get_exactly_ten() -> None:
    lamp, vase = product(on_hand=10), product("Vase", on_hand=100)
    pairs = [(lamp.variant_id, 1), (vase.variant_id, 1)]

    results = at_once(50, lambda number: reserve(f"order-{number}", *(pairs if number % 2 else reversed(pairs))))

    assert sum(isinstance(result, OutOfStock) for result in results) == 40
    assert stock_of(lamp) == (10, 10)
    assert stock_of(vase) == (100, 10)
    assert queries.discrepancies() == []


def test_the_same_key_at_once_takes_its_pieces_once() -> None:
    lamp = product(on_hand=10)

    at_once(20, lambda number: reserve("order-1", (lamp.variant_id, 2)))

    assert stock_of(lamp) == (10, 2)


def test_reserving_and_releasing_a_key_at_once_leaves_nothing_behind() -> None:
    lamp = product(on_hand=10)

    at_once(
        20,
        lambda number: (
            use_cases.release_stock(key="order-1") if number % 2 else reserve("order-1", (lamp.variant_id, 2))
        ),
    )

    assert stock_of(lamp) == (10, 0)


def test_selling_and_sweeping_at_once_sells_each_piece_once() -> None:
    lamp = product(on_hand=10)
    for number in range(10):
        reserve(f"order-{number}", (lamp.variant_id, 1))
    Reservation.objects.update(expires_at="2020-01-01T00:00:00Z")

    at_once(
        15, lambda number: use_cases.commit_stock(key=f"order-{number}") if number < 10 else use_cases.expire_holds()
    )

    assert stock_of(lamp) == (0, 0)
    assert queries.discrepancies() == []


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("reserved", 11, "stock_not_oversold"),
        ("reserved", -1, "stock_reserved_not_negative"),
        ("on_hand", -1, "stock_not_oversold"),
    ],
)
def test_the_database_refuses_an_impossible_stock(column: str, value: int, constraint: str) -> None:
    lamp = product(on_hand=10)

    with pytest.raises(IntegrityError, match=constraint):
        Stock.objects.filter(variant=lamp.variant_id).update(**{column: value})


@pytest.mark.parametrize("statement", ["UPDATE catalog_movement SET quantity = 99", "DELETE FROM catalog_movement"])
def test_the_database_refuses_to_rewrite_movements(statement: str) -> None:
    product(on_hand=10)

    with pytest.raises(IntegrityError, match="written once"), connections["catalog"].cursor() as cursor:
        cursor.execute(statement)


def test_the_books_show_a_piece_that_vanished_without_a_movement() -> None:
    lamp = product(on_hand=10)
    Stock.objects.filter(variant=lamp.variant_id).update(on_hand=9)

    (found,) = queries.discrepancies()

    assert (found.sku, found.on_hand, found.moved) == (lamp.sku, 9, 10)


@pytest.mark.parametrize(
    ("work", "most"),
    [("reserve", 2), ("commit", 2), ("release", 4), ("offers", 1)],
)
def test_a_call_costs_few_statements(work: str, most: int, count_statements: Callable[..., int]) -> None:
    lamps = [product(on_hand=10) for _ in range(5)]
    wanted = [(lamp.variant_id, 1) for lamp in lamps]
    calls: dict[str, Callable[[], object]] = {
        "reserve": lambda: reserve("order-2", *wanted),
        "commit": lambda: use_cases.commit_stock(key="order-1"),
        "release": lambda: use_cases.release_stock(key="order-1"),
        "offers": lambda: queries.offers([lamp.sku for lamp in lamps], currency="EUR"),
    }
    reserve("order-1", *wanted)

    assert count_statements(calls[work]) <= most
