"""What orders remembers."""

from modules.orders.models.carts import Cart, CartLine, CartState
from modules.orders.models.checkout import Checkout, CheckoutState
from modules.orders.models.orders import HistoryEntry, Order, OrderLine

__all__ = ["Cart", "CartLine", "CartState", "Checkout", "CheckoutState", "HistoryEntry", "Order", "OrderLine"]
