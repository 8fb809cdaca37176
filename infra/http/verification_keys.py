"""The public keys that access tokens are verified with, by key id."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.utils.module_loading import import_string

# An unknown key id makes us ask for the keys again (a new key may have been published), at most this often per process,
# so that made-up ids cannot make us ask all the time.
REFETCH_SECONDS = 10.0
# Withdrawn keys are noticed after this long.
KEEP_SECONDS = 300.0


class VerificationKeys:
    """A cache in front of the callable that `settings.VERIFICATION_KEYS` names; it returns {key id: public PEM}."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")

    def key_for(self, key_id: str) -> Any | None:
        """Return the public key of that id, or None; asks for the keys again when it is not known."""
        age = self._clock() - self._fetched_at
        if age > KEEP_SECONDS or (key_id not in self._keys and age > REFETCH_SECONDS):
            self._fetch()
        return self._keys.get(key_id)

    def forget(self) -> None:
        """Make the next question ask anew."""
        self._fetched_at = float("-inf")

    def _fetch(self) -> None:
        with self._lock:
            if self._clock() - self._fetched_at <= REFETCH_SECONDS:
                return  # another thread was faster
            published: Mapping[str, str] = import_string(settings.VERIFICATION_KEYS)()
            self._keys = {key_id: load_pem_public_key(pem.encode()) for key_id, pem in published.items()}
            self._fetched_at = self._clock()


_keys = VerificationKeys()
key_for = _keys.key_for
forget = _keys.forget
