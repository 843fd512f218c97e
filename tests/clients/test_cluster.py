"""The main job through real clients: psql and psycopg2 against one access node and three data nodes."""
import json
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

import psycopg2  # noqa: E402


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=3)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.setup()
        cls.cluster.sql("CREATE TABLE m(time timestamptz NOT NULL, device text, v double precision, n bigint)")
        cls.cluster.sql("SELECT create_distributed_hypertable('m', 'time', 'device', chunk_time_interval => interval '1 day')")
        cls.cluster.sql("INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '10 minutes', 'd' || g % 20, g * 0.5, g FROM generate_series(0, 999) g")

    def one(self, text, *parameters):
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(text, parameters or None)
            return cursor.fetchone()

    def connection(self):
        connection = self.cluster.connect()
        self.addCleanup(connection.close)
        return connection

    def test_rows_lie_on_all_nodes(self):
        sizes = self.cluster.sql("SELECT node_name, total_bytes > 0 FROM hypertable_detailed_size('m') WHERE node_name IS NOT NULL ORDER BY 1")
        self.assertEqual(sizes, "dn1|t\ndn2|t\ndn3|t")

    def test_aggregates(self):
        self.assertEqual(self.one("SELECT count(*), sum(n)::bigint, min(v), max(v) FROM m WHERE device <> 'x'"), (1000, 499500, 0.0, 499.5))
        self.assertEqual(self.cluster.sql("SELECT device, count(*) FROM m GROUP BY 1 HAVING count(*) >= 50 ORDER BY 1 LIMIT 2"), "d0|50\nd1|50")

    def test_time_bucket_and_last(self):
        rows = self.cluster.sql("SELECT time_bucket('1 day', time) AS day, count(*), last(n, time) FROM m GROUP BY day ORDER BY day LIMIT 2")
        self.assertEqual(rows, "2024-01-01 00:00:00+00|144|143\n2024-01-02 00:00:00+00|144|287")

    def test_parameters_and_types(self):
        self.assertEqual(self.one("SELECT %s::int + 1, %s::text || 'x', %s::numeric * 2", 41, "a", 1.5)[:2], (42, "ax"))

    def test_error_has_sqlstate_and_position(self):
        with self.assertRaises(psycopg2.errors.UndefinedColumn) as caught:
            self.one("SELECT nope FROM m")
        self.assertEqual(caught.exception.diag.statement_position, "8")

    def test_transaction_over_nodes_rolls_back_whole(self):
        connection = self.connection()
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO m SELECT '2025-01-01', 'r' || g, 0, 0 FROM generate_series(1, 30) g")
            cursor.execute("SELECT count(*) FROM m WHERE time >= '2025-01-01'")
            self.assertEqual(cursor.fetchone(), (30,))
            connection.rollback()
            cursor.execute("SELECT count(*) FROM m WHERE time >= '2025-01-01'")
            self.assertEqual(cursor.fetchone(), (0,))

    def test_failed_transaction_needs_rollback(self):
        connection = self.connection()
        with connection.cursor() as cursor:
            with self.assertRaises(psycopg2.errors.DivisionByZero):
                cursor.execute("SELECT 1/0")
            with self.assertRaises(psycopg2.errors.InFailedSqlTransaction):
                cursor.execute("SELECT 1")
            connection.rollback()
            cursor.execute("SELECT 1")

    def test_server_side_cursor(self):
        connection = self.connection()
        with connection.cursor("big") as cursor:
            cursor.itersize = 100
            cursor.execute("SELECT n FROM m ORDER BY n")
            self.assertEqual([row[0] for row in cursor], list(range(1000)))

    def test_newest_rows_that_a_rare_condition_keeps(self):
        """So many rows that a node's threads share them, over chunks that each have a few that count."""
        self.cluster.sql("CREATE TABLE rare(time timestamptz NOT NULL, d int, v int)")
        self.cluster.sql("SELECT create_distributed_hypertable('rare', 'time', 'd', chunk_time_interval => interval '6 hours')")
        self.cluster.sql("INSERT INTO rare SELECT '2024-01-01'::timestamptz + (g / 20) * interval '10 seconds', g % 20, (g::bigint * 7919) % 100003 FROM generate_series(0, 599999) g")
        for where in ("v % 50000 = 7", "v % 5000 = 7", "v < 0", "d = 3 AND v % 5000 = 7"):
            everything = f"(SELECT * FROM rare WHERE {where} OFFSET 0) s"
            for keys, limit in (("time DESC, d", 5), ("time DESC, v", "3 OFFSET 4"), ("time, d", 2)):
                order = f"ORDER BY {keys} LIMIT {limit}"
                self.assertEqual(self.cluster.sql(f"SELECT time, d, v FROM rare WHERE {where} {order}"), self.cluster.sql(f"SELECT time, d, v FROM {everything} {order}"), (where, order))

    def test_copy_round_trip(self):
        out = self.cluster.psql("-c", "COPY (SELECT time, device, v, n FROM m ORDER BY n LIMIT 3) TO STDOUT WITH (FORMAT csv)").stdout
        self.assertEqual(out.splitlines()[1], "2024-01-01 00:10:00+00,d1,0.5,1")
        self.cluster.sql("CREATE TABLE IF NOT EXISTS copied(time timestamptz, device text, v double precision, n bigint)")
        result = self.cluster.psql("-c", "COPY copied FROM STDIN WITH (FORMAT csv)", stdin=out)
        self.assertIn("COPY 3", result.stdout)

    def test_copy_error_names_line_and_leaves_nothing(self):
        self.cluster.sql("CREATE TABLE IF NOT EXISTS strict(a int)")
        result = self.cluster.psql("-v", "VERBOSITY=verbose", "-c", "COPY strict FROM STDIN", stdin="1\n2\nx\n")
        self.assertIn("22P02", result.stderr)
        self.assertIn("COPY strict, line 3, column a: \"x\"", result.stderr)
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM strict"), "0")

    def test_statements_of_one_message_see_each_other(self):
        """An autocommit statement's only write travels with the commit; what follows it in the message must find it all the same."""
        connection = self.connection()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO m VALUES ('2031-01-01', 'k1', 1, 1); SELECT count(*) FROM m WHERE device = 'k1'")
            self.assertEqual(cursor.fetchone(), (1,))
            cursor.execute("INSERT INTO m VALUES ('2031-01-01', 'k2', 1, 1); INSERT INTO m VALUES ('2031-01-09', 'k3', 1, 1);"
                           "UPDATE m SET n = 7 WHERE device IN ('k2', 'k3'); SELECT sum(n)::int FROM m WHERE device IN ('k2', 'k3')")
            self.assertEqual(cursor.fetchone(), (14,))
            with self.assertRaises(psycopg2.errors.DivisionByZero):
                cursor.execute("INSERT INTO m VALUES ('2031-01-01', 'k4', 1, 1); SELECT 1 / (n - 1) FROM m WHERE device = 'k4'")
            cursor.execute("INSERT INTO m VALUES ('2031-01-01', 'k5', 1, 1); BEGIN; INSERT INTO m VALUES ('2031-01-01', 'k5', 1, 2); ROLLBACK")
            cursor.execute("SELECT count(*) FROM m WHERE device IN ('k4', 'k5')")
            self.assertEqual(cursor.fetchone(), (0,))
            cursor.execute("DELETE FROM m WHERE device LIKE 'k_'")
            self.assertEqual(cursor.rowcount, 3)

    def test_large_values(self):
        """Rows of any size travel in bounded messages."""
        self.cluster.sql("CREATE TABLE large(time timestamptz NOT NULL, device int, body text)")
        self.cluster.sql("SELECT create_distributed_hypertable('large', 'time', 'device')")
        self.cluster.sql("INSERT INTO large SELECT '2024-01-01', g % 7, repeat('x', 20000) FROM generate_series(1, 3000) g")
        self.cluster.sql("INSERT INTO large SELECT '2024-01-01', g, repeat(g::text, 3000000) FROM generate_series(1, 4) g")
        self.assertEqual(self.cluster.sql("SELECT count(*), sum(length(body)) FROM large"), "3004|72000000")
        self.assertEqual(self.cluster.sql("SELECT length(body) FROM large WHERE length(body) > 20000 ORDER BY body DESC"), "3000000\n" * 3 + "3000000")
        with self.assertRaises(RuntimeError):
            self.cluster.sql("INSERT INTO large SELECT '2024-01-01', 1, repeat('y', 40000000)")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM large"), "3004")

    def test_update_and_delete_over_nodes(self):
        self.cluster.sql("INSERT INTO m SELECT '2026-01-01', 'u' || g, g, g FROM generate_series(1, 40) g")
        self.assertEqual(self.cluster.psql("-c", "UPDATE m SET v = v + 1000 WHERE time = '2026-01-01' AND n % 2 = 0").stdout, "UPDATE 20\n")
        self.assertEqual(self.cluster.sql("SELECT sum(v) FROM m WHERE time = '2026-01-01'"), str(20 * 1000 + 40 * 41 // 2))
        self.assertEqual(self.cluster.psql("-c", "DELETE FROM m WHERE time = '2026-01-01'").stdout, "DELETE 40\n")

    def test_explain_shows_nodes(self):
        plan = self.cluster.sql("EXPLAIN (VERBOSE) SELECT device, avg(v) FROM m GROUP BY 1")
        for node in ("dn1", "dn2", "dn3"):
            self.assertIn(f"Data node: {node}", plan)

    def test_explain_analyze_counts_blocks(self):
        self.cluster.sql("CREATE TABLE counted(time timestamptz NOT NULL, device text, v double precision)")
        self.cluster.sql("SELECT create_distributed_hypertable('counted', 'time', 'device', chunk_time_interval => interval '1 day')")
        self.cluster.sql("INSERT INTO counted SELECT '2024-01-01'::timestamptz + g * interval '1 second', 'd' || g % 9, g FROM generate_series(0, 59999) g")
        self.cluster.sql("SELECT compress_chunk(show_chunks('counted'))")

        def blocks(query):
            """Read, summarised and skipped on all nodes."""
            plan = self.cluster.sql("EXPLAIN ANALYZE " + query)
            scanned = re.findall(r"Scanned: \d+ rows, (\d+) blocks \(\d+ bytes\), (\d+) summarised, (\d+) skipped", plan)
            nodes = re.findall(r"Data node: (\w+)", plan)
            self.assertEqual(len(scanned), len(nodes), plan)
            times = {node: float(time) for node, time in zip(nodes, re.findall(r" Time: ([\d.]+) ms", plan))}
            slowest = re.search(r"Slowest node: (\w+), ([\d.]+) ms", plan)
            self.assertEqual(times[slowest[1]], max(times.values()), plan)
            self.assertEqual(float(slowest[2]), max(times.values()), plan)
            return [sum(int(count) for count in column) for column in zip(*scanned)]

        of_a_column, none, nothing = blocks("SELECT v FROM counted")
        self.assertGreater(of_a_column, 0)
        self.assertEqual((none, nothing), (0, 0))
        self.assertEqual(blocks("SELECT sum(v) FROM counted"), [0, of_a_column, 0])
        self.assertEqual(blocks("SELECT v FROM counted WHERE v < 0"), [0, 0, of_a_column])
        read, summarised, skipped = blocks("SELECT v FROM counted WHERE v < 6000")
        self.assertTrue(read > 0 and skipped > 0)
        self.assertEqual(read + summarised + skipped, of_a_column)
        text = self.cluster.sql("EXPLAIN (ANALYZE, FORMAT JSON) SELECT sum(v) FROM counted")
        json.loads(text)
        self.assertEqual(sum(int(count) for count in re.findall(r'"Blocks Summarised": (\d+)', text)), of_a_column)
        self.assertIn(re.search(r'"Slowest Node": "(\w+)"', text)[1], self.cluster.nodes)

    def test_explain_analyze_of_a_limit_counts_each_node(self):
        """The first node's rows are enough; the others' numbers are shown all the same, or that they are not known."""
        self.cluster.sql("CREATE TABLE limited(time timestamptz NOT NULL, device text)")
        self.cluster.sql("SELECT create_distributed_hypertable('limited', 'time', 'device')")
        self.cluster.sql("INSERT INTO limited SELECT '2024-01-01'::timestamptz + g * interval '1 second', 'd' || g % 50 FROM generate_series(0, 4999) g")
        for query in ("SELECT * FROM limited LIMIT 5", "SELECT * FROM limited ORDER BY time DESC LIMIT 5"):
            plan = self.cluster.sql("EXPLAIN ANALYZE " + query)
            nodes = plan.split("Data node: ")[1:]
            self.assertEqual(len(nodes), 3, plan)
            for node in nodes:
                self.assertTrue("Sent: 5 rows" in node or "Ended early" in node, plan)
            self.assertIn("Sent: 5 rows", plan)
        self.cluster.sql("CREATE TABLE local_rows AS SELECT g FROM generate_series(0, 99999) g")
        plan = self.cluster.sql("EXPLAIN ANALYZE SELECT * FROM local_rows LIMIT 5")
        self.assertGreater(int(re.search(r"Scanned: (\d+) rows", plan)[1]), 4, plan)

    def test_node_down_is_a_clear_error_and_recovers(self):
        self.cluster.kill("dn2")
        start = time.time()
        result = self.cluster.psql("-v", "VERBOSITY=verbose", "-c", "SELECT count(*) FROM m")
        self.assertLess(time.time() - start, 5)
        self.assertRegex(result.stderr, r"08(001|006)")
        self.assertIn("dn2", result.stderr)
        self.assertEqual(self.cluster.sql("SELECT 1"), "1")
        self.cluster.start("dn2")
        end = time.time() + 10
        while True:
            try:
                self.assertEqual(self.cluster.sql("SELECT count(*) >= 1000 FROM m"), "t")
                break
            except RuntimeError:
                if time.time() > end:
                    raise
                time.sleep(0.2)

    def test_orderly_stop(self):
        with Cluster(data_nodes=0) as single:
            single.sql("CREATE TABLE t(a int)")
            single.sql("INSERT INTO t VALUES (1)")
            self.assertEqual(single.stop("an"), 0)
            single.start("an")
            self.assertEqual(single.sql("SELECT a FROM t"), "1")

    def test_second_server_on_a_directory_is_refused(self):
        import subprocess
        from cluster import BIN
        node = self.cluster.nodes["an"]
        second = subprocess.run([os.path.join(BIN, "tsd"), "--role=access", f"--data-dir={node.directory}", "--listen=127.0.0.1:0"],
                                capture_output=True, text=True, timeout=30)
        self.assertEqual(second.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
