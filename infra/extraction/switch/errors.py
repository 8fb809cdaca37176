"""How a switch ends when it does not end well. Each message says what stands now and what to do."""

from __future__ import annotations


class SwitchError(Exception):
    """Something of a switch could not be done."""


class NotPossible(SwitchError):
    """What must hold before a switch does not; nothing was changed."""


class Refused(SwitchError):
    """A gate is not as it was read: somebody else changed it. Nothing was changed here."""


class NoFence(SwitchError):
    """The application role could still write after its privileges were revoked, or others could; all was rolled back."""


class TookTooLong(SwitchError):
    """A deadline passed."""


class WentBack(SwitchError):
    """The switch was given up and the source writes as before; it may be tried again."""


class Unresolved(SwitchError):
    """A side could not be reached to finish or to go back; `recover` must run once both answer."""


class Elsewhere(SwitchError):
    """This side does not hold the truth; the same command, with the same key, goes to the other."""
