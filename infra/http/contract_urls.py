"""Where other services ask and announce: `/_contracts/<contract>/<method>`, `/_events/<consumer>`.

A facade must not route these paths from outside.
"""

from django.urls import path

from infra.contracts.declaration import declared_contracts
from infra.http.contract_server import serve
from infra.http.event_server import take_runs, tell_positions

urlpatterns = [
    # One route per contract, so that logs and metrics name the module that is asked.
    *(
        path(f"_contracts/{declared.wire_name}/<str:name>", serve, {"wire_name": declared.wire_name})
        for declared in declared_contracts()
    ),
    path("_contracts/<str:wire_name>/<str:name>", serve),
    path("_events/<str:consumer>", take_runs),
    path("_events/<str:consumer>/positions", tell_positions),
]
