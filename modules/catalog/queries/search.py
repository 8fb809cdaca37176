"""What a search means: each word as it is written, as the beginning of a word, or as the word that was meant."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rapidfuzz.distance import OSA, JaroWinkler

from infra.databases.prepared import prepared_cursor
from modules.catalog.queries.words import LONGEST_WORD, SHORTEST_CORRECTED, compact, trigrams, words_of

# PostgreSQL's stemmer for the shop's language. Indexing and searching must use the same one.
TEXT_SEARCH_CONFIGURATION = "english"

# Each word costs a look into the vocabulary; people rarely type more.
MOST_WORDS = 8
# Words that share the most trigrams with a misspelt one; what was meant is among the first few dozen.
MOST_CANDIDATES = 60
MOST_CORRECTIONS = 4

# A function of the schema, so that its plans are kept: planning the look-ups costs more than making them.
_CANDIDATES = """
SELECT asked, candidate FROM catalog_word_candidates(%(words)s::text[], %(trigrams)s::text[], %(beginning)s, %(most)s)
"""


def understood(text: str) -> str | None:
    """Return the search as an expression for `to_tsquery`; None when the text holds no word.

    A word that no listing has is replaced by the nearest ones that some listing has. Costs one query at most.
    """
    parts = text.split()[:MOST_WORDS]
    words = [word for part in parts for word in words_of(part)][:MOST_WORDS]
    if not words:
        return None
    last = words[-1] if not text[-1:].isspace() else ""
    corrections = _corrections({word for word in words if _may_be_misspelt(word)}, beginning=last)
    groups = []
    for part in parts:
        alternatives = [_all_of(words_of(part), corrections, beginning=last)]
        code = compact(part)
        if any(character.isdigit() for character in code) and alternatives[0] != code:
            alternatives.append(f"{code}:*")
        groups += ["(" + " | ".join(filter(None, alternatives)) + ")"] if any(alternatives) else []
    return " & ".join(groups) or None


def _all_of(words: list[str], corrections: dict[str, list[str]], *, beginning: str) -> str:
    every = []
    for word in words:
        spellings = [f"{word}:*" if word == beginning and len(word) > 1 else word, *corrections.get(word, ())]
        every.append(spellings[0] if len(spellings) == 1 else "(" + " | ".join(spellings) + ")")
    return " & ".join(every)


def _may_be_misspelt(word: str) -> bool:
    return SHORTEST_CORRECTED <= len(word) <= LONGEST_WORD and word.isalpha()


def _corrections(words: set[str], *, beginning: str) -> dict[str, list[str]]:
    """Return the nearest known words for each unknown one; a word that begins a known one is not corrected at the end."""
    if not words:
        return {}
    asked = sorted(words)
    parameters: dict[str, Any] = {
        "words": asked,
        "trigrams": [" ".join(trigrams(word)) for word in asked],
        "beginning": beginning,
        "most": MOST_CANDIDATES,
    }
    candidates: dict[str, set[str]] = defaultdict(set)
    with prepared_cursor("catalog") as cursor:
        cursor.execute(_CANDIDATES, parameters)
        for word, found in cursor.fetchall():
            candidates[word].add(found)
    return {word: nearest(word, found, beginning=word == beginning) for word, found in candidates.items()}


def nearest(word: str, candidates: set[str], *, beginning: bool = False) -> list[str]:
    """Return the candidates that may have been meant, best first; none when the word itself is among them.

    One slip is forgiven in a short word, two from six letters on, three from ten; swapped neighbours count as one slip.
    """
    if word in candidates or (beginning and any(candidate.startswith(word) for candidate in candidates)):
        return []
    slips = 1 if len(word) < 6 else 2 if len(word) < 10 else 3
    ranked = sorted(
        (OSA.distance(word, candidate), -JaroWinkler.similarity(word, candidate), candidate) for candidate in candidates
    )
    return [candidate for distance, _, candidate in ranked if distance <= slips][:MOST_CORRECTIONS]
