"""The facade in the web app: sends requests for a module to wherever the record says that it lives, and lets nobody notice.

`middleware.py` decides for each request; `forwarding.py` carries it to a service; `bucket.py` keeps a customer on one side of a
share; `shadow.py` asks both sides and compares; `canary.py` takes a share back when the service does badly.
"""
