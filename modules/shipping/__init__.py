"""Shipping: where the shop sends and what it costs, one shipment per order, labels, tracking.

Orders decide what is sent and to whom; the catalog knows what pieces weigh; the carrier moves the parcel.
"""
