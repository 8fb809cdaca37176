"""How PostgreSQL stores tables whose rows change or go within moments."""

from django.db import migrations

# Room in each page, so that a changed row stays on it and no index has to be touched.
CHANGED_OFTEN = ("outbox_stream", "outbox_relay", "inbox_stream")
# Vacuumed by the number of dead rows alone: a share of a table that is empty most of the time says nothing.
EMPTIED_OFTEN = ("outbox_ready", "inbox_event")
# Django adds these to text keys for LIKE; nothing here searches like that.
UNUSED_INDEXES = ("outbox_stream_key_07186432_like", "outbox_relay_stream_3b261f54_like")


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [
        *(migrations.RunSQL(f"DROP INDEX IF EXISTS {index}", migrations.RunSQL.noop) for index in UNUSED_INDEXES),
        *(
            migrations.RunSQL(f"ALTER TABLE {table} SET (fillfactor = 60)", f"ALTER TABLE {table} RESET (fillfactor)")
            for table in CHANGED_OFTEN
        ),
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)",
                f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)",
            )
            for table in EMPTIED_OFTEN
        ),
    ]
