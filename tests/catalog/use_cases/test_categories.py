from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connections
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from infra.errors import DomainError
from infra.identifiers import new_id
from modules.catalog import queries, use_cases
from modules.catalog.models import Category
from modules.catalog.queries import CategoryNode, Filters, Sort, listed_products
from modules.catalog.use_cases.categories import CategoryBelowItself, CategoryTree, CategoryUnknown
from tests.catalog.factories import product

pytestmark = pytest.mark.usefixtures("database")

TREE = (
    Path(os.environ.get("BANYAN_DATA_DIR", Path(settings.BASE_DIR).parent / "shared" / "data"))
    / "bestbuy-categories.json.gz"
)


def real_paths() -> list[list[tuple[str, str]]]:
    if not TREE.exists():
        pytest.skip(
            f"{TREE.name} is not in {TREE.parent}; BANYAN_DATA_DIR names the folder with the real category tree"
        )
    with gzip.open(TREE) as file:
        return [[(node["id"], node["name"]) for node in category["path"]] for category in json.load(file)]


def below(slug: str) -> list[str]:
    listed = listed_products(Filters(currency="EUR", category=slug), sort=Sort.NAME, limit=100)
    return [one.document.name for one in listed]


def assert_paths_are_right() -> None:
    """The stored paths are what walking up from each category gives."""
    parents = dict(Category.objects.values_list("id", "parent_id"))
    for id_, path in Category.objects.values_list("id", "path"):
        walked: list[UUID] = []
        here: UUID | None = id_
        while here is not None:
            assert here not in walked
            walked.insert(0, here)
            here = parents[here]
        assert path == walked


def test_a_real_tree_of_thousands_loads_and_holds_together() -> None:
    parents: dict[str, str | None] = {}
    names: dict[str, str] = {}
    for path in real_paths():
        above: str | None = None
        for id_, name in path:
            parents.setdefault(id_, above)
            names[id_] = name or id_
            above = id_
    made: dict[str, Category] = {}
    for id_, above in parents.items():
        made[id_] = Category(name=names[id_], slug=id_.lower(), parent=made[above] if above else None)
    Category.objects.bulk_create(made.values())

    assert Category.objects.count() == len(parents) == 4723
    assert_paths_are_right()

    def size(node: CategoryNode) -> int:
        return 1 + sum(map(size, node.children))

    assert sum(map(size, queries.category_tree())) == 4723
    roots = [made[id_].id for id_, above in parents.items() if above is None]
    sizes = {id_: Category.objects.filter(path__contains=[id_]).count() for id_ in roots}
    largest = max(roots, key=lambda id_: sizes[id_])
    other = next(id_ for id_ in roots if id_ != largest)

    use_cases.move_category(largest, below=other)

    assert_paths_are_right()
    assert Category.objects.filter(path__contains=[other]).count() == sizes[largest] + sizes[other]


def test_products_move_with_their_category() -> None:
    product("Sofa", category=("Home", "Furniture", "Sofas"))
    product("Shirt", category=("Clothing",))
    furniture, clothing = Category.objects.get(slug="furniture"), Category.objects.get(slug="clothing")

    use_cases.move_category(furniture.id, below=clothing.id)

    assert below("home") == []
    assert below("clothing") == ["Shirt", "Sofa"]
    assert below("sofas") == ["Sofa"]
    use_cases.move_category(furniture.id, below=None)
    assert below("clothing") == ["Shirt"]
    assert_paths_are_right()


def test_a_category_cannot_stand_below_itself() -> None:
    tree = CategoryTree()
    sofas = tree.at(["Home", "Furniture", "Sofas"])
    home = Category.objects.get(slug="home")
    assert sofas is not None

    with pytest.raises(CategoryBelowItself):
        use_cases.move_category(home.id, below=sofas.id)
    with pytest.raises(CategoryBelowItself):
        use_cases.move_category(home.id, below=home.id)
    with pytest.raises(CategoryUnknown):
        use_cases.move_category(home.id, below=new_id())
    with pytest.raises(CategoryUnknown):
        use_cases.move_category(new_id(), below=None)

    assert_paths_are_right()


def test_the_database_refuses_a_circle_and_a_false_path() -> None:
    CategoryTree().at(["Home", "Furniture"])
    home, furniture = Category.objects.get(slug="home"), Category.objects.get(slug="furniture")

    with pytest.raises(IntegrityError, match="below itself"):
        Category.objects.filter(id=home.id).update(parent=furniture)
    Category.objects.filter(id=furniture.id).update(path=[])

    assert_paths_are_right()


def test_names_may_repeat_and_slugs_never_do() -> None:
    tree = CategoryTree()
    for names in (
        ["Men", "Shirts"],
        ["Women", "Shirts"],
        ["Kids", "Shirts"],
        ["Sale", "Men", "Shirts"],
        ["日本"],
        ["中国"],
    ):
        tree.at(names)

    slugs = list(Category.objects.values_list("slug", flat=True))
    assert len(slugs) == len(set(slugs)) == 11
    assert {"shirts", "women-shirts", "kids-shirts", "sale-men", "category", "category-2"} <= set(slugs)
    assert CategoryTree().at(["Women", "Shirts"]) == Category.objects.get(slug="women-shirts")


def test_a_new_name_is_found_and_shown_at_once() -> None:
    sofa = product("Sofa", category=("Home", "Furniture"))

    use_cases.rename_category(Category.objects.get(slug="home").id, name="Dwelling")

    found = queries.product_on_sale(sofa.slug, currency="EUR")
    assert found is not None
    breadcrumbs = json.loads(bytes(found.details["breadcrumbs"]))
    assert [crumb["name"] for crumb in breadcrumbs] == ["Dwelling", "Furniture"]
    expression = queries.understood("dwelling")
    assert listed_products(Filters(currency="EUR", search=expression), sort=Sort.NAME, limit=5)


def test_moves_at_once_never_make_a_circle() -> None:
    tree = CategoryTree()
    nodes = [tree.at([name]) for name in "ABCDEF"]
    ids = [node.id for node in nodes if node]
    barrier = Barrier(len(ids))

    def move(place: int) -> None:
        barrier.wait()
        try:
            for step in range(1, len(ids)):
                _try(lambda step=step: use_cases.move_category(ids[place], below=ids[(place + step) % len(ids)]))  # type: ignore[misc]
        finally:
            connections["catalog"].close()

    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(move, range(len(ids))))

    assert_paths_are_right()


def _try(act: Callable[[], object]) -> None:
    with suppress(DomainError, DatabaseError):
        act()


@limits(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 7), st.one_of(st.none(), st.integers(0, 7))), max_size=12))
def test_any_moves_leave_a_tree(moves: list[tuple[int, int | None]]) -> None:
    Category.objects.update(parent=None)
    Category.objects.all().delete()
    made = [use_cases.add_category(f"Category {number}") for number in range(8)]

    for moved, goal in moves:
        _try(lambda: use_cases.move_category(made[moved].id, below=None if goal is None else made[goal].id))  # noqa: B023

    assert_paths_are_right()
