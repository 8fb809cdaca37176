"""Growing and moving the category tree."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from infra.errors import NotFound, Refused
from modules.catalog.models import Category, Product
from modules.catalog.use_cases.listings import prepare_to_write_listings
from modules.catalog.use_cases.vocabulary import refresh_in_batches


class CategoryUnknown(NotFound):
    """There is no such category."""

    code = "catalog.category_unknown"


class CategoryBelowItself(Refused):
    """A category cannot stand below itself."""

    code = "catalog.category_below_itself"


class CategoryTree:
    """Categories by their names from the root downwards; those that are missing are made.

    Keeps what it has found, for as long as one transaction.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[UUID | None, str], Category] = {}

    def at(self, names: Iterable[str]) -> Category | None:
        """Return the category at the end of a path of names; None for no names."""
        category: Category | None = None
        for name in names:
            category = self._child(category, name)
        return category

    def _child(self, parent: Category | None, name: str) -> Category:
        key = (parent.id if parent else None, name)
        if key not in self._known:
            found = Category.objects.filter(parent=parent, name=name).order_by("id").first()
            self._known[key] = found or add_category(name, parent=parent)
        return self._known[key]


def add_category(name: str, *, parent: Category | None = None, slug: str = "") -> Category:
    """Add a category below another, or as a root.

    Args:
        slug: made from the name when empty, and from the parent's when that is taken.
    """
    with transaction.atomic(using="catalog"):
        category = Category(name=name, parent=parent, slug=slug or _free_slug(name, parent))
        category.save(force_insert=True)
    return category


def move_category(category_id: UUID, *, below: UUID | None) -> None:
    """Put a category, with everything below it, below another or at the root.

    Raises:
        CategoryUnknown, CategoryBelowItself: nothing changes.
    """
    _change(category_id, parent_id=below)


def rename_category(category_id: UUID, *, name: str) -> None:
    """Change a category's name; its slug stays, so that links do.

    Raises:
        CategoryUnknown: nothing changes.
    """
    _change(category_id, name=name)


def show_category_again(category_id: UUID) -> None:
    """Write the listings of all products in and below a category, after a change of it in the same transaction."""
    refresh_in_batches(Product.objects.filter(category__path__contains=[category_id]))


def _change(category_id: UUID, **fields: object) -> None:
    try:
        with transaction.atomic(using="catalog"):
            prepare_to_write_listings(alone=True)
            if not Category.objects.filter(id=category_id).update(**fields):
                raise CategoryUnknown
            show_category_again(category_id)
    except IntegrityError as error:
        if "category_not_below_itself" in str(error.__cause__.diag.constraint_name):  # type: ignore[union-attr]
            raise CategoryBelowItself from None
        raise CategoryUnknown("There is no such category to stand below.") from None


def _free_slug(name: str, parent: Category | None) -> str:
    wanted = slugify(name)[:180] or "category"
    candidates = [wanted, *([f"{parent.slug}-{wanted}"[:180]] if parent else [])]
    taken = set(Category.objects.filter(slug__in=candidates).values_list("slug", flat=True))
    for candidate in candidates:
        if candidate not in taken:
            return candidate
    stem = candidates[-1]
    numbered = set(Category.objects.filter(slug__startswith=f"{stem}-").values_list("slug", flat=True))
    return next(slug for number in range(2, len(numbered) + 3) if (slug := f"{stem}-{number}") not in numbered)
