"""Facts: an outbox in each module's schema, a relay, an inbox in each consumer's, and Celery in between where a broker is set."""
