"""What the catalog knows: read only."""

from modules.catalog.queries.categories import CategoryNode, category_exists, category_tree
from modules.catalog.queries.facets import Facets, facets_of
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
    "CategoryNode",
    "Facets",
    "Filters",
    "FoundProduct",
    "ListedProduct",
    "Sort",
    "StockLevel",
    "VariantUnknown",
    "category_exists",
    "category_tree",
    "discrepancies",
    "facets_of",
    "listed_products",
    "offers",
    "product_on_sale",
    "stock_level",
    "understood",
]
