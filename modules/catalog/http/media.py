"""Pictures that the shop keeps itself, below `/media/catalog/`."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.utils._os import safe_join
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.static import was_modified_since

# A picture is drawn, not run: nothing else in this folder is given out, and no script in an SVG is executed.
_TYPES = {".svg", ".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif"}
_HEADERS = {
    "Cache-Control": "public, max-age=86400",  # a changed picture gets another name
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """Return a picture file."""
    try:
        file = Path(safe_join(Path(settings.MEDIA_ROOT) / "catalog", path))
    except (SuspiciousFileOperation, ValueError):
        raise Http404 from None
    if file.suffix.lower() not in _TYPES or not file.is_file():
        raise Http404
    changed_at = int(file.stat().st_mtime)
    if not was_modified_since(request.headers.get("If-Modified-Since"), changed_at):
        return HttpResponseNotModified(headers=_HEADERS)
    kind = mimetypes.types_map.get(file.suffix.lower()) or f"image/{file.suffix.lower().lstrip('.')}"
    return FileResponse(
        file.open("rb"), content_type=kind, headers={**_HEADERS, "Last-Modified": http_date(changed_at)}
    )
