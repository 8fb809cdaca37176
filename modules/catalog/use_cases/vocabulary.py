"""Keeping the words that misspelt searches are corrected to, and rewriting many listings with them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from django.db import connections, transaction
from django.db.models import QuerySet

from modules.catalog.models import Product
from modules.catalog.queries.search import TEXT_SEARCH_CONFIGURATION
from modules.catalog.queries.words import trigrams
from modules.catalog.use_cases.listings import prepare_to_write_listings, refresh_listings

# Listings are rewritten this many at a time, which bounds the memory that a large branch takes.
PRODUCTS_AT_ONCE = 500

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


def refresh_in_batches(products: QuerySet[Product]) -> None:
    """Write the listings of many products, and the words in them; the caller holds the lock of the read model."""
    words: set[str] = set()
    ids = products.order_by("id").values_list("id", flat=True).iterator(chunk_size=PRODUCTS_AT_ONCE)
    while batch := list(islice(ids, PRODUCTS_AT_ONCE)):
        words |= refresh_listings(batch)
    remember_words(words)


def forget_unused_words() -> None:
    """Drop words that no listing holds any more; edits wait meanwhile."""
    with transaction.atomic(using="catalog"):
        prepare_to_write_listings(alone=True)
        with connections["catalog"].cursor() as cursor:
            cursor.execute(_FORGET)
