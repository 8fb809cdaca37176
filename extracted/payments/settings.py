"""Settings of the payments service: what every service has (infra/service), and what its module declares."""

from pathlib import Path

from infra.service.configuration import ServiceConfiguration
from modules.payments.settings import declared

_service = ServiceConfiguration("payments", package="extracted.payments", root=Path(__file__).resolve().parents[2])
globals().update(_service.settings() | declared(_service.env, _service.kept))
