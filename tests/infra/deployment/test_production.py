"""What stands ready for production: settings, processes, files. The containers themselves are not started here."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from infra.deployment import compose_env, gunicorn
from infra.facade.edge.caddy import binary
from infra.facade.edge.configuration import INNER_PATHS
from tests import databases
from tests.monolith.shop import FOREIGN, Variables, manage
from tests.servers import free_port

DEPLOYMENT = Path(settings.BASE_DIR, "infra", "deployment")
OWNERS = {"setup", "carrier"}  # the only ones that log in as owners of tables
OWNERS_TOO = ["shop.env", "owners.env", {"path": "moves.env", "required": False}]


@pytest.fixture
def production(tmp_path: Path) -> Variables:
    """The variables that compose.yaml's processes get, with the tests' database in place of its server."""
    inherited = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    logins = {
        f"{alias}_DATABASE_URL": address(schema, settings.DATABASES["orders"]["NAME"])
        for alias, schema in compose_env.SCHEMAS.items()
    }
    return {**inherited, **compose_env.shop(), **logins, "BANYAN_STATE_DIR": str(tmp_path), "CELERY_BROKER_URL": ""}


def address(role: str, database: str) -> str:
    place = settings.DATABASES["orders"]
    return f"postgresql://{role}:{databases.PASSWORD}@{place['HOST']}:{place['PORT']}/{database}"


def test_the_deploy_check_finds_nothing(production: Variables) -> None:
    checked = manage(["check", "--deploy", "--fail-level", "WARNING"], production)

    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize("secret", ["SECRET_KEY", "SERVICE_KEYS", "TOKEN_SIGNING_KEYS", "ALLOWED_HOSTS", "SHOP_URL"])
def test_no_secret_has_a_default(production: Variables, secret: str) -> None:
    refused = manage(["check"], {**production, secret: ""})

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{secret} is not set.")
    assert refused.stderr.count("\n") == 1


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("how", ["serve", "gunicorn"])
def test_a_process_refuses_to_serve_while_migrations_are_missing(production: Variables, how: str) -> None:
    missing = production | {"PORT": str(free_port())}
    for alias, schema in compose_env.SCHEMAS.items():
        missing[f"{alias}_DATABASE_URL"] = address(schema, "postgres")

    if how == "serve":
        refused = manage(["serve"], missing)
    else:
        command = [sys.executable, "-m", "gunicorn", "-c", "infra/deployment/gunicorn.py", "monolith.wsgi:application"]
        refused = subprocess.run(
            command, cwd=settings.BASE_DIR, env=missing, capture_output=True, text=True, timeout=120
        )

    assert refused.returncode in (1, 3)
    assert "These schemas lack migrations of this version: default (" in refused.stderr
    assert "manage.py migrate_modules" in refused.stderr
    assert how == "gunicorn" or refused.stderr.count("\n") == 1  # gunicorn tells of its own end, too


def test_the_processes_of_compose_are_commands_that_exist() -> None:
    services = compose()["services"]

    for name, service in services.items():
        if service.get("image") != "banyan":
            continue
        words = " ".join(service["command"])
        for command in re.findall(r"manage\.py,? (\w+)", words):
            assert command in get_commands(), name
        assert service["env_file"] in ("shop.env", OWNERS_TOO)
    assert {name for name, service in services.items() if "owners.env" in service.get("env_file", [])} == OWNERS
    assert services["carrier"]["profiles"] == ["moves"]


def test_the_proxy_of_compose_passes_nothing_that_is_not_for_the_outside(tmp_path: Path) -> None:
    content = compose()["configs"]["caddyfile"]["content"]

    hidden = re.search(r"@inside path (.+)", content)

    assert hidden
    assert set(hidden[1].split()) == set(INNER_PATHS)
    file = tmp_path / "Caddyfile"
    file.write_text(content.replace("${SHOP_HOST:-localhost}", "shop.example.com"))
    adapted = subprocess.run(
        [binary(), "adapt", "--validate", "--config", str(file)],
        capture_output=True, text=True, timeout=60, env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
    )  # fmt: skip
    assert adapted.returncode == 0, adapted.stderr
    handlers = json.dumps(json.loads(adapted.stdout))
    assert handlers.index('"status_code": 404') < handlers.index("web:8000")


def test_every_modules_queue_has_one_kind_of_worker_in_compose() -> None:
    declared = [queue for queues in settings.QUEUES.values() for queue in queues]
    served: list[str] = []
    for service in compose()["services"].values():
        command = service.get("command", [])
        if "--queues" in command:
            served += command[command.index("--queues") + 1].split(",")
        elif "--exclude-queues" in command:
            left_out = command[command.index("--exclude-queues") + 1].split(",")
            served += [queue for queue in declared if queue not in left_out]

    assert sorted(served) == sorted(declared)


def test_the_connections_that_composes_processes_may_open_fit_its_server() -> None:
    services = compose()["services"]
    pool_of_workers = int(services["relay"]["environment"]["DATABASE_POOL_SIZE"])
    concurrency = [int(_after(service["command"], "--concurrency")) for service in _workers(services)]
    processes_of_workers = 1 + sum(1 + each for each in concurrency)

    web = 2 * (gunicorn.threads + 2)
    most = (web + processes_of_workers * pool_of_workers) * len(settings.SCHEMAS)

    allowed = next(word for word in services["postgres"]["command"] if word.startswith("max_connections="))
    assert most == 246, "the comment in compose.yaml says so"
    assert most < int(allowed.partition("=")[2]) - 10


def test_compose_gives_each_process_longer_to_stop_than_its_requests_get() -> None:
    assert int(compose()["services"]["web"]["stop_grace_period"].removesuffix("s")) > gunicorn.graceful_timeout


def test_fresh_secrets_are_written_once_for_their_owner_alone(tmp_path: Path) -> None:
    compose_env.main(tmp_path)

    files = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert set(files) == {"shop.env", "owners.env", "postgres.env"}
    assert "_owner" not in files["shop.env"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    with pytest.raises(SystemExit, match="exists, and the databases know the passwords in it"):
        compose_env.main(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files


def test_the_schemas_of_compose_are_those_of_the_settings() -> None:
    assert {alias.lower(): schema for alias, schema in compose_env.SCHEMAS.items()} == settings.SCHEMAS


def test_every_variable_that_is_read_is_explained() -> None:
    readme = (DEPLOYMENT / "README.md").read_text()
    files = [*Path(settings.BASE_DIR, "monolith", "settings").glob("*.py"), DEPLOYMENT / "gunicorn.py"]
    files += [Path(settings.BASE_DIR, "infra", name, "configuration.py") for name in ("databases", "service")]
    files += Path(settings.BASE_DIR, "modules").glob("*/settings.py")

    unexplained = {name for file in files for name in variables_read(file) if f"`{name}`" not in readme}

    assert not unexplained


def variables_read(file: Path) -> set[str]:
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call) and node.args]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and (getattr(call.func.value, "id", "") == "env" or getattr(call.func.value, "attr", "") in ("env", "_env"))
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def _workers(services: dict[str, Any]) -> list[dict[str, Any]]:
    return [service for service in services.values() if "celery" in service.get("command", ())]


def _after(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def compose() -> Any:
    return yaml.safe_load((DEPLOYMENT / "compose.yaml").read_text())
