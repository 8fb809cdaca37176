"""The catalogue in the admin: forms for people, use cases behind them."""

from modules.catalog.admin.products import ProductAdmin
from modules.catalog.admin.structure import AttributeAdmin, CategoryAdmin
from modules.catalog.admin.variants import ReservationAdmin, VariantAdmin

__all__ = ["AttributeAdmin", "CategoryAdmin", "ProductAdmin", "ReservationAdmin", "VariantAdmin"]
