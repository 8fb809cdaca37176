"""The entrance of a service: what writes waits while the module is held, and is counted, so that a switch can wait for it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from infra.extraction.admission import HOLD_SECONDS, HeldTooLong
from infra.extraction.record import presence
from infra.http import problems

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class ServiceEntrance:
    """Middleware. Calls of contracts and events have their own admission, as not all of them write."""

    patience_seconds = HOLD_SECONDS

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in READS or request.path_info.startswith("/_"):
            return self.get_response(request)
        try:
            with presence.admission.writing(settings.SERVICE_OF, seconds=self.patience_seconds):
                return self.get_response(request)
        except HeldTooLong:
            # Nothing was done: whoever sent it here asks the record again.
            return problems.render(problems.ModuleMoved("The module is being moved; send the request again."))
