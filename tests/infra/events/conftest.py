from tests.infra.events.effects import effects

__all__ = ["effects"]
