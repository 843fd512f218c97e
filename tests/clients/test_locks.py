"""Table locks between sessions: the same interleavings on a PostgreSQL 15 and on tsd. Each step is `session: statement`; a step that blocks is
written with a leading `~` and its end is awaited by a later `session.`."""
import os
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402
from test_against_postgres import Postgres  # noqa: E402

import psycopg2  # noqa: E402

BLOCKED_AFTER = 0.4

SCENARIOS = {
    "drop waits for a writer": ["a: BEGIN", "a: INSERT INTO t VALUES (1)", "~b: DROP TABLE t", "a: INSERT INTO t VALUES (2)", "a: COMMIT", "b.",
                                "c: SELECT * FROM t"],
    "drop waits for a reader": ["a: BEGIN", "a: SELECT count(*) FROM t", "~b: DROP TABLE t", "a: SELECT count(*) FROM t", "a: COMMIT", "b."],
    "truncate waits and later readers wait behind it": ["a: BEGIN", "a: SELECT count(*) FROM t", "~b: TRUNCATE t", "~c: SELECT count(*) FROM t",
                                                        "a: COMMIT", "b.", "c."],
    "alter is seen by the statement that waited": ["a: BEGIN", "a: ALTER TABLE t ADD COLUMN n int DEFAULT 7", "~b: SELECT * FROM t",
                                                   "a: COMMIT", "b."],
    "so is one that did not fit before": ["a: BEGIN", "a: ALTER TABLE t ADD COLUMN n int DEFAULT 7", "~b: INSERT INTO t VALUES (5, 6) RETURNING n",
                                          "~c: SELECT nope FROM t", "a: COMMIT", "b.", "c.", "a: SELECT * FROM t ORDER BY 1"],
    "alter that is rolled back": ["a: BEGIN", "a: ALTER TABLE t RENAME TO gone", "~b: SELECT * FROM t", "a: ROLLBACK", "b."],
    "dropped meanwhile": ["a: BEGIN", "a: DROP TABLE t", "~b: INSERT INTO t VALUES (9)", "a: COMMIT", "b."],
    "replaced meanwhile": ["a: BEGIN", "a: DROP TABLE t", "a: CREATE TABLE t(other text)", "~b: SELECT * FROM t", "a: COMMIT", "b."],
    "readers and writers do not wait": ["a: BEGIN", "a: INSERT INTO t VALUES (1)", "b: INSERT INTO t VALUES (2)", "b: SELECT count(*) FROM t", "a: COMMIT",
                                        "b: SELECT count(*) FROM t"],
    "share keeps writers out": ["a: BEGIN", "a: LOCK TABLE t IN SHARE MODE", "b: SELECT count(*) FROM t", "~b: INSERT INTO t VALUES (2)", "a: COMMIT", "b."],
    "exclusive lets readers in": ["a: BEGIN", "a: LOCK t IN EXCLUSIVE MODE", "b: SELECT count(*) FROM t", "b: BEGIN",
                                  "b: LOCK TABLE t IN ROW SHARE MODE NOWAIT", "b: ROLLBACK", "a: COMMIT"],
    "nowait": ["a: BEGIN", "a: INSERT INTO t VALUES (1)", "b: BEGIN", "b: LOCK TABLE t IN ACCESS SHARE MODE NOWAIT", "b: LOCK TABLE t NOWAIT", "b: SELECT 1",
               "b: ROLLBACK", "a: ROLLBACK"],
    "lock_timeout": ["a: BEGIN", "a: INSERT INTO t VALUES (1)", "b: SET lock_timeout = '50ms'", "b: DROP TABLE t", "b: TRUNCATE t",
                     "b: ALTER TABLE t ADD COLUMN x int", "b: RESET lock_timeout", "a: COMMIT", "b: SELECT * FROM t"],
    "statement_timeout": ["a: BEGIN", "a: SELECT * FROM t", "b: SET statement_timeout = '60ms'", "b: DROP TABLE t", "b: RESET statement_timeout", "a: COMMIT"],
    "two upgrades are a deadlock": ["a: BEGIN", "a: SELECT * FROM t", "b: BEGIN", "b: SELECT * FROM t", "~a: LOCK TABLE t", "b: LOCK TABLE t", "b: ROLLBACK",
                                    "a.", "a: COMMIT"],
    "rollback to a savepoint gives locks back": ["a: BEGIN", "a: SAVEPOINT s", "a: LOCK TABLE t", "~b: SELECT count(*) FROM t", "a: ROLLBACK TO s", "b.",
                                                 "a: COMMIT"],
    "a failed block holds nothing": ["a: BEGIN", "a: LOCK TABLE t", "a: SELECT 1/0", "b: SELECT count(*) FROM t", "a: ROLLBACK"],
    "a failed statement after a savepoint": ["a: BEGIN", "a: LOCK TABLE u", "a: SAVEPOINT s", "a: LOCK TABLE t", "a: SELECT 1/0", "b: SELECT count(*) FROM t",
                                             "~b: SELECT count(*) FROM u", "a: ROLLBACK", "b."],
}


class Session:
    def __init__(self, connection):
        self.connection = connection
        self.thread = None
        self.answer = None

    def run(self, statement):
        def work():
            with self.connection.cursor() as cursor:
                try:
                    cursor.execute(statement)
                    self.answer = (cursor.statusmessage, cursor.fetchall() if cursor.description else [])
                except psycopg2.Error as error:
                    self.answer = ("ERROR", error.pgcode, error.diag.message_primary)
        self.answer = None
        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def wait(self, seconds):
        self.thread.join(seconds)
        return None if self.thread.is_alive() else self.answer


def vanish(connection):
    """The connection breaks without a word of farewell."""
    with socket.socket(fileno=os.dup(connection.fileno())) as copy:
        copy.shutdown(socket.SHUT_RDWR)


class LockTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()

    def open(self, kind):
        if kind == "postgres":
            connection = psycopg2.connect(host="127.0.0.1", port=self.postgres.port, user="tsdbadmin", dbname="tsdb")
        else:
            connection = self.cluster.connect()
        connection.autocommit = True
        self.addCleanup(connection.close)
        return connection

    def play(self, kind, steps):
        sessions = {name: Session(self.open(kind)) for name in "abc"}
        answers = []
        for step in steps:
            if step.endswith("."):
                answers.append((step, sessions[step[:-1]].wait(20)))
                continue
            blocks = step.startswith("~")
            name, statement = step.lstrip("~").split(": ", 1)
            sessions[name].run(statement)
            answer = sessions[name].wait(BLOCKED_AFTER if blocks else 20)
            answers.append((step, "blocked" if blocks and answer is None else answer))
        for session in sessions.values():
            session.connection.close()
        return answers

    def test_interleavings(self):
        for title, steps in SCENARIOS.items():
            results = {}
            for kind in ("postgres", "tsd"):
                setup = self.open(kind)
                with setup.cursor() as cursor:
                    cursor.execute("DROP TABLE IF EXISTS t, u")
                    cursor.execute("CREATE TABLE t(a int)")
                    cursor.execute("CREATE TABLE u(a int)")
                    cursor.execute("INSERT INTO t VALUES (0)")
                setup.close()
                results[kind] = self.play(kind, steps)
            for want, have in zip(results["postgres"], results["tsd"]):
                with self.subTest(scenario=title, step=want[0]):
                    self.assertEqual(have, want)

    def test_opposite_order_is_a_deadlock_of_one(self):
        """PostgreSQL ends the one whose deadlock_timeout fires first, tsd the one that closes the cycle, at once."""
        self.cluster.sql("CREATE TABLE da(a int)")
        self.cluster.sql("CREATE TABLE db(a int)")
        first, second = Session(self.open("tsd")), Session(self.open("tsd"))
        for session, table in ((first, "da"), (second, "db")):
            session.run("BEGIN")
            session.wait(5)
            session.run(f"LOCK TABLE {table}")
            session.wait(5)
        first.run("SELECT * FROM db")
        self.assertIsNone(first.wait(0.3))
        start = time.time()
        second.run("INSERT INTO da VALUES (1)")
        self.assertEqual(second.wait(5), ("ERROR", "40P01", "deadlock detected"))
        self.assertLess(time.time() - start, 0.5)
        self.assertEqual(first.wait(5), ("SELECT 0", []))  # the failed block's locks are gone without a ROLLBACK

    def test_cancel_ends_a_wait(self):
        holder, waiter = self.open("tsd"), Session(self.open("tsd"))
        with holder.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS w(a int)")
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE w")
        waiter.run("SELECT * FROM w")
        time.sleep(0.3)
        waiter.connection.cancel()
        self.assertEqual(waiter.wait(5)[1], "57014")
        # DDL waits for the catalog's turn in the same way.
        with holder.cursor() as cursor:
            cursor.execute("CREATE TABLE held(a int)")
        waiter.run("CREATE TABLE other(a int)")
        time.sleep(0.3)
        waiter.connection.cancel()
        self.assertEqual(waiter.wait(5)[1], "57014")
        waiter.run("SET lock_timeout = '50ms'")
        waiter.wait(5)
        waiter.run("CREATE TABLE other(a int)")
        self.assertEqual(waiter.wait(5)[1:], ("55P03", "canceling statement due to lock timeout"))
        with holder.cursor() as cursor:
            cursor.execute("ROLLBACK")

    def test_a_session_that_dies_holds_nothing(self):
        self.cluster.sql("CREATE TABLE dies(a int)")
        for end in ("close", "reset"):
            holder, waiter = self.open("tsd"), Session(self.open("tsd"))
            with holder.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("LOCK TABLE dies")
                cursor.execute(f"CREATE TABLE also_{end}(a int)")
            waiter.run("SELECT count(*) FROM dies")
            self.assertIsNone(waiter.wait(0.3))
            if end == "close":
                holder.close()
            else:
                vanish(holder)
            self.assertEqual(waiter.wait(10), ("SELECT 1", [(0,)]))
            waiter.run("CREATE TABLE after_" + end + "(a int)")
            self.assertEqual(waiter.wait(10)[0], "CREATE TABLE")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'object'"), "0")

    def test_a_waiter_that_dies_lets_others_pass(self):
        self.cluster.sql("CREATE TABLE q(a int)")
        holder, ddl, reader = self.open("tsd"), Session(self.open("tsd")), Session(self.open("tsd"))
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM q")
        ddl.run("DROP TABLE q")
        self.assertIsNone(ddl.wait(0.3))
        reader.run("SELECT count(*) FROM q")
        self.assertIsNone(reader.wait(0.3))
        self.assertEqual(self.cluster.sql("SELECT mode FROM pg_locks WHERE NOT granted ORDER BY 1"), "AccessExclusiveLock\nAccessShareLock")
        vanish(ddl.connection)
        self.assertEqual(reader.wait(10), ("SELECT 1", [(0,)]))
        with holder.cursor() as cursor:
            cursor.execute("COMMIT")

    def test_many_sessions_with_ddl_and_dml(self):
        """Writers add rows, one session alters and truncates: every row that was acknowledged after the last truncate is there."""
        self.cluster.sql("CREATE TABLE busy(time timestamptz NOT NULL, dev text, a int)")
        self.cluster.sql("SELECT create_distributed_hypertable('busy', 'time', 'dev')")
        stop, lock, counts, failures = threading.Event(), threading.Lock(), {"rows": 0}, []

        def writer(number):
            connection = self.cluster.connect()
            connection.autocommit = True
            with connection.cursor() as cursor:
                while not stop.is_set():
                    try:
                        cursor.execute(f"INSERT INTO busy(time, dev, a) SELECT '2024-01-01'::timestamptz + g * interval '3 days', 'd{number}', g "
                                       "FROM generate_series(1, 7) g")
                        with lock:
                            counts["rows"] += 7
                    except psycopg2.Error as error:
                        failures.append(error.diag.message_primary)
            connection.close()

        threads = [threading.Thread(target=writer, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for i in range(8):
            self.cluster.sql(f"ALTER TABLE busy ADD COLUMN c{i} int DEFAULT {i}")
            self.cluster.sql(f"ALTER TABLE busy DROP COLUMN c{i}")
            time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM busy"), str(counts["rows"]))


if __name__ == "__main__":
    unittest.main(verbosity=1)
