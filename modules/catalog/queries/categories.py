"""The category tree as it is shown."""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.db import connections


class CategoryNode(msgspec.Struct, rename="camel"):
    """A category with everything below it."""

    id: str
    slug: str
    name: str
    children: list[CategoryNode]


def category_tree() -> list[CategoryNode]:
    """Return the roots, each with everything below it; siblings in their order, by name where they have none."""
    roots: list[CategoryNode] = []
    nodes: dict[UUID, CategoryNode] = {}
    with connections["catalog"].cursor() as cursor:
        # Parents first: a path is longer than that of its parent.
        cursor.execute(
            "SELECT id, parent_id, slug, name FROM catalog_category ORDER BY cardinality(path), position, name, id"
        )
        for id_, parent_id, slug, name in cursor.fetchall():
            node = nodes[id_] = CategoryNode(id=str(id_), slug=slug, name=name, children=[])
            siblings = roots if parent_id is None else nodes[parent_id].children
            siblings.append(node)
    return roots


def category_exists(slug: str) -> bool:
    with connections["catalog"].cursor() as cursor:
        cursor.execute("SELECT FROM catalog_category WHERE slug = %s", [slug])
        return cursor.fetchone() is not None
