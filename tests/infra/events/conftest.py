from tests.infra.events.brokers import empty_broker_url
from tests.infra.events.effects import effects

__all__ = ["effects", "empty_broker_url"]
