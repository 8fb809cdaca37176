"""Addresses of the catalog, below `/api/v1/catalog/`."""

from django.urls import path

from modules.catalog.http.media import picture
from modules.catalog.http.staff import Product, StockAdjustments, VariantPrice, VariantStock
from modules.catalog.http.views import Categories, Products

app_name = "catalog"
at_root = [path("media/catalog/<path:path>", picture, name="picture")]
urlpatterns = [
    path("products", Products.as_view(), name="products"),
    path("products/<str:reference>", Product.as_view(), name="product"),
    path("categories", Categories.as_view(), name="categories"),
    path("variants/<path:sku>/price", VariantPrice.as_view(), name="price"),
    path("variants/<path:sku>/stock", VariantStock.as_view(), name="stock"),
    path("variants/<path:sku>/stock/adjustments", StockAdjustments.as_view(), name="stock-adjustments"),
]
