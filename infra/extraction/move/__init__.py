"""The engine that moves a module: each verb of a move, and the carrier that keeps both sides alike.

`operations.py` has the verbs, `switching.py` the two that change which side is the truth, `carrier.py` the process that applies
streams, compares, watches, and carries out what the console asks for. Whatever dies, the gates in the two databases
(`infra/extraction/switch`) are the truth, and the record is brought to agree with them (`reconciling.py`).
"""
