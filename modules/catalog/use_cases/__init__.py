"""What the catalog does: one function per intention."""

from modules.catalog.use_cases.attributes import define_attribute
from modules.catalog.use_cases.categories import add_category, move_category, rename_category
from modules.catalog.use_cases.drafts import ImageDraft, ProductDraft, VariantDraft
from modules.catalog.use_cases.popularity import count_pieces_sold
from modules.catalog.use_cases.products import edit_product, publish_product, set_price, withdraw_product
from modules.catalog.use_cases.reservations import commit_stock, expire_holds, release_stock, reserve_stock
from modules.catalog.use_cases.stock import Reason, adjust_stock
from modules.catalog.use_cases.upserts import save_products
from modules.catalog.use_cases.vocabulary import forget_unused_words

__all__ = [
    "ImageDraft",
    "ProductDraft",
    "Reason",
    "VariantDraft",
    "add_category",
    "adjust_stock",
    "commit_stock",
    "count_pieces_sold",
    "define_attribute",
    "edit_product",
    "expire_holds",
    "forget_unused_words",
    "move_category",
    "publish_product",
    "release_stock",
    "rename_category",
    "reserve_stock",
    "save_products",
    "set_price",
    "withdraw_product",
]
