"""What no code path may break, held by the database itself."""

from django.db import migrations

IMMUTABLE_SNAPSHOT = """
CREATE FUNCTION refuse_order_snapshot_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.number, OLD.customer_id, OLD.email, OLD.address, OLD.cart_id, OLD.idempotency_key, OLD.placed_at,
        OLD.currency, OLD.goods_amount, OLD.shipping_amount, OLD.total_amount, OLD.payment_method, OLD.shipping_rate)
       IS DISTINCT FROM
       (NEW.id, NEW.number, NEW.customer_id, NEW.email, NEW.address, NEW.cart_id, NEW.idempotency_key, NEW.placed_at,
        NEW.currency, NEW.goods_amount, NEW.shipping_amount, NEW.total_amount, NEW.payment_method, NEW.shipping_rate)
    THEN
        RAISE EXCEPTION 'an order''s snapshot never changes' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status <> NEW.status
       AND (OLD.status, NEW.status) NOT IN
           (('PENDING', 'CONFIRMED'), ('PENDING', 'CANCELLED'), ('CONFIRMED', 'CANCELLED'))
    THEN
        RAISE EXCEPTION 'an order cannot go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER order_snapshot_is_immutable BEFORE UPDATE ON orders_order
    FOR EACH ROW EXECUTE FUNCTION refuse_order_snapshot_change();
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER order_lines_never_change BEFORE UPDATE OR DELETE ON orders_orderline
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_never_changes BEFORE UPDATE OR DELETE ON orders_historyentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER orders_are_kept BEFORE DELETE ON orders_order
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

# Looked at when the transaction commits, as the order is written before its lines.
LINES_ADD_UP = """
CREATE FUNCTION check_order_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.goods_amount IS DISTINCT FROM (SELECT sum(total_amount) FROM orders_orderline WHERE order_id = NEW.id) THEN
        RAISE EXCEPTION 'the lines of order % do not add up to its goods', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER order_lines_add_up AFTER INSERT ON orders_order
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_order_lines();
CREATE FUNCTION check_line_belongs_to_new_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT goods_amount FROM orders_order WHERE id = NEW.order_id)
       IS DISTINCT FROM (SELECT sum(total_amount) FROM orders_orderline WHERE order_id = NEW.order_id) THEN
        RAISE EXCEPTION 'a line was added to an order that is complete' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER no_line_is_added_later AFTER INSERT ON orders_orderline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_line_belongs_to_new_order();
"""

REMOVE = """
DROP TRIGGER no_line_is_added_later ON orders_orderline;
DROP FUNCTION check_line_belongs_to_new_order();
DROP TRIGGER order_lines_add_up ON orders_order;
DROP FUNCTION check_order_lines();
DROP TRIGGER orders_are_kept ON orders_order;
DROP TRIGGER history_never_changes ON orders_historyentry;
DROP TRIGGER order_lines_never_change ON orders_orderline;
DROP FUNCTION refuse_change();
DROP TRIGGER order_snapshot_is_immutable ON orders_order;
DROP FUNCTION refuse_order_snapshot_change();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.RunSQL(IMMUTABLE_SNAPSHOT + APPEND_ONLY + LINES_ADD_UP, REMOVE),
    ]
