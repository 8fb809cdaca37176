"""What the catalog knows: read only."""

from modules.catalog.queries.listings import (
    ORDERS,
    Filters,
    FoundProduct,
    ListedProduct,
    Sort,
    listed_products,
    product_on_sale,
)
from modules.catalog.queries.offers import offers
from modules.catalog.queries.search import understood
from modules.catalog.queries.stock import StockLevel, VariantUnknown, discrepancies, stock_level

__all__ = [
    "ORDERS",
    "Filters",
    "FoundProduct",
    "ListedProduct",
    "Sort",
    "StockLevel",
    "VariantUnknown",
    "discrepancies",
    "listed_products",
    "offers",
    "product_on_sale",
    "stock_level",
    "understood",
]
