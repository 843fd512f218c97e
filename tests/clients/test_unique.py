"""PRIMARY KEY, UNIQUE and ON CONFLICT: each statement on a PostgreSQL 15 and on tsd, equal tags, rows, errors with their fields, and
catalogs; keys of hypertables over three data nodes, in memory and in files; two clients that write the same keys."""
import os
import re
import sys
import threading
import time
import unittest

import psycopg2

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402
from oracle import Postgres  # noqa: E402


def outcome(connection, statement):
    """Tag and rows, or the error's fields."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else None
            return ("ok", cursor.statusmessage, rows)
        except psycopg2.Error as error:
            diag = error.diag
            message = re.sub(r"^\[\w+\]: ", "", diag.message_primary or "")
            return ("error", error.pgcode, message, diag.message_detail, diag.message_hint, diag.schema_name, diag.table_name, diag.constraint_name)


# In order, on one connection; a statement that fails is part of the test.
PLAIN = """
CREATE TABLE a (id serial PRIMARY KEY, name text UNIQUE, v int)
INSERT INTO a (name, v) VALUES ('x', 1), ('y', 2)
INSERT INTO a (id, name) VALUES (1, 'z')
INSERT INTO a (id, name) VALUES (10, 'x')
INSERT INTO a (id, name) VALUES (10, NULL), (11, NULL), (12, NULL)
INSERT INTO a (id, name) VALUES (20, 'p'), (21, 'q'), (20, 'r')
INSERT INTO a (id) VALUES (NULL)
SELECT * FROM a ORDER BY id
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT (id) DO NOTHING
INSERT INTO a (id, name) VALUES (30, 'x') ON CONFLICT (id) DO NOTHING
INSERT INTO a (id, name) VALUES (30, 'x') ON CONFLICT (name) DO NOTHING RETURNING *
INSERT INTO a (id, name) VALUES (30, 'k'), (31, 'k'), (30, 'l'), (32, 'x') ON CONFLICT DO NOTHING RETURNING id, name
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT (v) DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT (id, name) DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT (nope) DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT ON CONSTRAINT nope DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT ON CONSTRAINT a_pkey DO NOTHING
INSERT INTO a (id, name) VALUES (1, 'n') ON CONFLICT DO UPDATE SET v = 1
INSERT INTO a (id, name, v) VALUES (1, 'nn', 5) ON CONFLICT (id) DO UPDATE SET name = excluded.name, v = a.v + excluded.v RETURNING *
INSERT INTO a AS t (id, name, v) VALUES (1, 'no', 5) ON CONFLICT (id) DO UPDATE SET (name, v) = (excluded.name, t.v * 10) RETURNING *
INSERT INTO a AS t (id, name, v) VALUES (1, 'no', 5) ON CONFLICT (id) DO UPDATE SET v = a.v
INSERT INTO a (id, v) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET v = v + 1
INSERT INTO a (id, v) VALUES (1, 5), (2, 7), (40, 8) ON CONFLICT (id) DO UPDATE SET v = excluded.v WHERE a.v < 10 RETURNING id, v
INSERT INTO a (id, v) VALUES (41, 5), (2, 70), (42, 8), (1, 9) ON CONFLICT (id) DO UPDATE SET v = excluded.v RETURNING id, v
INSERT INTO a (id, v) VALUES (2, 5), (2, 6) ON CONFLICT (id) DO UPDATE SET v = excluded.v
INSERT INTO a (id, v) VALUES (50, 5), (50, 6) ON CONFLICT (id) DO UPDATE SET v = excluded.v
INSERT INTO a (id, v) VALUES (2, 5) ON CONFLICT (id) DO UPDATE SET id = 1
INSERT INTO a (id, v) VALUES (2, 5) ON CONFLICT (id) DO UPDATE SET id = 60, v = DEFAULT RETURNING *
INSERT INTO a (id, v) VALUES (60, 5) ON CONFLICT (id) WHERE id > 0 DO UPDATE SET v = 77
INSERT INTO a (id, v) SELECT g, g FROM generate_series(58, 63) g ON CONFLICT (id) DO UPDATE SET v = -excluded.v
INSERT INTO a (id, name) VALUES (1, 'y') ON CONFLICT (id) DO UPDATE SET name = 'k'
SELECT * FROM a ORDER BY id
UPDATE a SET id = 1 WHERE id = 60
UPDATE a SET id = id WHERE id = 60
UPDATE a SET name = 'same' WHERE id IN (58, 59)
UPDATE a SET v = v + 1
DELETE FROM a WHERE id = 58
INSERT INTO a (id) VALUES (58)
BEGIN
DELETE FROM a WHERE id = 58
INSERT INTO a (id) VALUES (58)
SAVEPOINT s
INSERT INTO a (id) VALUES (58)
ROLLBACK TO s
INSERT INTO a (id) VALUES (99)
ROLLBACK
INSERT INTO a (id) VALUES (99) RETURNING id
SELECT * FROM a ORDER BY id
CREATE TABLE b (x int, y text, z numeric(10,3), PRIMARY KEY (x, y), CONSTRAINT zz UNIQUE (z))
INSERT INTO b VALUES (1, 'a', 1.0), (1, 'b', 2.5)
INSERT INTO b VALUES (1, 'a', 3)
INSERT INTO b VALUES (2, 'a', 1.00)
INSERT INTO b VALUES (2, NULL, 9)
INSERT INTO b VALUES (1, 'b', 2.500) ON CONFLICT ON CONSTRAINT zz DO UPDATE SET y = b.y || excluded.x::text RETURNING *
INSERT INTO b VALUES (1, 'b', 2.500) ON CONFLICT (y, x) DO UPDATE SET z = 4 RETURNING *
CREATE TABLE c (id int PRIMARY KEY, other int PRIMARY KEY)
CREATE TABLE c (id int, PRIMARY KEY (id), PRIMARY KEY (id))
CREATE TABLE c (id int, PRIMARY KEY (nope))
CREATE TABLE c (id int, UNIQUE (id, id))
CREATE TABLE c (j json UNIQUE)
CREATE TABLE c (id int UNIQUE PRIMARY KEY, t jsonb, u int, CONSTRAINT a_pkey UNIQUE (u))
CREATE TABLE c (id int UNIQUE PRIMARY KEY, t jsonb, u int)
CREATE UNIQUE INDEX uniq1 ON c (t)
INSERT INTO c VALUES (1, '{"a": 1, "b": 2}'), (2, '{"b": 2, "a": 1}') ON CONFLICT DO NOTHING RETURNING *
INSERT INTO c VALUES (3, '{"b":2,"a":1}')
INSERT INTO c VALUES (4, '[1]', 5), (5, '[2]', 5), (6, '[3]')
CREATE UNIQUE INDEX ON c (u)
ALTER TABLE c ADD UNIQUE (u)
ALTER TABLE c ADD CONSTRAINT cu UNIQUE (u, id)
ALTER TABLE c ADD PRIMARY KEY (u)
ALTER TABLE c DROP CONSTRAINT c_pkey
INSERT INTO c VALUES (4, '[9]', 8)
ALTER TABLE c ADD PRIMARY KEY (id)
DELETE FROM c WHERE t = '[9]'
ALTER TABLE c ADD PRIMARY KEY (u)
ALTER TABLE c ADD PRIMARY KEY (id)
ALTER TABLE c ALTER COLUMN id DROP NOT NULL
ALTER TABLE c RENAME CONSTRAINT cu TO cv
INSERT INTO c VALUES (4, '[10]', 5)
DROP INDEX cv
DROP INDEX uniq1
DROP INDEX uniq1
DROP INDEX IF EXISTS uniq1
INSERT INTO c VALUES (7, '[1]', 15)
CREATE UNIQUE INDEX uniq1 ON c (t)
CREATE UNIQUE INDEX IF NOT EXISTS cv ON c (t)
CREATE UNIQUE INDEX cv ON c (t)
ALTER TABLE c DROP CONSTRAINT nope
ALTER TABLE c DROP CONSTRAINT IF EXISTS nope
ALTER TABLE c DROP COLUMN u
SELECT count(*) FROM pg_index i JOIN pg_class k ON k.oid = i.indrelid WHERE k.relname = 'c'
CREATE TABLE d (n int UNIQUE NULLS NOT DISTINCT, m int)
INSERT INTO d VALUES (NULL, 1)
INSERT INTO d VALUES (NULL, 2)
INSERT INTO d VALUES (NULL, 2) ON CONFLICT (n) DO UPDATE SET m = 3 RETURNING *
CREATE TABLE e (LIKE b INCLUDING ALL)
INSERT INTO e VALUES (1, 'a', 1), (1, 'a', 2)
CREATE TEMP TABLE f (LIKE b) ON COMMIT PRESERVE ROWS
INSERT INTO f VALUES (1, 'a', 1), (1, 'a', 2)
INSERT INTO b SELECT * FROM f ORDER BY x ON CONFLICT (x, y) DO NOTHING
WITH s AS (SELECT 1 AS x) INSERT INTO b SELECT x, 'b21', 8 FROM s ON CONFLICT (x, y) DO NOTHING
SELECT * FROM b ORDER BY 1, 2
CREATE TABLE g (ts timestamptz, u uuid, r real, i interval, ch char(4), dt date, bo boolean, PRIMARY KEY (ts, u, r, i, ch, dt, bo))
INSERT INTO g VALUES ('2024-01-01 00:00+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 0, '1 mon', 'ab', '2024-01-01', true)
INSERT INTO g VALUES ('2024-01-01 01:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', -0.0, '30 days', 'ab  ', '2024-01-01', true)
SELECT conname, contype, conkey, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid IN (SELECT oid FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd', 'e', 'g')) ORDER BY 1
SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND length(tablename) = 1 AND tablename < 'h' ORDER BY 3
SELECT c.relname, i.relname, x.indisunique, x.indisprimary, x.indnkeyatts, pg_get_indexdef(i.oid, 1, true) FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid WHERE c.relname IN ('a', 'b', 'c', 'd', 'e', 'g') ORDER BY 1, 2
SELECT constraint_name, table_name, constraint_type FROM information_schema.table_constraints WHERE constraint_schema = 'public' AND constraint_type <> 'CHECK' AND table_name IN ('a', 'b', 'c', 'd', 'e', 'g') ORDER BY 2, 1
SELECT constraint_name, table_name, column_name, ordinal_position FROM information_schema.key_column_usage WHERE constraint_schema = 'public' AND table_name IN ('a', 'b', 'c', 'd', 'e', 'g') ORDER BY 2, 1, 4
SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = 'b'::regclass AND i.indisprimary ORDER BY 1
SELECT 'a_pkey'::regclass, 'a_pkey'::regclass::oid = (SELECT indexrelid FROM pg_index WHERE indrelid = 'a'::regclass AND indisprimary)
""".strip().splitlines()

# On tsd, `m` is a distributed hypertable.
METRICS = """
INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'h' || g % 7, g FROM generate_series(0, 29999) g
INSERT INTO m VALUES ('2024-01-01 00:10+00', 'h3', 1)
INSERT INTO m VALUES ('2024-01-01 00:10+00', 'h4', 1), ('2024-01-01 00:10+00', 'h4', 1)
INSERT INTO m VALUES ('2024-01-01 00:10+00', 'h4', 1)
INSERT INTO m VALUES ('2024-01-01 00:10+00', 'h4', 2), ('2024-01-11 00:10+00', 'zz', 3) ON CONFLICT DO NOTHING RETURNING *
INSERT INTO m VALUES ('2024-01-01 00:10+00', 'h4', 2), ('2024-01-12 00:10+00', 'zz', 3) ON CONFLICT (time, host) DO UPDATE SET v = m.v + excluded.v RETURNING *
INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'h' || g % 7, g FROM generate_series(20000, 40000) g ON CONFLICT (host, time) DO UPDATE SET v = m.v + 1000000 WHERE m.v % 2 = 0
SELECT count(*), sum(v), count(DISTINCT (time, host)) FROM m
INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'h' || g % 7, g FROM generate_series(0, 40000) g ON CONFLICT DO NOTHING
UPDATE m SET v = v + 1 WHERE host = 'h1'
UPDATE m SET host = 'h2' WHERE time = '2024-01-01 00:10+00'
DELETE FROM m WHERE host = 'h3' AND time < '2024-01-05'
INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'h' || g % 7, g FROM generate_series(0, 40000) g ON CONFLICT DO NOTHING
SELECT count(*), sum(v), count(DISTINCT (time, host)) FROM m
SELECT host, count(*), sum(v) FROM m GROUP BY 1 ORDER BY 1
""".strip().splitlines()


class Unique(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=3).__enter__()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.setup()
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)

    def connections(self):
        ours = self.cluster.connect()
        theirs = psycopg2.connect(host="127.0.0.1", port=self.postgres.port, user="tsdbadmin", dbname="tsdb")
        for connection in (ours, theirs):
            connection.autocommit = True
            self.addCleanup(connection.close)
            outcome(connection, "SET timezone = 'UTC'")
        return ours, theirs

    def compare(self, statements):
        ours, theirs = self.connections()
        for statement in statements:
            with self.subTest(statement):
                self.assertEqual(outcome(ours, statement), outcome(theirs, statement))

    def test_plain_tables(self):
        self.compare(PLAIN)

    def test_hypertables_in_memory_and_in_files(self):
        ours, theirs = self.connections()
        for in_files in (False, True):
            for connection in (ours, theirs):
                outcome(connection, "DROP TABLE IF EXISTS m")
                self.assertEqual(outcome(connection, "CREATE TABLE m (time timestamptz NOT NULL, host text, v bigint, PRIMARY KEY (time, host))")[0], "ok")
            self.assertEqual(outcome(ours, "SELECT create_distributed_hypertable('m', 'time', 'host')")[0], "ok")
            for statement in METRICS:
                with self.subTest(statement, in_files=in_files):
                    self.assertEqual(outcome(ours, statement), outcome(theirs, statement))
                if in_files:
                    for (chunk,) in outcome(ours, "SELECT show_chunks('m')")[2]:
                        done = outcome(ours, f"SELECT compress_chunk('{chunk}', true)")
                        self.assertEqual(done[0], "ok", done)

    def test_a_key_of_a_hypertable_needs_the_partitioning_columns(self):
        ours, _ = self.connections()
        text = 'cannot create a unique index without the column "%s" (used in partitioning)'
        run = lambda statement: outcome(ours, statement)  # noqa: E731
        run("CREATE TABLE h (time timestamptz NOT NULL, device int, id int PRIMARY KEY)")
        self.assertEqual(run("SELECT create_hypertable('h', 'time')")[1:3], ("TS103", text % "time"))
        run("ALTER TABLE h DROP CONSTRAINT h_pkey")
        run("ALTER TABLE h ADD PRIMARY KEY (time, id)")
        self.assertEqual(run("SELECT create_distributed_hypertable('h', 'time', 'device')")[1:3], ("TS103", text % "device"))
        self.assertEqual(run("SELECT create_distributed_hypertable('h', 'time')")[0], "ok")
        self.assertEqual(run("SELECT add_dimension('h', 'device', 3)")[1:3], ("TS103", text % "device"))
        self.assertEqual(run("CREATE UNIQUE INDEX ON h (device)")[1:3], ("TS103", text % "time"))
        self.assertEqual(run("CREATE UNIQUE INDEX ON h (device, time)")[0], "ok")
        self.assertEqual(run("INSERT INTO h VALUES ('2024-01-01', 1, 1), ('2024-01-01', 2, 1)")[1], "23505")

    def test_copy(self):
        import io
        ours, theirs = self.connections()
        results = []
        for connection in (ours, theirs):
            outcome(connection, "CREATE TABLE k (id int PRIMARY KEY, v int)")
            with connection.cursor() as cursor:
                cursor.copy_expert("COPY k FROM STDIN WITH (FORMAT csv)", io.StringIO("".join(f"{i},{i}\n" for i in range(30000))))
                try:
                    cursor.copy_expert("COPY k FROM STDIN WITH (FORMAT csv)", io.StringIO("30000,1\n29999,1\n"))
                    results.append("copied")
                except psycopg2.Error as error:
                    results.append((error.pgcode, error.diag.message_primary, error.diag.message_detail))
            results.append(outcome(connection, "SELECT count(*), sum(id) FROM k"))
        self.assertEqual(results[:2], results[2:])

    def test_two_clients_write_the_same_keys(self):
        ours, _ = self.connections()
        outcome(ours, "CREATE TABLE w (time timestamptz NOT NULL, host text, v bigint, PRIMARY KEY (time, host))")
        outcome(ours, "SELECT create_distributed_hypertable('w', 'time', 'host')")
        inserted, errors = [0] * 4, []

        def work(number):
            connection = self.cluster.connect()
            connection.autocommit = True
            for i in range(60):
                done = outcome(connection, "INSERT INTO w VALUES ('2024-01-01 00:%02d+00', 'h%d', 1) ON CONFLICT (time, host) DO UPDATE SET v = w.v + 1" % (i % 10, i % 3))
                plain = outcome(connection, "INSERT INTO w VALUES ('2024-01-02 00:%02d+00', 'h', 1)" % i)
                if done[:2] != ("ok", "INSERT 0 1"):
                    errors.append(done)
                if plain[0] == "ok":
                    inserted[number] += 1
                elif plain[1] != "23505":
                    errors.append(plain)
            connection.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(sum(inserted), 60)
        self.assertEqual(outcome(ours, "SELECT count(*), sum(v) FROM w WHERE time < '2024-01-02'")[2], [(30, 240)])

    def test_a_waiting_insert(self):
        first, _ = self.connections()
        second = self.cluster.connect()
        self.addCleanup(second.close)
        second.autocommit = True
        outcome(first, "CREATE TABLE q (id int PRIMARY KEY)")
        for end, expected in (("ROLLBACK", "ok"), ("COMMIT", "error")):
            outcome(first, "TRUNCATE q")
            outcome(first, "BEGIN")
            outcome(first, "INSERT INTO q VALUES (1)")
            results = []
            thread = threading.Thread(target=lambda: results.append(outcome(second, "INSERT INTO q VALUES (1)")))
            thread.start()
            time.sleep(0.3)
            self.assertEqual(results, [])
            outcome(first, end)
            thread.join()
            self.assertEqual(results[0][0], expected)

    def test_repeatable_read_does_not_update_what_it_does_not_see(self):
        ours, theirs = self.connections()
        results = []
        for connection, other in ((ours, self.cluster.connect()),
                                  (theirs, psycopg2.connect(host="127.0.0.1", port=self.postgres.port, user="tsdbadmin", dbname="tsdb"))):
            self.addCleanup(other.close)
            other.autocommit = True
            outcome(connection, "CREATE TABLE rr (id int PRIMARY KEY, v int)")
            for action in ("NOTHING", "UPDATE SET v = 2"):
                outcome(connection, "TRUNCATE rr")
                outcome(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ")
                outcome(connection, "SELECT * FROM rr")
                outcome(other, "INSERT INTO rr VALUES (1, 1)")
                results.append(outcome(connection, f"INSERT INTO rr VALUES (1, 1) ON CONFLICT (id) DO {action}")[:3])
                outcome(connection, "ROLLBACK")
        self.assertEqual(results[:2], results[2:])

    def test_keys_survive_restarts(self):
        ours, _ = self.connections()
        outcome(ours, "CREATE TABLE s (time timestamptz NOT NULL, host text, UNIQUE (time, host))")
        outcome(ours, "SELECT create_distributed_hypertable('s', 'time', 'host')")
        outcome(ours, "INSERT INTO s VALUES ('2024-01-01', 'a'), ('2024-01-01', 'b'), ('2024-01-01', 'c')")
        for node in ("dn1", "dn2", "dn3", "an"):
            self.cluster.kill(node)
        for node in ("dn1", "dn2", "dn3", "an"):
            self.cluster.start(node)
        ours = self.cluster.connect()
        ours.autocommit = True
        for host in "abc":
            self.assertEqual(outcome(ours, f"INSERT INTO s VALUES ('2024-01-01', '{host}')")[1], "23505")
        self.assertEqual(outcome(ours, "INSERT INTO s VALUES ('2024-01-01', 'd')")[1], "INSERT 0 1")
        ours.close()


if __name__ == "__main__":
    unittest.main()
