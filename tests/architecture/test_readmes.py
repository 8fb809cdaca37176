"""A command that stands in a README runs, and code that stands in one is code."""

from __future__ import annotations

import ast
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests import databases
from tests.shop_process import shop_environment

pytestmark = pytest.mark.usefixtures("database")

REPOSITORY = Path(settings.BASE_DIR)
READMES = sorted(
    path
    for pattern in (
        "*.md",
        "modules/*.md",
        "infra/*.md",
        "infra/boundaries/*.md",
        "infra/deployment/*.md",
        "tests/*.md",
    )
    for path in REPOSITORY.glob(pattern)
)
# Run until they are told to stop; `make run` and `make test` themselves are run by tests/monolith and by .ci/run.
ENDLESS = {"relay"}
# Writes into the checkout: tests/boundaries/scaffold runs it in a copy.
IN_A_COPY = {"startmodule"}
PRODUCTS = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
PRODUCTS += "lamp,Lamp,Title,Default Title,LAMP-1,3,19.90\n"


def blocks(language: str) -> list[tuple[Path, str]]:
    fence = re.compile(rf"```{language}\n(.*?)```", re.DOTALL)
    return [(path, block) for path in READMES for block in fence.findall(path.read_text())]


def commands(program: str) -> list[str]:
    """Return the distinct commands that begin so, without their comments."""
    lines = [line.split("  #")[0].split(" #")[0].strip() for _, block in blocks("sh") for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith(program)})


def test_there_are_commands_to_be_tested() -> None:
    assert "make run" in commands("make")
    assert len(commands("python manage.py")) >= 5


@pytest.mark.parametrize("command", commands("make"))
def test_make_knows_the_target(command: str) -> None:
    completed = subprocess.run(["sh", "-c", command.replace("make", "make -n", 1)], cwd=REPOSITORY, capture_output=True)

    assert completed.returncode == 0, completed.stderr.decode()
    assert completed.stdout


@pytest.mark.parametrize("command", [line for line in commands("python manage.py") if line.split()[2] not in IN_A_COPY])
def test_the_command_of_manage_py_runs(command: str, tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text(PRODUCTS)
    _, _, *arguments = shlex.split(command)
    environment = shop_environment(tmp_path) | {"ADMIN_DATABASE_URL": _admin_url()}
    process = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "manage.py"), *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if arguments[0] in ENDLESS:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Relaying")  # it runs, and can be told to end
        process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=120)

    assert process.returncode == 0, output


@pytest.mark.parametrize(("path", "code"), blocks("python"))
def test_the_code_is_code(path: Path, code: str) -> None:
    ast.parse(code)


def test_the_contract_and_the_event_of_the_modules_readme_are_accepted() -> None:
    contract, event, *_ = [code for path, code in blocks("python") if path.parent.name == "modules"]

    for code, name in ((contract, "WishlistsContract"), (event, "VariantWished")):
        # As a module would be imported: dataclasses and contracts look their module up by name.
        namespace: dict[str, object] = {"__name__": __name__}
        exec(compile(code, name, "exec", dont_inherit=True), namespace)  # noqa: S102 # our own README
        assert name in namespace


def _admin_url() -> str:
    server = urlsplit(os.environ[databases.SERVER_URL_VARIABLE])
    return server._replace(path=f"/{settings.DATABASE_OWNERS['orders']['NAME']}").geturl()
