"""Sixteen writers whose rows span new chunks, beside a loop that drops chunks and one that compresses them: only documented errors, nothing hangs, no two chunks overlap,
and every acknowledged row that no drop was about is there. TSD_CHURN_SECONDS: how long (10)."""
import collections
import datetime
import os
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

import psycopg2  # noqa: E402

WRITERS = 16
SECONDS = float(os.environ.get("TSD_CHURN_SECONDS", "10"))
START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
OLD_HOURS, NEW_HOURS = 200, 200  # chunks of an hour: drops are about the old ones only
CUT = START + datetime.timedelta(hours=OLD_HOURS)
# A chunk went away under a statement, two wanted the same lock, or a lock took too long: as PostgreSQL says it.
DOCUMENTED = {"40001", "40P01", "55P03"}


class ChurnTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()

    def setUp(self):
        self.end = time.monotonic() + SECONDS
        self.errors = collections.Counter()
        self.kept = [0] * WRITERS  # acknowledged rows that are not older than CUT
        self.done = collections.Counter()

    def loop(self, name, step):
        connection = self.cluster.connect()
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                while time.monotonic() < self.end:
                    try:
                        step(cursor)
                        self.done[name.split()[0]] += 1
                    except psycopg2.Error as error:
                        self.errors[(name.split()[0], error.pgcode, str(error).split("\n", maxsplit=1)[0] if error.pgcode not in DOCUMENTED else "")] += 1
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.errors[(name, "", repr(error))] += 1
        finally:
            connection.close()

    def writer(self, number):
        chance = random.Random(number)

        def step(cursor):
            hours = [chance.uniform(0, OLD_HOURS + NEW_HOURS) for _ in range(chance.choice((1, 1, 3, 20)))]
            times = [START + datetime.timedelta(hours=hour) for hour in hours]
            rows = ", ".join(f"('{moment.isoformat()}', 'h{chance.randrange(40)}', {number})" for moment in times)
            cursor.execute(f"INSERT INTO churn VALUES {rows}")
            self.kept[number] += sum(moment >= CUT for moment in times)

        return step

    @staticmethod
    def drop(cursor):
        cursor.execute("SELECT drop_chunks('churn', older_than => %s::timestamptz)", (START + datetime.timedelta(hours=random.randrange(OLD_HOURS + 1)),))
        time.sleep(0.05)

    @staticmethod
    def compress(cursor):
        cursor.execute("SELECT c::text FROM show_chunks('churn') c")
        chunks = [row[0] for row in cursor.fetchall()]
        for chunk in random.sample(chunks, min(3, len(chunks))):
            try:
                cursor.execute("SELECT compress_chunk(%s, true)", (chunk,))
            except psycopg2.Error as error:
                # Named a moment ago, dropped since.
                if error.pgcode not in ("42P01", "42704"):
                    raise

    def churn(self, create):
        self.cluster.sql("CREATE TABLE churn(time timestamptz NOT NULL, host text, w int)")
        self.addCleanup(self.cluster.sql, "DROP TABLE churn")
        self.cluster.sql(create)
        self.cluster.sql("ALTER TABLE churn SET (timescaledb.compress)")
        loops = [(f"writer {number}", self.writer(number)) for number in range(WRITERS)] + [("drop", self.drop), ("compress", self.compress)]
        threads = [threading.Thread(target=self.loop, args=entry, daemon=True) for entry in loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS + 120)
            self.assertFalse(thread.is_alive(), "a session hangs")
        undocumented = {said: count for said, count in self.errors.items() if said[1] not in DOCUMENTED}
        self.assertEqual(undocumented, {})
        for name in ("writer", "drop", "compress"):
            self.assertGreater(self.done[name], 0, name)
        self.assertEqual(int(self.cluster.sql(f"SELECT count(*) FROM churn WHERE time >= '{CUT.isoformat()}'")), sum(self.kept))
        # Slices of one width: two that overlap are the same slice, once a partition.
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM timescaledb_information.chunks a JOIN timescaledb_information.chunks b ON a.hypertable_name = 'churn' "
                                          "AND b.hypertable_name = 'churn' AND a.range_start < b.range_end AND b.range_start < a.range_end WHERE a.range_start <> b.range_start"), "0")
        most = int(self.cluster.sql("SELECT max(c) FROM (SELECT count(*) c FROM timescaledb_information.chunks WHERE hypertable_name = 'churn' GROUP BY range_start) x"))
        self.cluster.sql("SELECT drop_chunks('churn', newer_than => '2000-01-01'::timestamptz)")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM churn"), "0")
        return most

    def test_time_slices(self):
        self.assertEqual(self.churn("SELECT create_distributed_hypertable('churn', 'time', chunk_time_interval => interval '1 hour')"), 1)

    def test_time_slices_and_partitions(self):
        self.assertLessEqual(self.churn("SELECT create_distributed_hypertable('churn', 'time', 'host', chunk_time_interval => interval '1 hour')"), 2)


if __name__ == "__main__":
    unittest.main()
