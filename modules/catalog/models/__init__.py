"""What the catalog remembers. Invariants are constraints here and triggers in `migrations/0002_guards.py`."""

from modules.catalog.models.attributes import Attribute, AttributeValue
from modules.catalog.models.categories import Category
from modules.catalog.models.listings import Listing, ListingDocument, Word
from modules.catalog.models.products import FormerSlug, Image, Popularity, Price, Product, Variant
from modules.catalog.models.stock import Movement, Reservation, ReservationLine, Stock

__all__ = [
    "Attribute",
    "AttributeValue",
    "Category",
    "FormerSlug",
    "Image",
    "Listing",
    "ListingDocument",
    "Movement",
    "Popularity",
    "Price",
    "Product",
    "Reservation",
    "ReservationLine",
    "Stock",
    "Variant",
    "Word",
]
