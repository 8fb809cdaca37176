"""Addresses of the orders module, below `/api/v1/orders/`."""

from django.urls import path

from modules.orders.http.carts import Cart, CartLine, CartLines, CartMerge, Carts
from modules.orders.http.orders import Order, OrderCancellation, Orders

app_name = "orders"
at_prefix = Orders.as_view()  # `/api/v1/orders` itself
urlpatterns = [
    path("carts", Carts.as_view(), name="carts"),
    path("carts/merge", CartMerge.as_view(), name="cart_merge"),
    path("carts/<uuid:cart_id>", Cart.as_view(), name="cart"),
    path("carts/<uuid:cart_id>/lines", CartLines.as_view(), name="cart_lines"),
    path("carts/<uuid:cart_id>/lines/<uuid:line_id>", CartLine.as_view(), name="cart_line"),
    path("<uuid:order_id>", Order.as_view(), name="order"),
    path("<uuid:order_id>/cancel", OrderCancellation.as_view(), name="cancel"),
]
