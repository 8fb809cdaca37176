import django.db.models.deletion
from django.db import migrations, models

_FOREVER = """
CREATE FUNCTION ledger_entries_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'entries stay'; END$$;
CREATE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_entries_stay();
"""


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("balance", models.BigIntegerField(default=0)),
                ("version", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(unique=True)),
                ("amount", models.IntegerField()),
                ("version", models.IntegerField()),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.account")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["account", "version"], name="ledger_one_entry_a_version")
                ]
            },
        ),
        migrations.RunSQL(_FOREVER),
        migrations.RunSQL(
            "INSERT INTO ledger_account (number, balance, version) SELECT n, 0, 0 FROM generate_series(1, 8) n"
        ),
    ]
