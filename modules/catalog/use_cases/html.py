"""Descriptions as they come from elsewhere: cleaned HTML to show, and the plain text of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

# What a description needs; no styles, scripts, frames or forms, and no images, which belong to the product's own.
_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p",
    "small", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_BLOCKS = _TAGS - {"a", "b", "code", "em", "i", "small", "strong", "sub", "sup", "u"} | {"div", "h1", "h2", "section"}
_UNREAD = {"script", "style", "template"}
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def safe_html(text: str) -> str:
    """Return the HTML with nothing but harmless tags; links lead to the web only."""
    return nh3.clean(
        text,
        tags=_TAGS,
        clean_content_tags=_UNREAD,
        attributes={"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    ).strip()


def plain_text(html: str) -> str:
    """Return what a reader sees of the HTML, one line per paragraph."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = _SPACES.sub(" ", "".join(reader.parts))
    return _LINES.sub("\n", text).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)
