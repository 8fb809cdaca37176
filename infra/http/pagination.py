"""Keyset pages: a page costs the same at any depth, and rows that come and go shift nothing.

    order = ("-placed_at", "-id")                      # the last one unique, none nullable
    page = read_cursor(request, order=order, filters={"status": status})
    rows = page.of(Order.objects.filter(customer_id=customer_id))
    return Json(page.envelope(rows, present))

A view that writes its own SQL takes `page.condition(...)` and `page.limit` (fetch one more), and gives the rows to
`envelope` with `position`.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request

from infra.http.encoding import canonical
from infra.http.parameters import number
from infra.http.problems import HttpProblem

LARGEST_PAGE = 100
USUAL_PAGE = 20
PARAMETERS = frozenset({"limit", "after"})
_VERSION = b"1"
_MAC_BYTES = 12

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


class InvalidCursor(HttpProblem):
    """The cursor was not made by this list, or its filters or order have changed; start again without one."""

    code = "invalid_cursor"


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page starts and how long it is. `after` holds the values of `order` in the row before, None at first."""

    order: tuple[str, ...]
    limit: int
    after: tuple[Any, ...] | None
    binding: bytes

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.removeprefix("-") for column in self.order)

    def of(self, queryset: QuerySet[ModelRow, Row]) -> list[Row]:
        """Return this page's rows and one more, from which `envelope` sees whether there is a next page."""
        if self.after is not None:
            queryset = queryset.filter(_later(self.order, self.after))
        return list(queryset.order_by(*self.order)[: self.limit + 1])

    def condition(self, expressions: Mapping[str, str] | None = None) -> tuple[str, list[Any]]:
        """Return an SQL condition and its parameters for the rows of this page and later; `TRUE` on the first page.

        Args:
            expressions: the SQL of a column where it is not its name, such as {"placed_at": "o.placed_at"}.
        """
        if self.after is None:
            return "TRUE", []
        names = [(expressions or {}).get(column, column) for column in self.columns]
        descending = {column.startswith("-") for column in self.order}
        if len(descending) == 1:
            marks = ", ".join(["%s"] * len(names))
            return f"({', '.join(names)}) {'<' if descending.pop() else '>'} ({marks})", list(self.after)
        alternatives: list[str] = []
        parameters: list[Any] = []
        for last, column in enumerate(self.order):
            parts = [f"{name} = %s" for name in names[:last]]
            parts.append(f"{names[last]} {'<' if column.startswith('-') else '>'} %s")
            alternatives.append(f"({' AND '.join(parts)})")
            parameters += self.after[: last + 1]
        return f"({' OR '.join(alternatives)})", parameters

    def envelope(
        self,
        rows: Sequence[Row],
        present: Callable[[Row], Any],
        position: Callable[[Row], tuple[Any, ...]] | None = None,
    ) -> dict[str, Any]:
        """Return `{"data": [...], "next": cursor or None}`.

        Args:
            rows: up to `limit + 1` rows in order.
            position: a row's values of `order`; by default the attributes (or keys) of those names.
        """
        shown = rows[: self.limit]
        cursor = None
        if len(rows) > self.limit:
            last = shown[-1]
            cursor = self.cursor(position(last) if position else tuple(_value(last, name) for name in self.columns))
        return {"data": [present(row) for row in shown], "next": cursor}

    def cursor(self, position: tuple[Any, ...]) -> str:
        """Return the cursor of the page after the row at `position`: versioned, signed, bound to list and filters."""
        payload = _VERSION + msgspec.json.encode([_tagged(value) for value in position])
        return urlsafe_b64encode(_mac(self.binding, payload) + payload).decode().rstrip("=")


def read_cursor(request: Request, *, order: Sequence[str], filters: Mapping[str, Any] | None = None) -> Page:
    """Read `limit` (1 to 100, usually 20) and `after`. The view's `query_parameters` must name both.

    Args:
        order: field names, `-` before one for descending; the last makes rows distinct, none is nullable.
        filters: whatever else decides which rows there are; a cursor is good for the same filters only.

    Raises:
        InvalidParameter: `limit` is not within bounds.
        InvalidCursor: `after` is forged, damaged, or of another list, order or filter.
    """
    limit = number(request, "limit", least=1, most=LARGEST_PAGE, default=USUAL_PAGE)
    raw = request._request.GET.get("after")
    return page_after(raw, of=request._request.path, order=order, limit=limit, filters=filters)


def page_after(
    cursor: str | None, *, of: str, order: Sequence[str], limit: int, filters: Mapping[str, Any] | None = None
) -> Page:
    """Return the page behind a cursor, for a list that is not asked by a request; see `read_cursor`.

    Args:
        of: names the list, as cursors are good for their own list only.

    Raises:
        InvalidCursor: it is forged, damaged, or of another list, order or filter.
    """
    binding = canonical([of, list(order), dict(filters or {})])
    return Page(tuple(order), limit, None if cursor is None else _position(cursor, binding, len(order)), binding)


def _position(raw: str, binding: bytes, length: int) -> tuple[Any, ...]:
    try:
        decoded = urlsafe_b64decode(raw.encode("ascii") + b"=" * (-len(raw) % 4))
        mac, payload = decoded[:_MAC_BYTES], decoded[_MAC_BYTES:]
        # Compared as text first, because several texts decode to the same bytes.
        if urlsafe_b64encode(decoded).decode().rstrip("=") != raw:
            raise InvalidCursor
        if not hmac.compare_digest(mac, _mac(binding, payload)) or payload[:1] != _VERSION:
            raise InvalidCursor
        values = tuple(_untagged(*tagged) for tagged in msgspec.json.decode(payload[1:]))
    except (ValueError, TypeError, KeyError):
        raise InvalidCursor from None
    if len(values) != length:
        raise InvalidCursor
    return values


def _mac(binding: bytes, payload: bytes) -> bytes:
    key = _key(settings.CURSOR_SECRET or settings.SECRET_KEY)
    return hmac.digest(key, binding + b"\n" + payload, "sha256")[:_MAC_BYTES]


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return sha256(b"infra.http.pagination:" + secret.encode()).digest()


_READERS: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "u": UUID,
    "n": Decimal,
}


def _tagged(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        return "t", value.isoformat()
    if isinstance(value, date):
        return "d", value.isoformat()
    if isinstance(value, UUID):
        return "u", str(value)
    if isinstance(value, Decimal):
        return "n", str(value)
    if isinstance(value, str | int | float):
        return "", value
    raise TypeError(f"A list cannot be paged by {type(value).__qualname__} values.")


def _untagged(tag: str, value: Any) -> Any:
    return _READERS[tag](value)


def _value(row: Any, name: str) -> Any:
    if isinstance(row, Mapping):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _later(order: tuple[str, ...], after: tuple[Any, ...]) -> Q:
    first, value = order[0].removeprefix("-"), after[0]
    # Redundant, but it is what an index on the order can use as the start of its range.
    bound = Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": value})
    alternatives = Q()
    equal: dict[str, Any] = {}
    for column, last in zip(order, after, strict=True):
        name = column.removeprefix("-")
        alternatives |= Q(**equal, **{f"{name}__{'lt' if column.startswith('-') else 'gt'}": last})
        equal[name] = last
    return bound & alternatives
