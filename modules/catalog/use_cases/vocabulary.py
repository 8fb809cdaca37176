"""Keeping the words that misspelt searches are corrected to."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connections, transaction

from modules.catalog.queries.search import TEXT_SEARCH_CONFIGURATION
from modules.catalog.queries.words import trigrams
from modules.catalog.use_cases.listings import prepare_to_write_listings

# In order, so that two edits with the same new words wait for each other in a line, not in a circle.
_REMEMBER = """
INSERT INTO catalog_word (word, trigrams)
SELECT word, string_to_array(trigrams, ' ') FROM unnest(%s::text[], %s::text[]) AS w (word, trigrams)
ORDER BY word COLLATE "C" ON CONFLICT (word) DO NOTHING
"""

_FORGET = f"""
WITH used AS (SELECT word FROM ts_stat('SELECT search FROM catalog_listing'))
DELETE FROM catalog_word w WHERE NOT EXISTS (
    SELECT FROM unnest(tsvector_to_array(to_tsvector('{TEXT_SEARCH_CONFIGURATION}', w.word))) AS own (lexeme)
    JOIN used u ON u.word = own.lexeme)
"""  # noqa: S608


def remember_words(words: Iterable[str]) -> None:
    """Add to the vocabulary; late in a transaction, because others with the same new words wait until it ends."""
    every = sorted(words)
    if every:
        with connections["catalog"].cursor() as cursor:
            cursor.execute(_REMEMBER, [every, [" ".join(trigrams(word)) for word in every]])


def forget_unused_words() -> None:
    """Drop words that no listing holds any more; edits wait meanwhile."""
    with transaction.atomic(using="catalog"):
        prepare_to_write_listings(alone=True)
        with connections["catalog"].cursor() as cursor:
            cursor.execute(_FORGET)
