from __future__ import annotations

import time
from base64 import urlsafe_b64encode

import msgspec
import pytest

from infra.contracts.signing import ServiceKey, signed
from infra.facade import actor
from infra.facade.actor import ActorRefused, signed_actor, verified_actor

NEW, OLD = ServiceKey("new", b"n" * 32), ServiceKey("old", b"o" * 32)
REQUEST = {"audience": "catalog", "method": "PATCH", "path": "/api/v1/catalog/products/1"}


def _signed(*keys: ServiceKey, **changes: str) -> str:
    return signed_actor(keys or (NEW,), **{"email": "staff@example.com", **REQUEST, **changes})


def _verified(header: str, *keys: ServiceKey, **changes: str) -> str:
    return verified_actor(keys or (NEW, OLD), header, **{**REQUEST, **changes})


def test_the_facades_word_is_believed_for_the_request_that_it_was_given_for() -> None:
    assert _verified(_signed()) == "staff@example.com"
    assert _verified(_signed(OLD)) == "staff@example.com"  # while keys are changed


@pytest.mark.parametrize(
    "changes", [{"audience": "orders"}, {"method": "DELETE"}, {"path": "/api/v1/catalog/products/2"}]
)
def test_it_is_good_for_no_other_request(changes: dict[str, str]) -> None:
    with pytest.raises(ActorRefused):
        _verified(_signed(), **changes)


def test_it_is_not_good_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    header = _signed()
    now = time.time()

    monkeypatch.setattr("infra.facade.actor.time.time", lambda: now + actor.SECONDS - 2)
    assert _verified(header)
    monkeypatch.setattr("infra.facade.actor.time.time", lambda: now + actor.SECONDS + 1)

    with pytest.raises(ActorRefused):
        _verified(header)


def _of_whom(email: str, seconds: int = 20) -> str:
    made = {**REQUEST, "email": email, "expires_at": int(time.time()) + seconds}
    return urlsafe_b64encode(msgspec.json.encode(made)).decode()


def _forgeries() -> list[str]:
    good = _signed()
    key_id, _, rest = good.partition(",")
    _, _, signature = rest.partition(",")
    of_a_call = signed((NEW,), method="POST", path="/x", body=b"", caller="catalog@x").rpartition("signature=")[2]
    return [
        "",
        ",,",
        "new",
        f"{key_id},{_of_whom('boss@example.com')},{signature}",
        f"{key_id},{_of_whom('boss@example.com')},{of_a_call}",
        f"{key_id},{_of_whom('boss@example.com')},",
        good.replace("new,", "old,"),
        good.replace("new,", "unknown,"),
        _signed(ServiceKey("new", b"x" * 32)),
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good + "é",
        "new," + "A" * 10_000 + ",x",
    ]


@pytest.mark.parametrize("forged", _forgeries(), ids=range(12))
def test_a_forged_word_is_refused(forged: str) -> None:
    with pytest.raises(ActorRefused):
        _verified(forged)


def test_a_signer_cannot_give_a_word_that_lasts() -> None:
    payload = _of_whom("boss@example.com", seconds=3600)

    with pytest.raises(ActorRefused):
        _verified(f"new,{payload},{actor._signature(NEW, payload)}")


def test_signed_nonsense_is_refused() -> None:
    for nonsense in (b"[]", b"{}", b"\xff"):
        payload = urlsafe_b64encode(nonsense).decode()
        with pytest.raises(ActorRefused):
            _verified(f"new,{payload},{actor._signature(NEW, payload)}")
