"""Text as search sees it: folded words, and the trigrams by which a misspelt word finds the right one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
LONGEST_WORD = 40
SHORTEST_CORRECTED = 3


def folded(text: str) -> str:
    """Return the text without case and accents: `Café` is `cafe`, `Straße` is `strasse`."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words_of(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    return [word for word in _WORD.findall(folded(text)) if len(word) <= LONGEST_WORD]


def compact(code: str) -> str:
    """Return a code such as a SKU as one word: `P-101` is `p101`."""
    return "".join(_WORD.findall(folded(code)))[:LONGEST_WORD]


def trigrams(word: str) -> list[str]:
    """Return the distinct trigrams of a word, its beginning and end marked: `cat` gives `__c`, `_ca`, `cat`, `at_`."""
    marked = f"__{word}_"
    return sorted({marked[at : at + 3] for at in range(len(marked) - 2)})


def correctable(words: Iterable[str]) -> set[str]:
    """Return the words that others may be corrected to: not the short ones, nor numbers and codes."""
    return {word for word in words if len(word) >= SHORTEST_CORRECTED and word.isalpha()}
