"""Private keys that sign tokens, from the environment or made up and kept in a file."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured

from infra.databases.embedded.errors import usable

_BLOCK = re.compile(r"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----", re.DOTALL)


def keys_from(text: str) -> list[str]:
    """Return the PEM texts that follow each other in a variable, newest first; line ends may be written as \\n."""
    keys = _BLOCK.findall(text.replace("\\n", "\n"))
    if not keys:
        raise ImproperlyConfigured(
            "TOKEN_SIGNING_KEYS holds no PEM private key; make one with: openssl genpkey -algorithm ed25519"
        )
    return [f"{key}\n" for key in keys]


def kept_key(file: Path) -> str:
    """Return the key in the file, which only its owner can read; the first of all processes that ask makes it.

    Raises:
        EmbeddedServerError: the folder, which holds the embedded server's data, too, cannot be used; says why.
    """
    with usable(file.parent):
        if not file.exists():
            _make(file)
        return file.read_text()


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(pem)
    try:
        os.link(made, file)  # unlike a rename it never replaces the key that another process made meanwhile
    except FileExistsError:
        pass
    finally:
        made.unlink()
