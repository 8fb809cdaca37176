"""Log lines as JSON (or for people, in development), from structlog and from the standard library alike.

    log = structlog.get_logger(__name__)
    log.info("order_confirmed", order_id=order.id)

Each line carries the correlation id of the request that it follows from, and its module. Named by `settings.LOGGING_CONFIG`.
"""

from __future__ import annotations

import logging
import logging.config
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

from infra.contracts.context import current
from infra.observability.redaction import redact


class Output:
    """Writes lines to whatever standard error is at that moment; standard output belongs to what commands print."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    debug = info = warning = warn = error = critical = fatal = exception = log = msg


_encode = msgspec.json.Encoder(enc_hook=str).encode
_output = Output("access")
_writes_json = False
_access_is_logged = True


def configure(options: Mapping[str, Any]) -> None:
    """Configure both ways of logging.

    Args:
        options: `format`, "json" or "console", and `level`, the least that is written.
    """
    global _writes_json, _access_is_logged
    _writes_json = options["format"] == "json"
    renderer: Any = structlog.dev.ConsoleRenderer() if options["format"] == "console" else render_json
    level: int = logging.getLevelNamesMapping()[options["level"].upper()]
    _access_is_logged = level <= logging.INFO
    enrich: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_origin,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    # People read tracebacks in colour, from the renderer; programs get them as a text.
    tracebacks = [] if options["format"] == "console" else [structlog.processors.format_exc_info]
    finish: list[Any] = [*tracebacks, redact, renderer]
    structlog.configure(
        processors=[*enrich, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=Output,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [*enrich, structlog.stdlib.ExtraAdder()],
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
                }
            },
            "handlers": {"standard_error": {"()": StandardError, "formatter": "structured"}},
            "root": {"handlers": ["standard_error"], "level": level},
            "loggers": {
                "django": {"handlers": [], "level": "INFO", "propagate": True},
                # The access log tells of refused requests already.
                "django.request": {"level": "ERROR"},
                "django.security.DisallowedHost": {"level": "ERROR"},
                "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
            },
        }
    )


def write_access_lines(lines: list[dict[str, Any]]) -> None:
    """Write the lines of some requests, at level "info".

    They go past structlog's chain, which takes five times as long, and hold nothing that redaction would find.
    """
    if not _access_is_logged:
        return
    render = _json_line if _writes_json else _plain_line
    _output.msg("\n".join([render(line) for line in lines]))


def _json_line(line: dict[str, Any]) -> str:
    return _encode(line).decode()


def _plain_line(line: dict[str, Any]) -> str:
    where = line.get("path") or f"/{line['route']}"
    return (
        f"{line['at']} {line['status']} {line['method']:<6} {where} {line['ms']:g} ms {line.get('code', '')}".rstrip()
    )


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def add_origin(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add which request the line follows from, and which module wrote it (a structlog processor)."""
    context = current()
    if context.correlation_id is not None:
        event.setdefault("correlation_id", context.correlation_id)
    if context.causation_id is not None:
        event.setdefault("causation_id", context.causation_id)
    logger_name: str = getattr(event.get("_record"), "name", None) or getattr(logger, "name", "") or ""
    if logger_name:
        event.setdefault("logger", logger_name)
        if logger_name.startswith("modules."):
            event.setdefault("module", logger_name.split(".", 2)[1])
    return event


def render_json(logger: Any, name: str, event: Mapping[str, Any]) -> str:
    """Return the line (a structlog processor)."""
    return _encode({**event}).decode()
