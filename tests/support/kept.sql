-- What makes a database as it was after a test. Laid into the template by tests/support/database.py.
CREATE SCHEMA kept;
CREATE TABLE kept.sequences (name regclass, last_value bigint, is_called boolean);
CREATE TABLE kept.altered (command text);
CREATE TABLE kept.whole AS SELECT ''::text AS told;
CREATE TABLE kept.sizes (name oid, relpages integer, reltuples real);

-- What was granted on the database and set for it, which no event trigger hears of.
CREATE FUNCTION kept.whole() RETURNS text LANGUAGE sql AS $$
    SELECT concat(datacl, ARRAY(
        SELECT (setrole, setconfig)::text FROM pg_db_role_setting
        WHERE setdatabase = d.oid ORDER BY setrole
    )) FROM pg_database d WHERE datname = current_database()
$$;

CREATE FUNCTION kept.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO kept.altered VALUES (tg_tag);
END $$;

-- What the planner believes of the services' tables and their indexes.
CREATE FUNCTION kept.sizes() RETURNS SETOF kept.sizes LANGUAGE sql AS $$
    SELECT c.oid, c.relpages, c.reltuples
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'i') AND n.nspname !~ '^(pg_|information_schema$|kept$|public$)'
$$;

-- The services' tables that have anything in them, or had.
CREATE FUNCTION kept.tables() RETURNS SETOF regclass LANGUAGE sql AS $$
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$|kept$|public$)'
    AND pg_relation_size(c.oid) > 0
$$;

CREATE FUNCTION kept.sequences() RETURNS SETOF regclass LANGUAGE sql AS $$
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND n.nspname !~ '^(pg_|kept$)'
$$;

-- Remember what there is now.
CREATE FUNCTION kept.keep() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one regclass;
BEGIN
    FOR one IN SELECT kept.tables() LOOP
        EXECUTE format('DROP TABLE IF EXISTS kept.%I', one::oid::text);
        EXECUTE format('CREATE TABLE kept.%I AS TABLE %s', one::oid::text, one);
    END LOOP;
    DELETE FROM kept.sequences;
    FOR one IN SELECT kept.sequences() LOOP
        EXECUTE format(
            'INSERT INTO kept.sequences SELECT %L, last_value, is_called FROM %s', one, one
        );
    END LOOP;
    DELETE FROM kept.sizes;
    INSERT INTO kept.sizes SELECT * FROM kept.sizes();
    UPDATE kept.whole SET told = kept.whole();
    DELETE FROM kept.altered;
END $$;

-- Make it so again; false where more than rows is not as it was.
CREATE FUNCTION kept.restore() RETURNS boolean LANGUAGE plpgsql
SET session_replication_role = replica SET lock_timeout = '5s' AS $$
DECLARE
    one regclass;
    columns text;
    grown text;
BEGIN
    IF EXISTS (SELECT FROM kept.altered) OR kept.whole() <> (SELECT told FROM kept.whole) THEN
        RETURN false;
    END IF;
    FOR one IN SELECT kept.tables() LOOP
        IF pg_relation_size(one) <= 32768 THEN  -- a few pages: a truncation costs ten times as much
            EXECUTE format('DELETE FROM %s', one);
        ELSE
            grown := concat_ws(', ', grown, one::text);
        END IF;
    END LOOP;
    IF grown IS NOT NULL THEN
        EXECUTE format('TRUNCATE %s CASCADE', grown);
    END IF;
    FOR one IN
        SELECT c.relname::oid FROM pg_class c
        WHERE c.relnamespace = 'kept'::regnamespace AND c.relname ~ '^\d+$'
    LOOP
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
        WHERE attrelid = one AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
        EXECUTE format(
            'INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM kept.%I',
            one, columns, columns, one::oid::text
        );
    END LOOP;
    PERFORM setval(name, last_value, is_called) FROM kept.sequences;
    DELETE FROM pg_statistic WHERE starelid IN (SELECT name FROM kept.sizes);
    UPDATE pg_class SET relpages = kept.relpages, reltuples = kept.reltuples
    FROM kept.sizes kept
    WHERE pg_class.oid = kept.name
    AND (pg_class.relpages, pg_class.reltuples) <> (kept.relpages, kept.reltuples);
    PERFORM pg_stat_reset();  -- deadlocks are counted by database
    RETURN true;
END $$;

CREATE EVENT TRIGGER kept_note ON ddl_command_end EXECUTE FUNCTION kept.note();
SELECT kept.keep();
