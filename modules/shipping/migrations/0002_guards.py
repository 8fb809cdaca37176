"""What CHECK and UNIQUE cannot say: a shipment only moves on, and a free or flat rate has no steps."""

from django.db import migrations

GUARDS = """
ALTER TABLE shipping_zone ADD CONSTRAINT zone_countries_are_codes
    CHECK (array_to_string(countries, ',', '?') ~ '^([A-Z]{2}(,[A-Z]{2})*)?$');
ALTER TABLE shipping_zone ADD CONSTRAINT zone_postcodes_are_prefixes
    CHECK (array_to_string(only_postcodes || except_postcodes, ',', '?')
           ~ '^([A-Z]{2}[A-Z0-9]{1,10}(,[A-Z]{2}[A-Z0-9]{1,10})*)?$');

CREATE FUNCTION shipment_only_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.key_id, NEW.order_id, NEW.tracking_number) IS DISTINCT FROM
       (OLD.id, OLD.key_id, OLD.order_id, OLD.tracking_number) THEN
        RAISE EXCEPTION 'shipment % belongs to its order and its number for ever', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_keeps_its_order';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('READY', 'DISPATCHED'), ('READY', 'CANCELLED'), ('DISPATCHED', 'IN_TRANSIT'),
        ('DISPATCHED', 'DELIVERED'), ('IN_TRANSIT', 'DELIVERED')
    ) THEN
        RAISE EXCEPTION 'shipment % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_only_moves_on';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shipment_only_moves_on BEFORE UPDATE ON shipping_shipment
    FOR EACH ROW EXECUTE FUNCTION shipment_only_moves_on();

CREATE FUNCTION shipment_key_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'key % was closed for ever', OLD.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_key_stays_closed';
END $$;
CREATE TRIGGER shipment_key_stays_closed BEFORE UPDATE ON shipping_shipmentkey
    FOR EACH ROW WHEN (OLD.is_closed AND NOT NEW.is_closed) EXECUTE FUNCTION shipment_key_stays_closed();

CREATE FUNCTION shipment_line_pieces_do_not_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'line % was ordered and shipped as it stands', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'shipment_line_pieces_do_not_return';
END $$;
CREATE TRIGGER shipment_line_pieces_do_not_return BEFORE UPDATE ON shipping_shipmentline
    FOR EACH ROW WHEN (NEW.shipped < OLD.shipped OR NEW.ordered <> OLD.ordered)
    EXECUTE FUNCTION shipment_line_pieces_do_not_return();

-- Both sides lock the rate's row: a step added while the rate becomes flat would be seen by neither otherwise.
CREATE FUNCTION rate_step_needs_bands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT kind FROM shipping_rate WHERE id = NEW.rate_id FOR UPDATE) NOT IN ('BY_WEIGHT', 'BY_PRICE') THEN
        RAISE EXCEPTION 'rate % has no bands', NEW.rate_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_step_needs_bands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rate_step_needs_bands BEFORE INSERT OR UPDATE ON shipping_ratestep
    FOR EACH ROW EXECUTE FUNCTION rate_step_needs_bands();
CREATE FUNCTION rate_with_steps_keeps_bands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind NOT IN ('BY_WEIGHT', 'BY_PRICE')
       AND EXISTS (SELECT FROM shipping_ratestep WHERE rate_id = NEW.id) THEN
        RAISE EXCEPTION 'rate % has steps', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_with_steps_keeps_bands';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER rate_with_steps_keeps_bands AFTER UPDATE OF kind ON shipping_rate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rate_with_steps_keeps_bands();
"""

NO_GUARDS = """
DROP TRIGGER rate_with_steps_keeps_bands ON shipping_rate;
DROP FUNCTION rate_with_steps_keeps_bands;
DROP TRIGGER rate_step_needs_bands ON shipping_ratestep;
DROP FUNCTION rate_step_needs_bands;
DROP TRIGGER shipment_line_pieces_do_not_return ON shipping_shipmentline;
DROP FUNCTION shipment_line_pieces_do_not_return;
DROP TRIGGER shipment_key_stays_closed ON shipping_shipmentkey;
DROP FUNCTION shipment_key_stays_closed;
DROP TRIGGER shipment_only_moves_on ON shipping_shipment;
DROP FUNCTION shipment_only_moves_on;
ALTER TABLE shipping_zone DROP CONSTRAINT zone_postcodes_are_prefixes;
ALTER TABLE shipping_zone DROP CONSTRAINT zone_countries_are_codes;
"""


class Migration(migrations.Migration):
    dependencies = [("shipping", "0001_initial")]

    operations = [migrations.RunSQL(GUARDS, NO_GUARDS)]
