from django.apps import AppConfig


class ExtractionRecordConfig(AppConfig):
    """Three small tables of the composition root (alias `default` only)."""

    name = "infra.extraction.record"
    label = "extraction_record"
