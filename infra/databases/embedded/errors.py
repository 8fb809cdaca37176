"""What keeps the embedded server from working, in words that say what to do."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be used; the text says what to do."""


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """Turn a failure to read or write in `folder` into a sentence about it."""
    try:
        yield
    except OSError as error:
        raise EmbeddedServerError(_sentence(folder, error)) from error


def _sentence(folder: Path, error: OSError) -> str:
    path = Path(error.filename if isinstance(error.filename, str) else folder)
    elsewhere = "or put the data elsewhere: BANYAN_STATE_DIR=/another/folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {folder} is full. Make room, {elsewhere}"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"The data folder {folder} cannot be made, as {_first_file(folder)} is a file. Move it away, {elsewhere}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} cannot be used by {_me()}{_owner(path)}: {error.strerror}. Change its owner, {elsewhere}"
    return f"The data folder {folder} cannot be used: {error.strerror or error}. Mend it, {elsewhere}"


def _first_file(folder: Path) -> Path:
    return next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), folder)


def _me() -> str:
    return f"user {_name(os.geteuid())}"


def _owner(path: Path) -> str:
    for existing in (path, *path.parents):
        try:
            return f" (owned by {_name(existing.stat().st_uid)})"
        except OSError:
            continue
    return ""


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
