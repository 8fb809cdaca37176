"""Contracts are declared, signed and asked without Django, so that any Python program can be a caller."""

import subprocess
import sys

CODE = """
import pkgutil, sys
import infra.contracts
for module in pkgutil.iter_modules(infra.contracts.__path__, "infra.contracts."):
    __import__(module.name)
foreign = sorted(name for name in sys.modules if name.partition(".")[0] in {"django", "rest_framework", "celery"})
sys.exit(", ".join(foreign) or 0)
"""


def test_nothing_of_contracts_imports_django() -> None:
    completed = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)

    assert (completed.returncode, completed.stderr) == (0, "")
