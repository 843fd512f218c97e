"""Queries that never end, more of them than the server has threads: everybody else is still served, and they can be cancelled."""
import os
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

import psycopg2.errors  # noqa: E402

SECONDS = 10  # generous: a tenth of one is usual
ENDLESS = {
    "aggregate": "SELECT count(*) FROM generate_series(1, 1000000000000)",
    "top": "SELECT a FROM generate_series(1, 1000000000000) a ORDER BY a DESC LIMIT 3",
    "skip": "SELECT a FROM generate_series(1, 1000000000000) a OFFSET 1000000000000",
    "filter": "SELECT a FROM generate_series(1, 1000000000000) a WHERE a < 0",
    "pairs": "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
    "no pairs": "SELECT count(*) FROM generate_series(1, 1000000) a JOIN generate_series(1, 1000000) b ON a + b < 0",
    "lateral": "SELECT count(*) FROM generate_series(1, 10000000) a, LATERAL (SELECT b FROM generate_series(1, 1000) b WHERE b < a - a) c",
    "recursion": "WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT 1 - a FROM r) SELECT count(*) FROM (SELECT DISTINCT a FROM r) d",
    "frames": "SELECT max(n) FROM (SELECT count(*) OVER (ORDER BY a ROWS BETWEEN 100000 PRECEDING AND 1 FOLLOWING) AS n "
              "FROM generate_series(1, 1000000) a) w",
}


class Endless:
    def __init__(self, cluster, statement):
        self.connection = cluster.connect()
        self.pid = self.connection.get_backend_pid()
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(statement,), daemon=True)
        self.thread.start()

    def run(self, statement):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(statement)
        except Exception as error:  # noqa: BLE001
            self.error = error


class FairnessTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(data_nodes=0)
        self.addCleanup(self.cluster.close)
        self.cluster.__enter__()

    def answer(self, statement):
        """Of a new connection, or None."""
        try:
            return self.cluster.psql("-Atc", statement, timeout=SECONDS).stdout.strip()
        except subprocess.TimeoutExpired:
            return None

    def beside(self, statements):
        queries = [Endless(self.cluster, statement) for statement in statements]
        for number in range(3):
            self.assertEqual(self.answer("SELECT 1"), "1", "a new connection is not served")
            self.assertEqual(self.answer(f"INSERT INTO t VALUES ({number})"), "INSERT 0 1")
        for query in queries:
            self.assertIsNone(query.error)
            self.assertTrue(query.thread.is_alive())
            self.assertEqual(self.answer(f"SELECT pg_cancel_backend({query.pid})"), "t")
            query.thread.join(SECONDS)
            self.assertIsInstance(query.error, psycopg2.errors.QueryCanceled)
            query.connection.close()
        self.assertEqual(self.answer("TRUNCATE t"), "TRUNCATE TABLE")

    def test_others_are_served_and_cancel_works(self):
        self.assertEqual(self.answer("CREATE TABLE t (a int)"), "CREATE TABLE")
        many = (os.cpu_count() or 1) + 6
        for name, statement in ENDLESS.items():
            with self.subTest(name):
                self.beside([statement] * many)

    def test_queries_of_all_kinds_at_once(self):
        self.assertEqual(self.answer("CREATE TABLE t (a int)"), "CREATE TABLE")
        self.beside(list(ENDLESS.values()) * 2)


if __name__ == "__main__":
    unittest.main()
