"""W3C Trace Context: the trace of whoever calls goes on, or a new one starts."""

from __future__ import annotations

import re
import secrets

_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def continued(header: str | None) -> str:
    """Return this process's own `traceparent`: a new span in the caller's trace.

    Args:
        header: what the caller sent; a malformed one is ignored whole, as the standard asks, and a new trace starts.
    """
    if header and (match := _FORM.fullmatch(header)):
        version, trace_id, _, flags, more = match.groups()
        if version != "00" or more is None:
            return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
