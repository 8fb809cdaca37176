"""A signature is good for one request, once, for half a minute, with any of the known keys."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from infra.contracts import CallerRefused, ContractDeclarationError
from infra.contracts.nonces import NoncesInMemory, NoncesOnHost, NonceStore
from infra.contracts.signing import CLOCK_WINDOW_SECONDS, read_keys, signed, verify

OLD, NEW = "old:" + "o" * 32, "new:" + "n" * 32
REQUEST = {"method": "POST", "path": "/_contracts/echo.v1/water", "body": b'{"litres":1}', "caller": "orders@monolith"}


def accept(authorization: str, keys: list[str], nonces: NonceStore | None = None, **changes: Any) -> None:
    verify(read_keys(keys), nonces or NoncesInMemory(), authorization, **(REQUEST | changes))


def sign(keys: list[str], **changes: Any) -> str:
    return signed(read_keys(keys), **(REQUEST | changes))


def test_a_signed_request_is_accepted() -> None:
    accept(sign([NEW]), [NEW])


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"path": "/_contracts/echo.v1/plant"},
        {"body": b'{"litres":2}'},
        {"body": b""},
        {"caller": "payments@monolith"},
    ],
    ids=str,
)
def test_a_request_altered_on_the_way_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CallerRefused, match="does not fit"):
        accept(sign([NEW]), [NEW], **change)


@pytest.mark.parametrize("field", ["timestamp", "nonce"])
def test_the_time_and_the_nonce_are_signed_too(field: str) -> None:
    head, _, tail = sign([NEW]).partition(f"{field}=")

    with pytest.raises(CallerRefused, match="does not fit"):
        accept(f"{head}{field}={'1' * 10}{tail[10:]}", [NEW])


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Banyan-HMAC-SHA256 ", "Banyan-HMAC-SHA256 key=new"])
def test_a_request_without_a_signature_is_refused(authorization: str) -> None:
    with pytest.raises(CallerRefused, match="carries no"):
        accept(authorization, [NEW])


def test_a_key_of_the_same_name_with_another_secret_is_refused() -> None:
    with pytest.raises(CallerRefused, match="does not fit"):
        accept(sign(["new:" + "x" * 32]), [NEW])


def test_while_keys_are_rotated_both_are_accepted_and_the_first_signs() -> None:
    accept(sign([OLD]), [NEW, OLD])
    accept(sign([NEW, OLD]), [OLD, NEW])
    assert "key=new," in sign([NEW, OLD])


def test_a_key_taken_out_is_refused() -> None:
    with pytest.raises(CallerRefused, match="not known"):
        accept(sign([OLD]), [NEW])


@pytest.mark.parametrize("seconds", [-CLOCK_WINDOW_SECONDS - 2, CLOCK_WINDOW_SECONDS + 2])
def test_a_signature_from_another_time_is_refused(seconds: int) -> None:
    now = time.time()
    with patch("time.time", lambda: now + seconds):
        authorization = sign([NEW])

    with pytest.raises(CallerRefused, match="seconds old"):
        accept(authorization, [NEW])


@pytest.fixture(params=["memory", "host"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], NonceStore]:
    return NoncesInMemory if request.param == "memory" else lambda: NoncesOnHost(tmp_path / "nonces")


def test_the_same_request_is_accepted_once(new_store: Callable[[], NonceStore]) -> None:
    nonces = new_store()
    authorization = sign([NEW])
    accept(authorization, [NEW], nonces)

    with pytest.raises(CallerRefused, match="received before"):
        accept(authorization, [NEW], nonces)


def test_two_requests_in_the_same_second_are_two(new_store: Callable[[], NonceStore]) -> None:
    nonces = new_store()

    accept(sign([NEW]), [NEW], nonces)
    accept(sign([NEW]), [NEW], nonces)


def test_a_nonce_is_forgotten_when_its_signature_is_too_old_anyway(new_store: Callable[[], NonceStore]) -> None:
    nonces, nonce = new_store(), "0" * 32
    wall, monotonic = time.time(), time.monotonic()
    assert nonces.first_use(nonce, lifetime_seconds=60)

    for seconds, is_new in ((59, False), (200, True)):
        with patch("time.time", lambda s=seconds: wall + s), patch("time.monotonic", lambda s=seconds: monotonic + s):
            assert nonces.first_use(nonce, lifetime_seconds=60) is is_new


def test_a_request_played_back_to_another_process_of_the_host_is_refused(tmp_path: Path) -> None:
    nonce = "a" * 32
    code = (
        "import sys, pathlib; from infra.contracts.nonces import NoncesOnHost;"
        "sys.exit(not NoncesOnHost(pathlib.Path(sys.argv[1])).first_use(sys.argv[2], lifetime_seconds=60))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path), nonce], check=True)

    assert not NoncesOnHost(tmp_path).first_use(nonce, lifetime_seconds=60)


def test_nonces_on_the_host_leave_nothing_behind(tmp_path: Path) -> None:
    wall = time.time()
    store = NoncesOnHost(tmp_path)
    for minute in range(5):
        with patch("time.time", lambda m=minute: wall + 60 * m):
            store.first_use(f"{minute:032x}", lifetime_seconds=60)

    assert len(list(tmp_path.iterdir())) <= 2


@pytest.mark.parametrize("nonce", ["../../escape", "", "A" * 32, "0" * 31])
def test_a_nonce_is_no_path(tmp_path: Path, nonce: str) -> None:
    assert not NoncesOnHost(tmp_path).first_use(nonce, lifetime_seconds=60)


@pytest.mark.parametrize(
    "word", ["no-colon", ":" + "x" * 32, "short:secret", "with space:" + "x" * 32, "a=b:" + "x" * 32]
)
def test_a_malformed_key_is_refused_at_the_start_without_telling_the_secret(word: str) -> None:
    with pytest.raises(ContractDeclarationError, match="SERVICE_KEYS") as caught:
        read_keys([word])

    assert "x" * 32 not in str(caught.value)


def test_two_keys_of_one_name_are_refused_at_the_start() -> None:
    with pytest.raises(ContractDeclarationError, match="same id"):
        read_keys([NEW, "new:" + "m" * 32])


def test_without_a_key_nothing_is_sent() -> None:
    with pytest.raises(ContractDeclarationError, match="SERVICE_KEYS is empty"):
        sign([])


def test_a_key_does_not_print_its_secret() -> None:
    assert "nnn" not in repr(read_keys([NEW]))
