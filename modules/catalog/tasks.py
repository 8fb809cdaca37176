"""What the catalog does again and again."""

from infra.schedule.declaration import periodic
from modules.catalog import use_cases

# A customer who comes back finds the pieces of an abandoned checkout at most this much later than promised.
SWEEP_SECONDS = 5


@periodic(every_seconds=SWEEP_SECONDS)
def expire_holds() -> None:
    """Give back what was set aside for checkouts that never ended."""
    use_cases.expire_holds()


@periodic(every_seconds=24 * 3600)
def forget_unused_words() -> None:
    """Keep misspelt searches from being corrected to words that nothing has any more."""
    use_cases.forget_unused_words()
