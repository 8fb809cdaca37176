"""Caddy's configuration: the shop's structure, generated from the manifests, and no word of where a module lives today."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.boundaries.manifest import Manifest
from infra.extraction.admission import HOLD_SECONDS
from infra.extraction.fence import HOLD_HEADER
from infra.facade import actor, bucket, messages

Json = dict[str, Any]

# What clients may not say: it is between the processes of the shop.
STRIPPED = (actor.HEADER, bucket.HEADER, messages.MARK, HOLD_HEADER, "Banyan-*", "Forwarded", "X-Real-Ip")
# What is not for the outside at all.
INNER_PATHS = (
    "/_contracts",
    "/_contracts/*",
    "/_events",
    "/_events/*",
    "/_service",
    "/_service/*",
    "/metrics",
    "/readyz",
)
# A larger body goes through piece by piece and can't be sent a second time.
BUFFERED_BYTES = 1024 * 1024
# Short against what a person notices; each try of a held request costs some 0.2 ms.
_TRY_INTERVAL = "50ms"
# Requests in flight at the end; as long as the web server's own.
_GRACE = "25s"
_SHORTER_THAN_THE_WEB_SERVERS = "30s"  # it closes idle connections after 75 s
_PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What the configuration is made of."""

    listen: str  # host:port
    monolith: str  # host:port
    routes: Path  # folder of the modules' files
    admin: Path  # socket
    storage: Path  # certificates
    session_cookie: str
    tls_names: tuple[str, ...] = ()  # with a certificate of Caddy's own authority; none: plain HTTP
    trusted_proxies: tuple[str, ...] = ()  # networks whose X-Forwarded headers are believed


def configuration(structure: Structure, manifests: Iterable[Manifest]) -> Json:
    """Return Caddy's configuration as JSON's values."""
    pages: list[Json] = [
        {"handle": [{"handler": "headers", "request": {"delete": list(STRIPPED)}}]},
        {"match": [{"path": list(INNER_PATHS)}], "handle": [_problem(404, "not_found", "Not found")], "terminal": True},
        *(_module(structure, name, paths) for name, paths in _nearest_first(manifests)),
        {"handle": [_proxy(structure.monolith)]},
    ]
    server: Json = {
        "listen": [structure.listen],
        "routes": pages,
        "errors": {"routes": [{"handle": [_unreachable()]}]},
        "protocols": ["h1", "h2"],
        "automatic_https": {"disable": True},
    }
    if structure.trusted_proxies:
        server["trusted_proxies"] = {"source": "static", "ranges": list(structure.trusted_proxies)}
        server["trusted_proxies_strict"] = (
            1  # the last one that is none of them; what stands before is anybody's invention
        )
    if structure.tls_names:
        server["tls_connection_policies"] = [{"fallback_sni": structure.tls_names[0]}]
    return {
        "admin": {"listen": f"unix/{structure.admin}|0600", "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "WARN"}}},
        "storage": {"module": "file_system", "root": str(structure.storage)},
        "apps": {
            "http": {"grace_period": _GRACE, "servers": {"shop": server}},
            **(_own_authority(structure.tls_names) if structure.tls_names else {}),
        },
    }


def written(structure: Structure, manifests: Iterable[Manifest]) -> str:
    return json.dumps(configuration(structure, manifests), indent=1)


def _nearest_first(manifests: Iterable[Manifest]) -> list[tuple[str, list[str]]]:
    """Return each declared prefix as Caddy's patterns, with its module; of two that cover an address the nearer one wins."""
    claims = sorted(
        ((prefix, manifest.name) for manifest in manifests for prefix in manifest.url_prefixes),
        key=lambda claim: -len(claim[0]),
    )
    return [(name, [prefix.rstrip("/"), f"{prefix}*"] if prefix.endswith("/") else [prefix]) for prefix, name in claims]


def _module(structure: Structure, name: str, paths: list[str]) -> Json:
    reads, writes = f"{{reads_{name}}}", f"{{writes_{name}}}"
    steps: list[Json] = [
        {
            "handle": [
                {
                    "handler": "map",
                    "source": f"{{file.{structure.routes / name}.route}}",
                    "destinations": [reads, writes],
                    "mappings": [{"input_regexp": r"^(\S+:\d+) (\S+:\d+)$", "outputs": ["${1}", "${2}"]}],
                    # A file that is missing or damaged: the web app knows, or asks those who do.
                    "defaults": [structure.monolith, structure.monolith],
                }
            ]
        },
        {
            # A staff member's session means nothing to a service; the facade in the web app says who it is.
            "match": [{"header_regexp": {"Cookie": {"pattern": rf"(?:^|;\s*){structure.session_cookie}="}}}],
            "handle": [_proxy(structure.monolith)],
            "terminal": True,
        },
        {"match": [{"method": sorted(messages.SAFE_METHODS)}], "handle": [_proxy(reads)], "terminal": True},
        {"handle": [_proxy(writes)]},
    ]
    return {"match": [{"path": paths}], "handle": [{"handler": "subroute", "routes": steps}], "terminal": True}


def _proxy(dial: str) -> Json:
    """Return a handler that asks the address, which is looked up again for each try.

    A request that reached nobody is tried again whatever it is. One whose answer was lost is, where it may be done twice; and
    one that was refused for being on the wrong side, as nothing was done.
    """
    lost = "{http.reverse_proxy.is_transport_error} == true"
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": dial}],
        "request_buffers": BUFFERED_BYTES,
        "load_balancing": {
            "try_duration": f"{round(HOLD_SECONDS * 1000)}ms",
            "try_interval": _TRY_INTERVAL,
            "retry_match": [
                {"method": sorted(messages.SAFE_METHODS), "expression": lost},
                {"header": {"Idempotency-Key": ["*"]}, "expression": lost},
                {"expression": f"{{http.reverse_proxy.header.{HOLD_HEADER}}} == '1'"},
            ],
        },
        "headers": {
            # One hop, whoever came before: what stands behind trusts exactly one proxy.
            "request": {"set": {"X-Forwarded-For": ["{http.vars.client_ip}"]}},
            "response": {"delete": [HOLD_HEADER]},
        },
        "transport": {
            "protocol": "http",
            "compression": False,
            "dial_timeout": "1s",
            "keep_alive": {"idle_timeout": _SHORTER_THAN_THE_WEB_SERVERS, "max_idle_conns_per_host": 256},
        },
    }


def _problem(status: int | str, code: str, title: str, headers: Mapping[str, list[str]] | None = None) -> Json:
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return {
        "handler": "static_response",
        "status_code": status,
        "headers": {"Content-Type": [_PROBLEM], **(headers or {})},
        "body": json.dumps(body).replace('"{http.error.status_code}"', "{http.error.status_code}"),
    }


def _unreachable() -> Json:
    title = "The shop cannot be reached at the moment"
    return _problem("{http.error.status_code}", "temporarily_unavailable", title, {"Retry-After": ["1"]})


def _own_authority(names: tuple[str, ...]) -> Json:
    return {
        "pki": {"certificate_authorities": {"local": {"install_trust": False}}},
        "tls": {
            "certificates": {"automate": list(names)},
            "automation": {"policies": [{"subjects": list(names), "issuers": [{"module": "internal"}]}]},
        },
    }
