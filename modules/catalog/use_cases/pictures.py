"""Keeping pictures that people upload."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image, UnidentifiedImageError

from infra.errors import Invalid

MOST_BYTES = 10_000_000
MOST_PIXELS = 50_000_000
_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "GIF": "gif"}


class UnusablePicture(Invalid):
    """The file is no picture that can be shown."""

    code = "catalog.unusable_picture"


def keep_picture(content: bytes) -> str:
    """Store a picture under a name made from its content, and return the path by which a browser loads it.

    Raises:
        UnusablePicture: too large, or not JPEG, PNG, WebP, AVIF or GIF, whatever its name says.
    """
    if len(content) > MOST_BYTES:
        raise UnusablePicture(f"The picture has {len(content)} bytes; {MOST_BYTES} are allowed.")
    try:
        with Image.open(BytesIO(content), formats=list(_SUFFIXES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnusablePicture(f"The picture has more than {MOST_PIXELS} pixels.")
            picture.verify()
            suffix = _SUFFIXES[str(picture.format)]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise UnusablePicture("The file is not a JPEG, PNG, WebP, AVIF or GIF picture.") from None
    name = f"catalog/uploads/{sha256(content).hexdigest()[:32]}.{suffix}"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(content)
    return f"/{settings.MEDIA_URL.strip('/')}/{name}"
