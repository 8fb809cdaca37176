"""What must hold whatever the code does: legal transitions, the refund cap, balanced and append-only books, gapless numbers."""

from django.db import migrations

_PAYMENTS = r"""
CREATE FUNCTION payments_check_payment() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- A key is a payment's or a tombstone, never both: both sides take this lock, then look for the other.
        PERFORM pg_advisory_xact_lock(hashtextextended(NEW.payment_key, 0));
        IF EXISTS (SELECT 1 FROM payments_closedkey WHERE payment_key = NEW.payment_key) THEN
            RAISE EXCEPTION 'the key % is closed', NEW.payment_key
                USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_key_is_not_closed';
        END IF;
        -- An order is paid once at a time, whatever the keys. Only beginnings are refused: money that moved can always be recorded.
        PERFORM pg_advisory_xact_lock(hashtextextended(NEW.order_id::text, 1));
        IF EXISTS (
            SELECT 1 FROM payments_payment
            WHERE order_id = NEW.order_id AND payment_key <> NEW.payment_key AND status NOT IN ('DECLINED', 'VOIDED', 'REFUNDED')
        ) THEN
            RAISE EXCEPTION 'the order % has a payment already', NEW.order_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'one_live_payment_per_order';
        END IF;
        IF NEW.status <> 'PENDING' THEN
            RAISE EXCEPTION 'a payment begins as PENDING, not as %', NEW.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_transition_is_legal';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'payments are never deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_are_kept';
    END IF;
    -- From VOIDED: the provider took the money after all; it is recorded, then given back.
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('PENDING', 'AUTHORISED'), ('PENDING', 'CAPTURED'), ('PENDING', 'DECLINED'), ('PENDING', 'VOIDED'),
        ('AUTHORISED', 'CAPTURED'), ('AUTHORISED', 'VOIDED'),
        ('CAPTURED', 'PARTIALLY_REFUNDED'), ('CAPTURED', 'REFUNDED'), ('PARTIALLY_REFUNDED', 'REFUNDED'),
        ('VOIDED', 'CAPTURED'), ('VOIDED', 'AUTHORISED')
    ) THEN
        RAISE EXCEPTION 'a payment does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_transition_is_legal';
    END IF;
    IF (NEW.id, NEW.payment_key, NEW.order_id, NEW.customer_id, NEW."order", NEW.provider, NEW.method, NEW.currency, NEW.amount,
        NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.payment_key, OLD.order_id, OLD.customer_id, OLD."order", OLD.provider, OLD.method, OLD.currency, OLD.amount,
        OLD.created_at)
       OR (OLD.provider_ref <> '' AND NEW.provider_ref <> OLD.provider_ref)
       OR NEW.refunded < OLD.refunded OR NEW.captured < OLD.captured
       OR (OLD.closed_at IS NOT NULL AND NEW.closed_at IS DISTINCT FROM OLD.closed_at) THEN
        RAISE EXCEPTION 'what a payment is for, and what was done, does not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_facts_are_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_check_payment BEFORE INSERT OR UPDATE OR DELETE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_check_payment();

CREATE FUNCTION payments_check_closed_key() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a closed key stays closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_keys_are_kept';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.payment_key, 0));
    IF EXISTS (SELECT 1 FROM payments_payment WHERE payment_key = NEW.payment_key) THEN
        RAISE EXCEPTION 'the key % has a payment', NEW.payment_key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_key_has_no_payment';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_check_closed_key BEFORE INSERT OR UPDATE OR DELETE ON payments_closedkey
    FOR EACH ROW EXECUTE FUNCTION payments_check_closed_key();

CREATE FUNCTION payments_check_attempt() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    captured_amount bigint;
    other_refunds bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'attempts are never deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'attempts_are_kept';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.status <> OLD.status AND NOT (OLD.status = 'OPEN' OR (OLD.status, NEW.status) = ('ABANDONED', 'SUCCEEDED')) THEN
            RAISE EXCEPTION 'an attempt does not go from % to %', OLD.status, NEW.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_transition_is_legal';
        END IF;
        IF (NEW.id, NEW.payment_id, NEW.kind, NEW.amount, NEW.request_key, NEW.created_at)
           IS DISTINCT FROM (OLD.id, OLD.payment_id, OLD.kind, OLD.amount, OLD.request_key, OLD.created_at) THEN
            RAISE EXCEPTION 'what an attempt is for does not change'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_facts_are_frozen';
        END IF;
    END IF;
    IF NEW.kind = 'REFUND' AND NEW.status IN ('OPEN', 'SUCCEEDED') AND (TG_OP = 'INSERT' OR NEW.status <> OLD.status) THEN
        -- The lock first: each statement here sees what was committed before it, so the sum is of all that waited before us.
        SELECT captured INTO captured_amount FROM payments_payment WHERE id = NEW.payment_id FOR UPDATE;
        SELECT coalesce(sum(amount), 0) INTO other_refunds FROM payments_attempt
            WHERE payment_id = NEW.payment_id AND kind = 'REFUND' AND status IN ('OPEN', 'SUCCEEDED') AND id <> NEW.id;
        IF other_refunds + NEW.amount > captured_amount THEN
            RAISE EXCEPTION 'refunds of % would exceed the % captured', other_refunds + NEW.amount, captured_amount
                USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_are_at_most_captured';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_check_attempt BEFORE INSERT OR UPDATE OR DELETE ON payments_attempt
    FOR EACH ROW EXECUTE FUNCTION payments_check_attempt();
"""

_LEDGER = r"""
CREATE FUNCTION payments_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct by a further row', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_is_append_only';
END $$;
CREATE TRIGGER payments_refuse_change BEFORE UPDATE OR DELETE ON payments_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER payments_refuse_change BEFORE UPDATE OR DELETE ON payments_posting
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER payments_refuse_change BEFORE UPDATE OR DELETE ON payments_account
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER payments_refuse_change BEFORE UPDATE OR DELETE ON payments_invoice
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();

CREATE FUNCTION payments_check_postings() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY entry_id, currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the postings of an entry must add up to nothing in each currency'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_balance';
    END IF;
    IF EXISTS (
        SELECT 1 FROM added a JOIN payments_ledgerentry e ON e.id = a.entry_id
            JOIN payments_payment p ON p.id = a.payment_id
        WHERE e.payment_id <> a.payment_id OR p.currency <> a.currency
    ) THEN
        RAISE EXCEPTION 'a posting belongs to the payment of its entry and is in its currency'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'postings_fit_their_entry';
    END IF;
    PERFORM 1 FROM payments_payment WHERE id IN (SELECT payment_id FROM added) ORDER BY id FOR UPDATE;
    IF EXISTS (
        SELECT 1 FROM payments_posting p JOIN payments_account a ON a.code = p.account_id
        WHERE a.bounded AND (p.payment_id, p.account_id) IN (SELECT payment_id, account_id FROM added)
        GROUP BY p.payment_id, a.code, a.kind
        HAVING sum(p.amount) * CASE WHEN a.kind = 'ASSET' THEN 1 ELSE -1 END < 0
    ) THEN
        RAISE EXCEPTION 'an account would fall below zero for this payment'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_stays_within_its_bound';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_check_postings AFTER INSERT ON payments_posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION payments_check_postings();

CREATE FUNCTION payments_check_entry() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM payments_posting WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'an entry needs postings'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_have_postings';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_check_entry AFTER INSERT ON payments_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_entry();

INSERT INTO payments_account (code, kind, bounded) VALUES
    ('assets:provider:sandbox', 'ASSET', TRUE),
    ('liabilities:tax', 'LIABILITY', TRUE),
    ('revenue:sales', 'REVENUE', TRUE),
    ('revenue:shipping', 'REVENUE', TRUE),
    ('revenue:returns', 'REVENUE', FALSE);
"""

_INVOICES = r"""
CREATE FUNCTION payments_check_series() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'INSERT' AND NEW.last <> 1)
       OR (TG_OP = 'UPDATE' AND (NEW.series <> OLD.series OR NEW.last <> OLD.last + 1)) THEN
        RAISE EXCEPTION 'numbers of a series are given one by one'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'series_have_no_gaps';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_check_series BEFORE INSERT OR UPDATE OR DELETE ON payments_numberseries
    FOR EACH ROW EXECUTE FUNCTION payments_check_series();

CREATE FUNCTION payments_check_number_is_used() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM payments_invoice WHERE series = NEW.series AND number = NEW.last) THEN
        RAISE EXCEPTION 'the number %-% was taken, but no document carries it', NEW.series, NEW.last
            USING ERRCODE = 'check_violation', CONSTRAINT = 'series_have_no_gaps';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_check_number_is_used AFTER INSERT OR UPDATE ON payments_numberseries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_number_is_used();

CREATE FUNCTION payments_check_document() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    invoiced bigint;
    credited bigint;
BEGIN
    IF NEW.number IS DISTINCT FROM (SELECT last FROM payments_numberseries WHERE series = NEW.series) THEN
        RAISE EXCEPTION 'a document carries the number just taken from its series'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'series_have_no_gaps';
    END IF;
    IF NEW.kind = 'CREDIT_NOTE' THEN
        PERFORM 1 FROM payments_payment WHERE id = NEW.payment_id FOR UPDATE;
        SELECT total INTO invoiced FROM payments_invoice
            WHERE id = NEW.corrects_id AND kind = 'INVOICE' AND payment_id = NEW.payment_id;
        SELECT coalesce(sum(total), 0) INTO credited FROM payments_invoice WHERE corrects_id = NEW.corrects_id;
        IF invoiced IS NULL OR credited + NEW.total > invoiced THEN
            RAISE EXCEPTION 'credit notes of % would exceed the invoice of %', credited + NEW.total, invoiced
                USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_notes_are_at_most_the_invoice';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_check_document BEFORE INSERT ON payments_invoice
    FOR EACH ROW EXECUTE FUNCTION payments_check_document();
"""

# Two locks for one door: the triggers above, and no privilege. Whoever was granted rights on new tables keeps reading and appending.
_REVOKES = r"""
DO $$
DECLARE
    holder record;
BEGIN
    FOR holder IN
        SELECT DISTINCT c.relname, r.rolname FROM pg_class c
            CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.relnamespace = current_schema()::regnamespace AND a.grantee <> c.relowner
          AND c.relname IN ('payments_ledgerentry', 'payments_posting', 'payments_account', 'payments_invoice')
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM %I', holder.relname, holder.rolname);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]
    operations = [
        migrations.RunSQL(sql, reverse_sql=migrations.RunSQL.noop) for sql in (_PAYMENTS, _LEDGER, _INVOICES, _REVOKES)
    ]
