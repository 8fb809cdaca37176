"""The addresses of the payments service: its module's, and those that every service has."""

from infra.service.addresses import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
