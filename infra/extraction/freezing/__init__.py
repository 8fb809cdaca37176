"""No schema migration of a module between the begin of its copy and the end of its move: both sides must stay alike.

`check.py` says so before migrations begin, in each process that would apply them. `guard.py` says it in the databases, to
whoever did not ask: the owner role may create nothing in the module's schema, and nobody may note a migration as applied.

Additive migrations that go to the target first and then to the source would be possible, and are not built.
"""
