"""Where contracts are served: `/_contracts/<contract>/<method>`. A facade must not route this path from outside."""

from django.urls import path

from infra.http.contract_server import serve

urlpatterns = [path("_contracts/<str:wire_name>/<str:name>", serve, name="contract-call")]
