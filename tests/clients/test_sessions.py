"""Sessions among each other: pg_cancel_backend, pg_terminate_backend, pg_reload_conf, LISTEN and NOTIFY."""
import os
import select
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

import psycopg2  # noqa: E402
import psycopg2.errors  # noqa: E402


class SessionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=0)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()

    def connection(self, autocommit=True):
        connection = self.cluster.connect()
        connection.autocommit = autocommit
        self.addCleanup(connection.close)
        return connection

    @staticmethod
    def rows(connection, statement, *arguments):
        with connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    @staticmethod
    def arrived(connection, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            connection.poll()
            if connection.notifies:
                taken = [(n.pid, n.channel, n.payload) for n in connection.notifies]
                connection.notifies.clear()
                return taken
            select.select([connection], [], [], 0.1)
        return []

    def test_terminate_ends_another_session(self):
        victim, other = self.connection(), self.connection()
        pid = victim.get_backend_pid()
        self.assertEqual(self.rows(victim, "SELECT pg_backend_pid()"), [(pid,)])
        self.assertEqual(self.rows(other, "SELECT pg_terminate_backend(%s)", pid), [(True,)])
        with self.assertRaises(psycopg2.OperationalError):
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                self.rows(victim, "SELECT 1")
        self.assertEqual(self.rows(other, "SELECT pg_terminate_backend(pid, 100) FROM pg_stat_activity WHERE pid = %s", pid), [])
        self.assertEqual(self.rows(other, "SELECT pg_terminate_backend(%s)", pid), [(False,)])
        self.assertIn("is not a PostgreSQL backend process", other.notices[-1])
        self.assertEqual(self.rows(other, "SELECT pg_terminate_backend(NULL)"), [(None,)])

    def test_terminate_oneself(self):
        connection = self.connection()
        with self.assertRaises(psycopg2.OperationalError):
            self.rows(connection, "SELECT pg_terminate_backend(pg_backend_pid())")
            self.rows(connection, "SELECT 1")

    def test_cancel_stops_a_statement(self):
        victim, other = self.connection(), self.connection()
        outcome = []

        def sleep():
            try:
                self.rows(victim, "SELECT pg_sleep(60)")
                outcome.append("slept")
            except psycopg2.Error as error:
                outcome.append(error.pgcode)

        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        deadline = time.monotonic() + 20
        while not outcome and time.monotonic() < deadline:
            self.assertEqual(self.rows(other, "SELECT pg_cancel_backend(%s)", victim.get_backend_pid()), [(True,)])
            time.sleep(0.05)
        sleeper.join()
        self.assertEqual(outcome, ["57014"])
        self.assertEqual(self.rows(victim, "SELECT 1"), [(1,)])

    def test_reload_says_so(self):
        connection = self.connection()
        self.assertEqual(self.rows(connection, "SELECT pg_reload_conf()"), [(True,)])
        self.cluster.sql("CREATE ROLE mortal LOGIN")
        mortal = psycopg2.connect(host="127.0.0.1", port=self.cluster.nodes["an"].port, user="mortal", dbname="tsdb")
        self.addCleanup(mortal.close)
        mortal.autocommit = True
        for call in ("pg_reload_conf()", f"pg_cancel_backend({connection.get_backend_pid()})"):
            with self.assertRaises(psycopg2.errors.InsufficientPrivilege):
                self.rows(mortal, "SELECT " + call)

    def test_notifications(self):
        hearer, speaker = self.connection(), self.connection()
        self.rows(hearer, "LISTEN news")
        self.rows(hearer, 'LISTEN "Other"')
        self.assertEqual(self.rows(hearer, "SELECT * FROM pg_listening_channels() ORDER BY 1"), [("Other",), ("news",)])
        pid = speaker.get_backend_pid()
        self.rows(speaker, "NOTIFY news, 'one'")
        self.assertEqual(self.arrived(hearer), [(pid, "news", "one")])
        self.rows(speaker, "SELECT pg_notify('Other', 'two'), pg_notify('nobody', 'three')")
        self.assertEqual(self.arrived(hearer), [(pid, "Other", "two")])
        self.rows(speaker, "NOTIFY news")
        self.assertEqual(self.arrived(hearer), [(pid, "news", "")])
        self.rows(hearer, "UNLISTEN news")
        self.rows(speaker, "NOTIFY news, 'lost'")
        self.rows(speaker, "NOTIFY \"Other\", 'kept'")
        self.assertEqual(self.arrived(hearer), [(pid, "Other", "kept")])
        self.rows(hearer, "NOTIFY \"Other\", 'mine'")
        self.assertEqual(self.arrived(hearer), [(hearer.get_backend_pid(), "Other", "mine")])
        self.rows(hearer, "DISCARD ALL")
        self.assertEqual(self.rows(hearer, "SELECT * FROM pg_listening_channels()"), [])

    def test_a_listener_that_never_takes_its_notifications_loses_its_session(self):
        hearer, speaker = self.connection(autocommit=False), self.connection()
        self.rows(hearer, "LISTEN flood")
        hearer.commit()
        self.rows(hearer, "CREATE TABLE heard (id int)")  # in a transaction nothing is delivered
        for batch in range(18):
            self.rows(speaker, "SELECT pg_notify('flood', repeat('x', 7900) || g) FROM generate_series(%s, %s) g", batch * 500, batch * 500 + 499)
        hearer.commit()  # succeeds; the session ends behind it (libpq drops the message that says why)
        with self.assertRaises(psycopg2.OperationalError):
            self.rows(hearer, "SELECT 1")
        self.assertEqual(self.rows(speaker, "SELECT count(*) FROM heard"), [(0,)])
        self.rows(speaker, "NOTIFY flood, 'to nobody'")

    def test_notifications_follow_their_transaction(self):
        hearer, speaker = self.connection(), self.connection(autocommit=False)
        self.rows(hearer, "LISTEN c")
        pid = speaker.get_backend_pid()
        self.rows(speaker, "NOTIFY c, 'rolled back'")
        speaker.rollback()
        for statement in ("NOTIFY c, 'first'", "NOTIFY c, 'first'", "SAVEPOINT s", "NOTIFY c, 'undone'", "ROLLBACK TO s", "NOTIFY c, 'second'", "RELEASE s",
                          "SAVEPOINT t", "ROLLBACK TO t"):
            self.rows(speaker, statement)
        self.assertEqual(self.arrived(hearer, 0.3), [])
        speaker.commit()
        self.assertEqual(self.arrived(hearer), [(pid, "c", "first"), (pid, "c", "second")])
        # In a transaction of the hearer's they wait for its end.
        self.rows(hearer, "BEGIN")
        self.rows(speaker, "NOTIFY c, 'later'")
        speaker.commit()
        self.assertEqual(self.arrived(hearer, 0.3), [])
        self.rows(hearer, "COMMIT")
        self.assertEqual(self.arrived(hearer), [(pid, "c", "later")])
        self.rows(speaker, "LISTEN c")
        speaker.rollback()
        self.rows(speaker, "NOTIFY c, 'x'")
        speaker.commit()
        self.assertEqual(self.arrived(speaker, 0.3), [])

    def test_bad_notifications(self):
        connection = self.connection()
        for call in ("pg_notify('', 'x')", "pg_notify(NULL, 'x')", f"pg_notify('{'c' * 64}', 'x')", f"pg_notify('c', '{'p' * 8000}')"):
            with self.assertRaises(psycopg2.errors.InvalidParameterValue):
                self.rows(connection, "SELECT " + call)


if __name__ == "__main__":
    unittest.main(verbosity=1)
