"""Fresh secrets for a deployment by compose.yaml: `python -m infra.deployment.compose_env [FOLDER]`, once.

Three files, so that what serves knows no owner's password and no administrator's: `shop.env` for every process of the shop,
`owners.env` for what migrates, `postgres.env` for the database server.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.boundaries.discovery import manifests_in

# By alias, as variables are named after it. A module that was added needs nothing here.
SCHEMAS = {"DEFAULT": "platform"} | {manifest.name.upper(): manifest.schema for manifest in manifests_in("modules")}
SERVER = "postgres:5432/banyan"
ADMINISTRATOR = "banyan_admin"


def main(folder: Path) -> None:
    """Write the files; one that exists is never overwritten, as data are locked behind what stands in it."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"shop.env": shop(), **database_server()}
    if existing := [name for name in contents if (folder / name).exists()]:
        raise SystemExit(
            f"{folder / existing[0]} exists, and the databases know the passwords in it. Nothing was written."
        )
    for name, variables in contents.items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{variable}='{value}'\n" for variable, value in variables.items())
        sys.stdout.write(f"{folder / name}\n")


def shop() -> dict[str, str]:
    """Return what every process of the shop needs to know."""
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "DJANGO_SETTINGS_MODULE": "monolith.settings.production",
        "SHOP_URL": "https://localhost",
        "ALLOWED_HOSTS": "localhost,web",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "SERVICE_KEYS": f"first:{secrets.token_urlsafe(40)}",
        "TOKEN_SIGNING_KEYS": key.strip().replace("\n", "\\n"),
        "CELERY_BROKER_URL": "redis://redis:6379/0",
        **urls("{}_DATABASE_URL", "{}"),
    }


def database_server() -> dict[str, dict[str, str]]:
    """Return what only the set-up and the server itself need to know."""
    password = secrets.token_urlsafe(24)
    return {
        "owners.env": {
            "ADMIN_DATABASE_URL": f"postgresql://{ADMINISTRATOR}:{password}@{SERVER}",
            **urls("{}_OWNER_DATABASE_URL", "{}_owner"),
        },
        "postgres.env": {"POSTGRES_USER": ADMINISTRATOR, "POSTGRES_PASSWORD": password, "POSTGRES_DB": "banyan"},
    }


def urls(variable: str, role: str) -> Mapping[str, str]:
    return {
        variable.format(alias): f"postgresql://{role.format(schema)}:{secrets.token_urlsafe(24)}@{SERVER}"
        for alias, schema in SCHEMAS.items()
    }


if __name__ == "__main__":
    main(Path(*sys.argv[1:2]) if sys.argv[1:] else Path(__file__).parent)
