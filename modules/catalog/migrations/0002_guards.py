"""What the database itself holds true of the catalog, beyond what constraints can say."""

from django.db import migrations

# One advisory lock orders whoever changes the shape of the tree; without it two moves at once could make a circle.
CATEGORY_PATHS = """
CREATE FUNCTION catalog_category_find_path() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE parent_path uuid[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('catalog.category_tree'));
    IF NEW.parent_id IS NOT NULL THEN
        SELECT path INTO parent_path FROM catalog_category WHERE id = NEW.parent_id;
        IF NEW.id = NEW.parent_id OR NEW.id = ANY(parent_path) THEN
            RAISE EXCEPTION 'A category cannot stand below itself.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'category_not_below_itself';
        END IF;
    END IF;
    NEW.path = coalesce(parent_path, '{}') || NEW.id;
    RETURN NEW;
END $$;

CREATE FUNCTION catalog_category_carry_descendants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalog_category SET path = NEW.path || path[cardinality(OLD.path) + 1:]
    WHERE path @> ARRAY[NEW.id] AND id <> NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER category_find_path BEFORE INSERT OR UPDATE OF id, parent_id, path ON catalog_category
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION catalog_category_find_path();
CREATE TRIGGER category_carry_descendants AFTER UPDATE OF parent_id ON catalog_category
    FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION catalog_category_carry_descendants();
"""

ATTRIBUTE_VALUES = """
CREATE FUNCTION catalog_attribute_fits(attribute catalog_attribute, value_text text, value_number numeric, flag boolean)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT num_nonnulls(value_text, value_number, flag) = 1 AND CASE attribute.type
        WHEN 'text' THEN coalesce(value_text <> '', false)
        WHEN 'choice' THEN coalesce(value_text = ANY(attribute.choices), false)
        WHEN 'bool' THEN flag IS NOT NULL
        WHEN 'number' THEN coalesce(value_number BETWEEN coalesce(attribute.minimum, '-Infinity')
                                                     AND coalesce(attribute.maximum, 'Infinity'), false)
        ELSE false
    END
$$;

CREATE FUNCTION catalog_attribute_value_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE definition catalog_attribute;
BEGIN
    SELECT * INTO definition FROM catalog_attribute WHERE id = NEW.attribute_id FOR SHARE;
    IF FOUND AND NOT catalog_attribute_fits(definition, NEW.text, NEW.number, NEW.flag) THEN
        RAISE EXCEPTION 'The value does not fit the attribute %.', definition.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'attribute_value_fits';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION catalog_attribute_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM catalog_attributevalue v
               WHERE v.attribute_id = NEW.id AND NOT catalog_attribute_fits(NEW, v.text, v.number, v.flag)) THEN
        RAISE EXCEPTION 'Products have values that would no longer fit the attribute %.', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'attribute_fits_its_values';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER attribute_value_check BEFORE INSERT OR UPDATE ON catalog_attributevalue
    FOR EACH ROW EXECUTE FUNCTION catalog_attribute_value_check();
CREATE TRIGGER attribute_check AFTER UPDATE ON catalog_attribute
    FOR EACH ROW EXECUTE FUNCTION catalog_attribute_check();
"""

APPEND_ONLY_MOVEMENTS = """
CREATE FUNCTION catalog_movement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Movements of stock are written once; correct them with another movement.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'movement_written_once';
END $$;

CREATE TRIGGER movement_stays BEFORE UPDATE OR DELETE ON catalog_movement
    FOR EACH ROW EXECUTE FUNCTION catalog_movement_stays();
"""

# RFC 9562, 5.7: 48 bits of milliseconds before random bits. PostgreSQL has uuidv7() from version 18 only.
UUID7 = """
CREATE FUNCTION catalog_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;
"""

# The word itself where some listing has it; for the last one, still being typed, a word that it begins; else those of about
# its length that share the most trigrams with it.
WORD_CANDIDATES = """
CREATE FUNCTION catalog_word_candidates(words text[], trigrams_of_words text[], beginning text, most int)
RETURNS TABLE (asked text, candidate text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    own text[];
BEGIN
    FOR place IN 1 .. cardinality(words) LOOP
        asked := words[place];
        IF EXISTS (SELECT FROM catalog_word w WHERE w.word = asked) THEN
            candidate := asked;
            RETURN NEXT;
            CONTINUE;
        END IF;
        IF asked = beginning THEN
            SELECT w.word INTO candidate FROM catalog_word w
            WHERE w.word > asked AND w.word < asked || chr(1114111) ORDER BY w.word LIMIT 1;
            IF candidate IS NOT NULL THEN
                RETURN NEXT;
                CONTINUE;
            END IF;
        END IF;
        own := string_to_array(trigrams_of_words[place], ' ');
        RETURN QUERY
            SELECT asked, near.word::text FROM (
                SELECT w.word, (SELECT count(*) FROM unnest(w.trigrams) AS t (trigram) WHERE t.trigram = ANY(own)) AS shared
                FROM catalog_word w
                WHERE w.trigrams && own AND length(w.word) BETWEEN length(asked) - 2 AND length(asked) + 2
            ) AS near
            ORDER BY near.shared DESC, abs(length(near.word) - length(asked)), near.word LIMIT most;
    END LOOP;
END $$;
"""

# Rows that change with every order find room for their next version on their own page, and no index is touched.
ROOM_FOR_UPDATES = """
ALTER TABLE catalog_stock SET (fillfactor = 50);
ALTER TABLE catalog_reservation SET (fillfactor = 80);
ALTER TABLE catalog_popularity SET (fillfactor = 80);
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.RunSQL(
            CATEGORY_PATHS,
            "DROP TRIGGER category_carry_descendants ON catalog_category; DROP TRIGGER category_find_path ON catalog_category;"
            "DROP FUNCTION catalog_category_carry_descendants; DROP FUNCTION catalog_category_find_path;",
        ),
        migrations.RunSQL(
            ATTRIBUTE_VALUES,
            "DROP TRIGGER attribute_check ON catalog_attribute; DROP TRIGGER attribute_value_check ON catalog_attributevalue;"
            "DROP FUNCTION catalog_attribute_check; DROP FUNCTION catalog_attribute_value_check;"
            "DROP FUNCTION catalog_attribute_fits;",
        ),
        migrations.RunSQL(
            APPEND_ONLY_MOVEMENTS,
            "DROP TRIGGER movement_stays ON catalog_movement; DROP FUNCTION catalog_movement_stays;",
        ),
        migrations.RunSQL(WORD_CANDIDATES, "DROP FUNCTION catalog_word_candidates;"),
        migrations.RunSQL(UUID7, "DROP FUNCTION catalog_uuid7;"),
        migrations.RunSQL(
            ROOM_FOR_UPDATES,
            "ALTER TABLE catalog_stock RESET (fillfactor); ALTER TABLE catalog_reservation RESET (fillfactor);"
            "ALTER TABLE catalog_popularity RESET (fillfactor);",
        ),
    ]
