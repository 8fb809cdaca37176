"""What the catalog module declares of itself."""

from infra.boundaries.manifest import Manifest

manifest = Manifest(
    name="catalog",
    owner="Catalogue team <catalog@example.com>",
    purpose="What the shop sells: products, prices, pictures, search, and how many pieces are left.",
    tables=(
        "catalog_attribute",
        "catalog_attributevalue",
        "catalog_category",
        "catalog_formerslug",
        "catalog_image",
        "catalog_listing",
        "catalog_listingdocument",
        "catalog_movement",
        "catalog_popularity",
        "catalog_price",
        "catalog_product",
        "catalog_reservation",
        "catalog_reservationline",
        "catalog_stock",
        "catalog_variant",
        "catalog_word",
    ),
    offers=("catalog.v1",),
    publishes=(
        "catalog.product_published.v1",
        "catalog.product_withdrawn.v1",
        "catalog.stock_depleted.v1",
    ),
    hears=("orders.order_confirmed.v1",),
    tasks=("expire_holds", "forget_unused_words"),
    url_prefixes=("/api/v1/catalog/", "/media/catalog/"),
)
