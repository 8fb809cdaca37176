"""What the catalog knows: read only."""

from modules.catalog.queries.browsing import browsed
from modules.catalog.queries.categories import CategoryNode, category_exists, category_tree
from modules.catalog.queries.documents import ProductDocument
from modules.catalog.queries.facets import Facets, facets_of
from modules.catalog.queries.listings import (
    EXPRESSIONS,
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
    "EXPRESSIONS",
    "ORDERS",
    "CategoryNode",
    "Facets",
    "Filters",
    "FoundProduct",
    "ListedProduct",
    "ProductDocument",
    "Sort",
    "StockLevel",
    "VariantUnknown",
    "browsed",
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
