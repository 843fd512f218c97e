"""What queries hold is charged: RETURNING, cursors and FETCH to tsd.query_memory, all queries of a node together to tsd.node_memory. Over it
they go to disk or fail with 53200, and all of it is there again afterwards."""
import os
import sys
import threading
import unittest

import psycopg2

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

LARGE = "SELECT g, repeat('x', 100) AS s FROM generate_series(1, 60000) g"  # some 7 MB
# About half of the node's 32 MB, and nowhere else to go.
WINDOW = "SELECT count(*), max(r) FROM (SELECT row_number() OVER (ORDER BY g DESC) AS r FROM generate_series(1, 1000000) g) w"
SORTED = "SELECT g FROM (SELECT repeat('x', 50) || g AS s, g FROM generate_series(1, 200000) g) t ORDER BY s DESC OFFSET 199999"  # as large, but it can go to disk


class QueryMemoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=1)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.setup()

    def setUp(self):
        self.connection = self.cluster.connect()
        self.addCleanup(self.connection.close)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET tsd.query_memory = '1MB'")

    def refused(self, text, setting="tsd.query_memory"):
        with self.assertRaises(psycopg2.Error) as caught:
            self.cursor.execute(text)
        self.assertEqual(caught.exception.pgcode, "53200", caught.exception)
        self.assertIn(setting, caught.exception.diag.message_hint)

    def one(self, text):
        self.cursor.execute(text)
        return self.cursor.fetchone()

    def test_returning(self):
        for name, made in (("plain", "SELECT 1"), ("spread", "SELECT create_distributed_hypertable('spread', 'g', chunk_time_interval => 1000000)")):
            with self.subTest(table=name):
                self.cursor.execute(f"CREATE TABLE {name}(g int NOT NULL, s text, UNIQUE (g))")
                self.cursor.execute(made)
                self.refused(f"INSERT INTO {name} {LARGE} RETURNING *")
                self.refused(f"INSERT INTO {name} {LARGE} ON CONFLICT DO NOTHING RETURNING s")
                self.refused(f"INSERT INTO {name} VALUES {', '.join('(%d, repeat(%s, 100))' % (g, chr(39) + 'y' + chr(39)) for g in range(12000))} RETURNING g, s")
                self.assertEqual(self.one(f"SELECT count(*) FROM {name}"), (0,))
                self.cursor.execute(f"INSERT INTO {name} {LARGE}")
                self.refused(f"UPDATE {name} SET s = s || 'z' RETURNING s")
                self.refused(f"DELETE FROM {name} RETURNING *")
                self.assertEqual(self.one(f"SELECT count(*), max(length(s)) FROM {name}"), (60000, 100))
                self.cursor.execute(f"UPDATE {name} SET s = s || 'z' WHERE g <= 1000 RETURNING s")
                self.assertEqual(len(self.cursor.fetchall()), 1000)
                self.cursor.execute("SET tsd.query_memory = '100MB'")
                self.cursor.execute(f"DELETE FROM {name} RETURNING g")
                self.assertEqual(len(self.cursor.fetchall()), 60000)
                self.cursor.execute("SET tsd.query_memory = '1MB'")

    def test_cursors_that_are_held(self):
        self.cursor.execute(f"BEGIN; DECLARE c CURSOR WITH HOLD FOR {LARGE}")
        self.refused("COMMIT")
        with self.assertRaises(psycopg2.Error) as caught:
            self.cursor.execute("FETCH 1 FROM c")
        self.assertEqual(caught.exception.pgcode, "34000")
        self.cursor.execute(f"BEGIN; DECLARE c CURSOR WITH HOLD FOR {LARGE} LIMIT 2000; COMMIT")
        self.cursor.execute("FETCH ALL FROM c")
        self.assertEqual(len(self.cursor.fetchall()), 2000)

    def test_cursors_that_scroll(self):
        self.cursor.execute(f"BEGIN; DECLARE c SCROLL CURSOR FOR {LARGE}")
        self.cursor.execute("FETCH 10 FROM c; FETCH BACKWARD 5 FROM c")
        self.assertEqual([row[0] for row in self.cursor.fetchall()], [9, 8, 7, 6, 5])
        self.refused("MOVE 50000 FROM c")
        self.cursor.execute("ROLLBACK")

    def test_fetch(self):
        self.cursor.execute(f"BEGIN; DECLARE c CURSOR FOR {LARGE}")
        self.cursor.execute("MOVE 50000 FROM c")
        self.assertEqual(self.cursor.statusmessage, "MOVE 50000")  # of which nothing is kept
        self.assertEqual(self.one("FETCH 1 FROM c")[0], 50001)
        self.cursor.execute("CLOSE c")
        self.cursor.execute(f"DECLARE c CURSOR FOR {LARGE}")
        self.refused("FETCH 50000 FROM c")
        self.cursor.execute("ROLLBACK")


class NodeMemoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=2, settings=["tsd.node_memory=32MB"])
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.setup()
        cls.cluster.sql("CREATE TABLE t(time timestamptz NOT NULL, dev int, s text)")
        cls.cluster.sql("SELECT create_distributed_hypertable('t', 'time', 'dev', chunk_time_interval => interval '1 day')")
        cls.cluster.sql("INSERT INTO t SELECT '2024-01-01'::timestamptz + g * interval '1 second', g % 16, 'name ' || (g * 7919) % 100003 FROM generate_series(1, 200000) g")

    def connect(self, node="an"):
        connection = self.cluster.connect(node)
        self.addCleanup(connection.close)
        connection.autocommit = True
        return connection.cursor()

    def is_free(self):
        """Most of every node's memory can be had."""
        for node in self.cluster.nodes:
            self.assertEqual(self.cluster.sql(WINDOW, node=node), "1000000|1000000", node)

    def test_what_one_holds_another_cannot_have(self):
        self.is_free()
        holder, other = self.connect(), self.connect()
        holder.execute("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT g, repeat('x', 100) FROM generate_series(1, 200000) g; COMMIT")
        with self.assertRaises(psycopg2.Error) as caught:
            other.execute(WINDOW)
        self.assertEqual(caught.exception.pgcode, "53200")
        self.assertIn("tsd.node_memory", caught.exception.diag.message_hint)
        other.execute(SORTED)  # goes to disk
        self.assertEqual(other.fetchone(), (1,))
        holder.execute("CLOSE c")
        self.is_free()
        holder.execute("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT g, repeat('x', 100) FROM generate_series(1, 200000) g; COMMIT")
        holder.connection.close()
        self.is_free()

    def test_many_at_once(self):
        texts = {WINDOW: (1000000, 1000000), SORTED: (1,),
                 "SELECT count(*), max(n) FROM (SELECT s, dev, count(*) AS n FROM t GROUP BY s, dev) g": None,
                 "SELECT count(*) FROM t a JOIN t b ON a.s = b.s AND a.time = b.time": (200000,),
                 "SELECT count(*) FROM (SELECT DISTINCT time, s FROM t) d": (200000,)}
        group = next(text for text, answer in texts.items() if answer is None)
        cursor = self.connect()
        cursor.execute(group)
        texts[group] = cursor.fetchone()
        right, refused, wrong = [], [], []

        def work(client):
            connection = self.cluster.connect()
            connection.autocommit = True
            cursor = connection.cursor()
            for i in range(4):
                text = list(texts)[(client + i) % len(texts)]
                try:
                    cursor.execute(text)
                    got = cursor.fetchone()
                    (right if got == texts[text] else wrong).append((text, got))
                except psycopg2.Error as failure:
                    (refused if failure.pgcode == "53200" else wrong).append((text, str(failure)))
            connection.close()

        threads = [threading.Thread(target=work, args=(client,)) for client in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(len(right) + len(refused), 40)
        self.assertTrue(right)
        for node in self.cluster.nodes.values():
            self.assertIsNone(node.process.poll(), node.name)
        self.is_free()


if __name__ == "__main__":
    unittest.main(verbosity=1)
