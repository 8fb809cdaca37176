"""What `make test` installs for the tests, and that it does not leave services running."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from infra.deployment import servers


def test_services_are_held_back_while_packages_are_installed_and_the_policy_goes_again(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"

    with servers.services_held_back(policy):
        assert subprocess.run([str(policy), "redis-server", "start"]).returncode == 101  # Debian's word for no

    assert not policy.exists()


def test_a_policy_of_the_machines_own_stays(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")

    with servers.services_held_back(policy):
        pass

    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_where_nothing_can_be_installed_it_says_what_is_missing_and_what_to_type(tmp_path: Path) -> None:
    code = "import infra.deployment.servers as s; s.PACKAGES, s.BROWSER = {'no-such-server': 'no-such-package'}, {}; s.main()"

    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={"PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )

    assert said.returncode == 0
    assert "Not installed: no-such-server. The tests that need them are skipped." in said.stdout
    assert "sudo apt-get install -y no-such-package" in said.stdout
