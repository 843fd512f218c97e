"""ALTER TABLE, CHECK, identity columns, sequences, savepoints around DDL, EXPLAIN ANALYZE of DML: the same statements, one after the other, on a
PostgreSQL 15 and on tsd; equal rows, tags and errors (code, text, detail, constraint). Once on a plain table, and where it can be on a table
that is a distributed hypertable on tsd's side."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402
from test_against_postgres import Postgres  # noqa: E402

import psycopg2  # noqa: E402

ALTER = """
CREATE TABLE t(time timestamptz NOT NULL, dev text, a int)
--hypertable t
INSERT INTO t SELECT '2024-01-01'::timestamptz + g * interval '7 hours', 'd' || g % 5, g FROM generate_series(1, 50) g
ALTER TABLE t ADD COLUMN b int
SELECT count(*), count(b) FROM t
ALTER TABLE t ADD COLUMN b int
ALTER TABLE t ADD COLUMN IF NOT EXISTS b int
ALTER TABLE t ADD COLUMN c text DEFAULT 'x' || 'y'
SELECT c, count(*) FROM t GROUP BY 1
INSERT INTO t(time, dev, a) VALUES ('2024-03-01', 'new', 100)
SELECT c, b, a FROM t WHERE dev = 'new'
SELECT count(*) FROM t WHERE c = 'xy' AND b IS NULL
ALTER TABLE t ALTER COLUMN c SET DEFAULT 'z', ALTER b SET DEFAULT 7
INSERT INTO t(time, dev, a) VALUES ('2024-03-02', 'new', 101)
SELECT time, dev, a, b, c FROM t WHERE dev = 'new' ORDER BY a
ALTER TABLE t ALTER COLUMN c DROP DEFAULT
INSERT INTO t(time, dev, a) VALUES ('2024-03-03', 'new', 102)
SELECT a, b, c FROM t WHERE dev = 'new' ORDER BY a
ALTER TABLE t ALTER COLUMN b SET NOT NULL
UPDATE t SET b = 0 WHERE b IS NULL
ALTER TABLE t ALTER COLUMN b SET NOT NULL
INSERT INTO t(time, dev, a, b) VALUES ('2024-03-03', 'new', 102, NULL)
ALTER TABLE t ALTER COLUMN b DROP NOT NULL
INSERT INTO t(time, dev, a, b) VALUES ('2024-03-04', 'new', 103, NULL)
ALTER TABLE t RENAME COLUMN a TO alpha
SELECT a FROM t
SELECT sum(alpha) FROM t
ALTER TABLE t RENAME alpha TO b
ALTER TABLE t RENAME nope TO x
ALTER TABLE t DROP COLUMN nope
ALTER TABLE t DROP COLUMN IF EXISTS nope
ALTER TABLE t DROP COLUMN c
SELECT * FROM t WHERE dev = 'new' ORDER BY alpha
ALTER TABLE t ADD COLUMN c int
SELECT count(c), count(*) FROM t
INSERT INTO t VALUES ('2024-03-05', 'new', 104, 1, 2)
SELECT * FROM t WHERE alpha = 104
ALTER TABLE t ADD COLUMN d int NOT NULL
ALTER TABLE t ADD COLUMN d int NOT NULL DEFAULT 5
SELECT d, count(*) FROM t GROUP BY d
ALTER TABLE t ADD COLUMN e numeric DEFAULT 1/0
ALTER TABLE nope ADD COLUMN x int
ALTER TABLE IF EXISTS nope ADD COLUMN x int
ALTER TABLE t ALTER nope SET NOT NULL
ALTER TABLE t OWNER TO nobody
ALTER TABLE t ADD COLUMN r double precision DEFAULT random()
SELECT count(DISTINCT r) > 40, count(*) FILTER (WHERE r IS NULL) FROM t
ALTER TABLE t RENAME TO t2
SELECT count(*) FROM t
SELECT count(*), sum(b), sum(alpha) FROM t2
CREATE VIEW v AS SELECT dev, b FROM t2
ALTER TABLE t2 DROP COLUMN b
ALTER TABLE t2 DROP COLUMN b CASCADE
SELECT * FROM v
CREATE VIEW v2 AS SELECT dev FROM t2
DROP TABLE t2
DROP TABLE t2 CASCADE
SELECT * FROM v2
"""

CHECKS = """
CREATE TABLE k(time timestamptz NOT NULL, a int CHECK (a > 0), b int, CHECK (a < b), CONSTRAINT named CHECK (b < 100))
--hypertable k
INSERT INTO k VALUES ('2024-01-01', 1, 2), ('2024-02-01', NULL, NULL), ('2024-03-01', 5, NULL)
INSERT INTO k VALUES ('2024-01-01', 0, 2)
INSERT INTO k VALUES ('2024-01-01', 3, 2)
INSERT INTO k VALUES ('2024-01-01', 1, 100)
INSERT INTO k VALUES ('2024-01-01', 1, 3), ('2024-01-02', -1, 3)
SELECT count(*) FROM k
UPDATE k SET a = a - 5 WHERE a = 1
UPDATE k SET a = 10, b = 5 WHERE a = 1
SELECT * FROM k ORDER BY time
ALTER TABLE k ADD CHECK (a <> 5)
ALTER TABLE k ADD CHECK (a <> 6)
INSERT INTO k VALUES ('2024-01-01', 6, 7)
ALTER TABLE k ADD CONSTRAINT named CHECK (a = 1)
ALTER TABLE k RENAME COLUMN a TO first
INSERT INTO k VALUES ('2024-01-01', 0, 2)
INSERT INTO k VALUES ('2024-01-01', 9, 10)
ALTER TABLE k DROP CONSTRAINT k_check
ALTER TABLE k DROP CONSTRAINT k_check
ALTER TABLE k DROP CONSTRAINT IF EXISTS k_check
INSERT INTO k VALUES ('2024-01-01', 9, 1)
ALTER TABLE k RENAME CONSTRAINT named TO renamed
INSERT INTO k VALUES ('2024-01-01', 9, 1000)
ALTER TABLE k ADD COLUMN c int DEFAULT 3 CHECK (c < 10)
INSERT INTO k(time, c) VALUES ('2024-01-01', 11)
ALTER TABLE k ADD COLUMN d int DEFAULT 30 CHECK (d < 10)
CREATE TABLE bad(a int CHECK (a))
CREATE TABLE bad(a int CHECK (b > 0))
CREATE TABLE bad(a int CHECK (sum(a) > 0))
CREATE TABLE bad(a int, CONSTRAINT x CHECK (a > 1), CONSTRAINT x CHECK (a > 2))
SELECT conname, contype FROM pg_constraint WHERE conrelid = 'k'::regclass ORDER BY conname
ALTER TABLE k DROP COLUMN c
SELECT conname FROM pg_constraint WHERE conrelid = 'k'::regclass ORDER BY conname
CREATE TABLE copied(LIKE k INCLUDING ALL)
INSERT INTO copied VALUES ('2024-01-01', 9, 1000)
DROP TABLE k, copied
"""

SEQUENCES = """
CREATE SEQUENCE s
SELECT nextval('s'), nextval('s')
SELECT currval('s'), lastval()
SELECT last_value, is_called FROM s
SELECT setval('s', 10), nextval('s')
SELECT setval('s', 20, false), nextval('s')
SELECT setval('s', 0)
SELECT nextval('nope')
SELECT nextval('s') FROM generate_series(1, 5)
CREATE SEQUENCE s
CREATE SEQUENCE IF NOT EXISTS s
CREATE SEQUENCE d INCREMENT BY -2 MAXVALUE 10 MINVALUE 5 START WITH 9
SELECT nextval('d'), nextval('d'), nextval('d')
SELECT nextval('d')
ALTER SEQUENCE d RESTART WITH 10 CYCLE
SELECT nextval('d') FROM generate_series(1, 5)
ALTER SEQUENCE d MINVALUE 11
CREATE SEQUENCE bad INCREMENT 0
CREATE SEQUENCE bad MINVALUE 5 MAXVALUE 4
CREATE SEQUENCE bad START 0
CREATE SEQUENCE bad AS smallint MAXVALUE 40000
CREATE SEQUENCE bad AS text
CREATE SEQUENCE small AS smallint MAXVALUE 2
SELECT nextval('small'), nextval('small')
SELECT nextval('small')
CREATE TABLE q(id serial, v text)
INSERT INTO q(v) VALUES ('a'), ('b')
INSERT INTO q VALUES (DEFAULT, 'c') RETURNING id
INSERT INTO q SELECT 50, 'd'
SELECT * FROM q ORDER BY id
SELECT pg_get_serial_sequence('q', 'id')
INSERT INTO q VALUES (NULL, 'x')
DROP SEQUENCE q_id_seq
CREATE TABLE i(id int GENERATED ALWAYS AS IDENTITY, b bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY 10), v text)
INSERT INTO i(v) VALUES ('a'), ('b') RETURNING *
INSERT INTO i(id, v) VALUES (7, 'c')
INSERT INTO i(id, v) OVERRIDING SYSTEM VALUE VALUES (7, 'c') RETURNING *
INSERT INTO i(b, v) VALUES (5, 'd') RETURNING *
INSERT INTO i(b, v) OVERRIDING USER VALUE VALUES (5, 'd') RETURNING *
UPDATE i SET id = 8 WHERE v = 'c'
UPDATE i SET id = DEFAULT WHERE v = 'c' RETURNING id
TRUNCATE i RESTART IDENTITY
INSERT INTO i(v) VALUES ('a') RETURNING id, b
TRUNCATE i
INSERT INTO i(v) VALUES ('a') RETURNING id, b
SELECT attname, attidentity FROM pg_attribute WHERE attrelid = 'i'::regclass AND attnum > 0 ORDER BY attnum
SELECT sequencename, last_value, increment_by FROM pg_sequences WHERE sequencename NOT LIKE 'kept%' ORDER BY 1
CREATE TABLE bad(a text GENERATED ALWAYS AS IDENTITY)
CREATE TABLE bad(a int DEFAULT 1 GENERATED ALWAYS AS IDENTITY)
CREATE TABLE bad(a int NULL NOT NULL)
ALTER TABLE i ALTER id SET DEFAULT 4
ALTER TABLE i ALTER id DROP NOT NULL
ALTER TABLE i ALTER id DROP IDENTITY
INSERT INTO i(id, v) VALUES (70, 'c') RETURNING id
INSERT INTO s VALUES (1)
DROP TABLE s
DROP TABLE q
DROP SEQUENCE q_id_seq
ALTER TABLE i ADD COLUMN n bigserial
SELECT count(n), count(DISTINCT n) FROM i
CREATE TABLE dflt(a int DEFAULT nextval('s'))
INSERT INTO dflt DEFAULT VALUES RETURNING a
DROP SEQUENCE s
DROP SEQUENCE s CASCADE
INSERT INTO dflt DEFAULT VALUES RETURNING a
DROP TABLE i, dflt
DROP SEQUENCE d, small
"""

SAVEPOINTS = """
CREATE TABLE p(a int)
INSERT INTO p VALUES (1)
BEGIN
SAVEPOINT one
ALTER TABLE p ADD COLUMN b int DEFAULT 2
SELECT * FROM p
CREATE TABLE p2(x int)
INSERT INTO p2 VALUES (1)
SAVEPOINT two
DROP TABLE p
SELECT * FROM p
ROLLBACK TO two
SELECT * FROM p
SELECT * FROM p2
ROLLBACK TO one
SELECT * FROM p
SELECT * FROM p2
ROLLBACK TO one
INSERT INTO p VALUES (2)
COMMIT
SELECT * FROM p ORDER BY 1
BEGIN
TRUNCATE p
INSERT INTO p VALUES (9)
SELECT * FROM p
ROLLBACK
SELECT * FROM p ORDER BY 1
BEGIN
TRUNCATE p
INSERT INTO p VALUES (9), (10)
COMMIT
SELECT * FROM p ORDER BY 1
INSERT INTO p VALUES (9) ON CONFLICT DO NOTHING
SELECT count(*) FROM p
LOCK TABLE p
BEGIN
LOCK TABLE p IN ROW EXCLUSIVE MODE
LOCK TABLE p IN NO SUCH MODE
ROLLBACK
BEGIN
LOCK TABLE nope
ROLLBACK
DROP TABLE p
"""

TEMPORARY = """
CREATE TABLE shop(a int)
INSERT INTO shop VALUES (1)
CREATE TEMP TABLE shop(a int, b text DEFAULT 'mine')
CREATE TEMP TABLE shop(a int)
CREATE TEMP TABLE IF NOT EXISTS shop(a int)
INSERT INTO shop VALUES (2), (3)
SELECT * FROM shop ORDER BY 1
SELECT * FROM public.shop
SELECT * FROM pg_temp.shop ORDER BY 1
SELECT relpersistence, relname FROM pg_class WHERE relname = 'shop' ORDER BY 1
SELECT table_type FROM information_schema.tables WHERE table_name = 'shop' ORDER BY 1
SELECT 'shop'::regclass::text, 'pg_temp.shop'::regclass::text, 'public.shop'::regclass::text
SELECT pg_is_other_temp_schema(pg_my_temp_schema()), pg_my_temp_schema() <> 0
UPDATE shop SET b = 'new' WHERE a = 3
DELETE FROM shop WHERE a = 2
SELECT * FROM shop
ALTER TABLE shop ADD COLUMN c int DEFAULT 4
SELECT * FROM shop
TRUNCATE shop
SELECT * FROM shop
DROP TABLE shop
SELECT * FROM shop
CREATE TEMP TABLE public.nope(a int)
CREATE TABLE pg_temp.explicit(a int)
SELECT count(*) FROM explicit
CREATE TEMPORARY TABLE copied ON COMMIT PRESERVE ROWS AS SELECT g AS n FROM generate_series(1, 5) g
SELECT sum(n) FROM copied
SELECT x INTO TEMP taken FROM (VALUES (1), (2)) v(x)
SELECT count(*) FROM taken
CREATE TEMP TABLE counted(id serial, v text)
INSERT INTO counted(v) VALUES ('a'), ('b') RETURNING id
CREATE TEMP SEQUENCE numbers
SELECT nextval('numbers'), nextval('pg_temp.numbers')
CREATE TEMP VIEW seen AS SELECT v FROM counted
SELECT * FROM seen ORDER BY 1
CREATE VIEW follows AS SELECT n FROM copied
SELECT relpersistence FROM pg_class WHERE relname = 'follows'
CREATE TEMP TABLE gone(a int) ON COMMIT DROP
SELECT * FROM gone
BEGIN
CREATE TEMP TABLE gone(id serial, a int) ON COMMIT DROP
CREATE TEMP TABLE emptied(a int) ON COMMIT DELETE ROWS
INSERT INTO gone(a) VALUES (1)
INSERT INTO emptied VALUES (1)
SELECT * FROM gone
SELECT * FROM emptied
COMMIT
SELECT * FROM gone
SELECT * FROM emptied
INSERT INTO emptied VALUES (1)
SELECT * FROM emptied
BEGIN
INSERT INTO emptied VALUES (1)
SELECT * FROM emptied
COMMIT
SELECT * FROM emptied
BEGIN
CREATE TEMP TABLE undone(a int)
ROLLBACK
SELECT * FROM undone
BEGIN READ ONLY
CREATE TEMP TABLE fleeting(a int)
INSERT INTO fleeting VALUES (5)
SELECT * FROM fleeting
INSERT INTO shop VALUES (5)
ROLLBACK
SET search_path = public, pg_temp
CREATE TEMP TABLE shop(a int)
SELECT * FROM shop
RESET search_path
SELECT * FROM shop
DISCARD TEMP
SELECT * FROM shop
SELECT * FROM copied
SELECT * FROM seen
CREATE TEMP TABLE again(a int)
DISCARD ALL
SELECT * FROM again
SELECT count(*) FROM pg_class WHERE relpersistence = 't'
DROP TABLE shop
CREATE TABLE plain(a int) ON COMMIT DROP
"""


class DdlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()

    def connections(self):
        postgres = psycopg2.connect(host="127.0.0.1", port=self.postgres.port, user="tsdbadmin", dbname="tsdb")
        tsd = self.cluster.connect()
        for connection in (postgres, tsd):
            connection.autocommit = True
            self.addCleanup(connection.close)
            with connection.cursor() as cursor:
                cursor.execute("SET timezone = 'UTC'")
        return postgres, tsd

    @staticmethod
    def answer(connection, statement):
        with connection.cursor() as cursor:
            try:
                cursor.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
                names = [column.name for column in cursor.description] if cursor.description else []
                return cursor.statusmessage, names, rows
            except psycopg2.Error as error:
                diag = error.diag
                return ("ERROR", error.pgcode, diag.message_primary, diag.message_detail, diag.constraint_name, diag.column_name)

    def compare(self, script, hypertables):
        postgres, tsd = self.connections()
        for line in script.strip().splitlines():
            if line.startswith("--hypertable"):
                if hypertables:
                    with tsd.cursor() as cursor:
                        cursor.execute(f"SELECT create_distributed_hypertable('{line.split()[1]}', 'time')")
                continue
            with self.subTest(statement=line):
                want, have = self.answer(postgres, line), self.answer(tsd, line)
                self.assertEqual(have, want)

    def test_alter_table(self):
        self.compare(ALTER, False)

    def test_alter_distributed_hypertable(self):
        self.compare(ALTER, True)

    def test_checks(self):
        self.compare(CHECKS, False)

    def test_checks_of_a_distributed_hypertable(self):
        self.compare(CHECKS, True)

    def test_sequences(self):
        self.compare(SEQUENCES, False)

    def test_savepoints_and_truncate(self):
        self.compare(SAVEPOINTS, False)

    def test_temporary_objects(self):
        self.compare(TEMPORARY, False)

    def test_temporary_tables_end_with_their_session(self):
        def temporaries():
            return self.cluster.sql("SELECT count(*) FROM pg_class WHERE relpersistence = 't'")

        one, two = self.cluster.connect(), self.cluster.connect()
        for connection, value in ((one, 1), (two, 2)):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("CREATE TEMP TABLE mine(a int)")
                cursor.execute(f"INSERT INTO mine VALUES ({value})")
                cursor.execute("SELECT a FROM mine")
                self.assertEqual(cursor.fetchall(), [(value,)])
        self.assertEqual(temporaries(), "2")
        one.close()
        deadline = time.monotonic() + 20
        while temporaries() != "1" and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(temporaries(), "1")
        self.cluster.restart("an")  # killed: nobody dropped the other
        self.assertEqual(temporaries(), "0")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pg_temp%'"), "0")
        two.close()

    def test_check_holds_for_copy(self):
        self.cluster.sql("CREATE TABLE cc(a int CHECK (a < 3))")
        result = self.cluster.psql("-v", "VERBOSITY=verbose", "-c", "COPY cc FROM STDIN", stdin="1\n2\n3\n")
        self.assertIn('23514: new row for relation "cc" violates check constraint "cc_a_check"', result.stderr)
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM cc"), "0")

    def test_definitions_survive_kill(self):
        self.cluster.sql("CREATE TABLE kept(id bigserial, a int CHECK (a > 0))")
        self.cluster.sql("ALTER TABLE kept ADD COLUMN b text DEFAULT 'old'")
        told = [int(x) for x in self.cluster.sql("INSERT INTO kept(a) SELECT g FROM generate_series(1, 40) g RETURNING id").split("\n")]
        self.cluster.restart("an")
        more = [int(x) for x in self.cluster.sql("INSERT INTO kept(a) SELECT g FROM generate_series(1, 40) g RETURNING id").split("\n")]
        self.assertEqual(len(set(told) | set(more)), 80)
        result = self.cluster.psql("-c", "INSERT INTO kept(a) VALUES (0)")
        self.assertIn("kept_a_check", result.stderr)
        self.assertEqual(self.cluster.sql("SELECT DISTINCT b FROM kept"), "old")

    def test_explain_analyze_of_dml_runs_it(self):
        self.cluster.sql("CREATE TABLE ea(a int)")
        plan = self.cluster.sql("EXPLAIN ANALYZE INSERT INTO ea SELECT g FROM generate_series(1, 9) g")
        self.assertIn("Insert on ea", plan)
        self.assertIn("Execution Time", plan)
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM ea"), "9")
        self.assertIn("Update on ea", self.cluster.sql("EXPLAIN ANALYZE UPDATE ea SET a = -a WHERE a < 5"))
        self.cluster.sql("EXPLAIN ANALYZE DELETE FROM ea WHERE a < 0")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM ea"), "5")
        self.cluster.sql("EXPLAIN DELETE FROM ea")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM ea"), "5")


if __name__ == "__main__":
    unittest.main(verbosity=1)
