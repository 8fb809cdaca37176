import pytest
from django.db import transaction

from infra.events.outbox import PublishOutsideTransaction, publish
from infra.events.testing import deliver_all, published, subscribed
from tests.infra.events.announcing import announce
from tests.infra.events.facts import AlsoHappened, Followed, Happened

pytestmark = pytest.mark.usefixtures("database")


def test_publishing_outside_a_transaction_of_the_module_is_refused() -> None:
    with pytest.raises(PublishOutsideTransaction, match="atomic"), transaction.atomic(using="orders"):
        publish(Happened(key="a", number=1))

    assert published(Happened) == []


def test_a_rolled_back_transaction_announces_nothing() -> None:
    heard: list[Happened] = []

    with transaction.atomic(using="catalog"):
        publish(Happened(key="a", number=1))
        transaction.set_rollback(True, using="catalog")
    with subscribed(Happened, heard.append, consumer="orders"):
        deliver_all()

    assert heard == []


def test_each_event_is_handled_once_in_the_order_of_its_key() -> None:
    heard: list[Happened] = []

    with subscribed(Happened, heard.append, consumer="orders"):
        for number in range(130):
            announce(Happened(key="ab"[number % 2], number=number))
        delivered = deliver_all()
        again = deliver_all()

    assert (delivered, again) == (130, 0)
    assert [event.number for event in heard if event.key == "a"] == list(range(0, 130, 2))
    assert [event.number for event in heard if event.key == "b"] == list(range(1, 130, 2))


def test_a_consumer_hears_only_what_it_subscribes_to_and_misses_nothing_of_it() -> None:
    heard: list[Happened] = []

    with subscribed(Happened, heard.append, consumer="orders"):
        announce(AlsoHappened(key="a", number=1), Happened(key="a", number=2), AlsoHappened(key="a", number=3))
        deliver_all()
        announce(AlsoHappened(key="a", number=4), Happened(key="a", number=5))
        deliver_all()

    assert [event.number for event in heard] == [2, 5]


def test_what_a_handler_announces_is_delivered_too() -> None:
    heard: list[Followed] = []

    with (
        subscribed(Happened, lambda e: publish(Followed(key=e.key, number=e.number)), consumer="orders"),
        subscribed(Followed, heard.append, consumer="users"),
    ):
        announce(Happened(key="a", number=1))
        deliver_all()

    assert heard == [Followed(key="a", number=1)]
