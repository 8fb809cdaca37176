"""Fresh secrets of a service beside the shop's compose.yaml: `python -m infra.service.compose_env MODULE`, once.

Four files beside the service's compose.yaml: `service.env` for what serves, `owners.env` for what migrates, `postgres.env` for
its database server, and `carrier.env`, which the shop's set-up, its carrier and `manage.py extract` need to know besides.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.boundaries.discovery import manifests_in
from infra.databases.roles import FOLLOWER_ROLE, READER_SUFFIX
from infra.deployment.compose_env import ADMINISTRATOR, SERVER

ROOT = Path(__file__).resolve().parents[2]
# Of the shop's variables, what is no business of a service: whose settings, and whose tables.
NOT_TAKEN_OVER = ("DJANGO_SETTINGS_MODULE", "_DATABASE_URL")


def main(module: str, *, shop: Path, folder: Path) -> None:
    """Write the files; one that exists is never overwritten, as data are locked behind what stands in it.

    Args:
        shop: the folder of the shop's own shop.env.
    """
    if module not in {manifest.name for manifest in manifests_in("modules")}:
        raise SystemExit(f"There is no module {module}. Nothing was written.")
    if not (shop / "shop.env").is_file():
        raise SystemExit(
            f"{shop / 'shop.env'} is not there. Make the shop's secrets first: python -m infra.deployment.compose_env"
        )
    contents = files(module, variables_in(shop / "shop.env"))
    if existing := [name for name in contents if (folder / name).exists()]:
        raise SystemExit(
            f"{folder / existing[0]} exists, and the databases know the passwords in it. Nothing was written."
        )
    for name, variables in contents.items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{variable}='{value}'\n" for variable, value in variables.items())
        sys.stdout.write(f"{folder / name}\n")
    sys.stdout.write(
        f"Next: cat {folder / 'carrier.env'} >> {shop / 'moves.env'}\n"
        "      docker compose -f infra/deployment/compose.yaml --profile moves up -d\n"
        "That starts a carrier, and the set-up again, which makes the roles that look into the shop's database.\n"
    )


def files(module: str, shop: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the variables of each file."""
    upper, name = module.upper(), module.replace("_", "-")
    schema = next(manifest.schema for manifest in manifests_in("modules") if manifest.name == module)
    own, password = f"{name}-database:5432/banyan", secrets.token_urlsafe(24)
    serving = {f"{upper}_SERVICE_DATABASE_URL": _url(schema, own)}
    owner = {f"{upper}_SERVICE_OWNER_DATABASE_URL": _url(f"{schema}_owner", own)}
    administrator = {f"{upper}_SERVICE_ADMIN_DATABASE_URL": f"postgresql://{ADMINISTRATOR}:{password}@{own}"}
    looking = {
        f"{upper}_READER_DATABASE_URL": shop.get(f"{upper}_READER_DATABASE_URL")
        or _url(f"{schema}{READER_SUFFIX}", SERVER),
        "RECORD_FOLLOWER_URL": shop.get("RECORD_FOLLOWER_URL") or _url(FOLLOWER_ROLE, SERVER),
    }
    return {
        "service.env": {
            **{variable: value for variable, value in shop.items() if not variable.endswith(NOT_TAKEN_OVER)},
            "ALLOWED_HOSTS": "*",  # only the shop and its proxy reach it, with whatever name the customer typed
            "MONOLITH_URL": "http://web:8000",
            f"{upper}_DATABASE_URL": shop[f"{upper}_DATABASE_URL"],
            **serving,
            **looking,
        },
        "owners.env": {**owner, **administrator},
        "postgres.env": {"POSTGRES_USER": ADMINISTRATOR, "POSTGRES_PASSWORD": password, "POSTGRES_DB": "banyan"},
        "carrier.env": {
            f"{upper}_SERVICE_URL": f"http://{name}-service:8000",
            **serving,
            **owner,
            **administrator,
            **looking,
        },
    }


def variables_in(file: Path) -> dict[str, str]:
    """Return the variables of a file as `compose_env` writes them."""
    lines = (line.partition("=") for line in file.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {name: value.strip("'") for name, _, value in lines}


def _url(role: str, place: str) -> str:
    return f"postgresql://{role}:{secrets.token_urlsafe(24)}@{place}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Type: python -m infra.service.compose_env MODULE")
    main(sys.argv[1], shop=ROOT / "infra" / "deployment", folder=ROOT / "extracted" / sys.argv[1])
