"""Caddy as an edge in front of the web app: ends TLS, and takes modules that have left straight to their services.

Its configuration is the shop's structure and is written once, when it starts. What changes while a module moves stands in one
small file per module, which Caddy reads for each request and each try of one; the edge replaces it when the record changes,
before it acknowledges. So nothing is ever reloaded, and a request that waits goes on to wherever the module is by then.

The edge decides little. Only a module whose truth is the service's (`Where.home`) is sent there directly; as long as both sides
may answer, the facade in the web app decides by the customer's bucket, falls back to this side when the service does badly,
and compares shadow reads, none of which Caddy can. For the same reason a request with a staff member's session goes through the
facade, which translates it for services that know no sessions.

It has no need to wait until the requests that it has passed on have ended before it acknowledges a hold. Whoever got them does:
the web app and the service count their writes, hold what has not begun, and acknowledge when none is under way. What Caddy
counts would only say the same once more, and later.
"""
