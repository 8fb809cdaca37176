"""Where contracts are served: `/_contracts/<contract>/<method>`. A facade must not route this path from outside."""

from django.urls import path

from infra.contracts.declaration import declared_contracts
from infra.http.contract_server import serve

urlpatterns = [
    # One route per contract, so that logs and metrics name the module that is asked.
    *(
        path(f"_contracts/{declared.wire_name}/<str:name>", serve, {"wire_name": declared.wire_name})
        for declared in declared_contracts()
    ),
    path("_contracts/<str:wire_name>/<str:name>", serve),
]
