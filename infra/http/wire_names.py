"""Names on the wire are camelCase, names in Python snake_case."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def camel_case(name: str) -> str:
    """Return the wire name of a Python name: `shipping_address_id` is `shippingAddressId`."""
    first, *others = name.split("_")
    return first + "".join(other[:1].upper() + other[1:] for other in others)
