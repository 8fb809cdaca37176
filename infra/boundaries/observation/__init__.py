"""What a running shop does across its borders: who asks whom, how often, how slowly, in which request; who hears what, how late.

Each process notes in memory (`recording.py`), adds up, and every few seconds adds its sums to one small table in the schema of
the composition root (`storing.py`). `reading.py` answers from there, for all processes and as long as rows are kept.
"""
