"""The bucket, 0 to 99, that travels with a customer, so that a share of the traffic is a share of the customers.

Whoever decides (this facade, an edge in front, a caller of contracts) only compares bucket < share. It comes from, in this order:

1. the claim `bkt` of the access token, which the users of the shop carry everywhere. It is read, not verified: whoever forges
   it is refused by the module itself, and until then it says no more than which of two equal sides refuses;
2. the signed cookie `fb`, which guests get with the first answer of a module on the move;
3. the network address, for programs that keep no cookies: stable, but one for all that share an address.

A guest may change sides once, after the first answer. The cookie holds a bucket drawn by lot and not that of the address, or a
shop that tries a service with guests behind one address would try all of them or none.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode
from zlib import crc32

import msgspec
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from infra.http.client_address import client_address_of

BUCKETS = 100
CLAIM = "bkt"
COOKIE = "fb"
HEADER = "X-Bucket"
# As long as somebody who comes back now and then should meet the same side; a move takes days.
COOKIE_SECONDS = 30 * 24 * 3600
_LONGEST_TOKEN = 4096
_KEPT = "infra.facade.bucket"


class _Claims(msgspec.Struct):
    bkt: int | None = None
    sub: str = ""


_decode_claims = msgspec.json.Decoder(_Claims).decode


def bucket_for(identity: str) -> int:
    """Return the bucket of an identity; the same in every process and version."""
    return crc32(identity.encode()) % BUCKETS


def bucket_of(request: HttpRequest) -> int:
    """Return the bucket of whoever sends the request."""
    meta = request.META
    kept: int | None = meta.get(_KEPT)
    if kept is None:
        kept = _claimed(meta.get("HTTP_AUTHORIZATION", ""))
        if kept is None:
            kept = _remembered(request)
        if kept is None:
            kept = bucket_for(client_address_of(request))
        meta[_KEPT] = kept
    return kept


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give a guest without a bucket of their own one that stays, unless the answer may be kept for others."""
    if "HTTP_AUTHORIZATION" in request.META or "public" in response.headers.get("Cache-Control", ""):
        return
    if _remembered(request) is None:
        response.set_cookie(
            COOKIE,
            _signer().sign(str(secrets.randbelow(BUCKETS))),
            max_age=COOKIE_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )


def _claimed(authorization: str) -> int | None:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or len(token) > _LONGEST_TOKEN or token.count(".") != 2:
        return None
    payload = token.split(".")[1]
    try:
        claims = _decode_claims(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, msgspec.DecodeError):
        return None
    if claims.bkt is not None and 0 <= claims.bkt < BUCKETS:
        return claims.bkt
    return bucket_for(claims.sub) if claims.sub else None


def _remembered(request: HttpRequest) -> int | None:
    if COOKIE not in request.META.get("HTTP_COOKIE", "") or (sent := request.COOKIES.get(COOKIE)) is None:
        return None
    try:
        return int(_signer().unsign(sent)) % BUCKETS
    except (BadSignature, ValueError):
        return None


def _signer() -> Signer:
    return Signer(key=settings.SECRET_KEY, salt="infra.facade.bucket", sep=".")
