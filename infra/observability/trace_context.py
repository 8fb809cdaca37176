"""W3C Trace Context: the trace of whoever calls goes on, or a new one starts."""

from __future__ import annotations

import re
from random import getrandbits

_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def continued(header: str | None) -> str:
    """Return this process's own `traceparent`: a new span in the caller's trace.

    Args:
        header: what the caller sent; a malformed one is ignored whole, as the standard asks, and a new trace starts.
    """
    if header and (match := _FORM.fullmatch(header)):
        version, trace_id, _, flags, more = match.groups()
        if version != "00" or more is None:
            return f"00-{trace_id}-{_identifier(64)}-{flags}"
    return f"00-{_identifier(128)}-{_identifier(64)}-01"


def _identifier(bits: int) -> str:
    # Unique is enough, secret it need not be; the system's generator would hand the interpreter's lock to another thread.
    return f"{getrandbits(bits) | 1:0{bits // 4}x}"
