"""Addresses of the orders module, below `/api/v1`."""

from django.urls import path

from modules.orders.http.carts import Cart, CartLine, CartLines, CartMerge, Carts
from modules.orders.http.orders import Order, OrderCancellation, Orders

app_name = "orders"
urlpatterns = [
    path("orders", Orders.as_view(), name="orders"),
    path("orders/carts", Carts.as_view(), name="carts"),
    path("orders/carts/merge", CartMerge.as_view(), name="cart_merge"),
    path("orders/carts/<uuid:cart_id>", Cart.as_view(), name="cart"),
    path("orders/carts/<uuid:cart_id>/lines", CartLines.as_view(), name="cart_lines"),
    path("orders/carts/<uuid:cart_id>/lines/<uuid:line_id>", CartLine.as_view(), name="cart_line"),
    path("orders/<uuid:order_id>", Order.as_view(), name="order"),
    path("orders/<uuid:order_id>/cancel", OrderCancellation.as_view(), name="cancel"),
]
