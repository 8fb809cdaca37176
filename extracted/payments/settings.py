"""Settings of the payments service: what every service has, and what its module declares."""

from pathlib import Path

from infra.service.configuration import ServiceConfiguration

_service = ServiceConfiguration(
    "payments",
    package="extracted.payments",
    root=Path(__file__).resolve().parents[2],
)
globals().update(_service.settings())
