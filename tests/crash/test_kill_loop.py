"""kill -9 of any and all processes in the middle of loads. Each transaction writes a known number of rows over several nodes under its own
tag; a worker notes the tag before it sends the COMMIT and again once it was acknowledged. After each round every acknowledged tag must be whole,
every other tag whole or absent, and no transaction may stay in doubt.

    TSD_KILLS=100 test_kill_loop.py      # rounds; 12 by default
    TSD_SEED=7                           # printed; replays the choice of victims
"""
import os
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

import psycopg2  # noqa: E402

ROUNDS = int(os.environ.get("TSD_KILLS", "12"))
SEED = int(os.environ.get("TSD_SEED", str(int(time.time()))))
ROWS = 60
WORKERS = 4


class Journal:
    def __init__(self):
        self.lock = threading.Lock()
        self.tried, self.acknowledged = set(), set()

    def note(self, tag, acknowledged):
        with self.lock:
            (self.acknowledged if acknowledged else self.tried).add(tag)


class Worker(threading.Thread):
    def __init__(self, cluster, number, journal, stop):
        super().__init__(daemon=True)
        self.cluster, self.number, self.journal, self.stop_event = cluster, number, journal, stop
        self.random = random.Random(SEED * 1000 + number)

    def run(self):
        count = 0
        connection = None
        while not self.stop_event.is_set():
            count += 1
            tag = f"w{self.number}.{SEED}.{count}.{time.time_ns()}"
            try:
                if connection is None or connection.closed:
                    connection = self.cluster.connect(connect_timeout=3)
                self.write(connection, tag)
                self.journal.note(tag, True)
            except psycopg2.Error:
                try:
                    connection.rollback()
                except (psycopg2.Error, AttributeError):
                    connection = None
                time.sleep(0.02)
        if connection is not None:
            connection.close()

    def write(self, connection, tag):
        kind = self.random.choice(["copy", "insert", "transaction"])
        self.journal.note(tag, False)
        with connection.cursor() as cursor:
            if kind == "copy":
                import io
                lines = "".join(f"2024-01-{1 + i % 28:02d} 00:00:00+00\t{tag}\td{i}\t{i}\n" for i in range(ROWS))
                cursor.copy_expert("COPY load FROM STDIN", io.StringIO(lines))
            elif kind == "insert":
                values = ",".join(f"('2024-01-{1 + i % 28:02d}','{tag}','d{i}',{i})" for i in range(ROWS))
                cursor.execute(f"INSERT INTO load VALUES {values}")
            else:
                for part in range(3):
                    values = ",".join(f"('2024-01-{1 + i % 28:02d}','{tag}','d{i}',{i})" for i in range(part * 20, part * 20 + 20))
                    cursor.execute(f"INSERT INTO load VALUES {values}")
        connection.commit()


def retry(action, seconds=30):
    end = time.time() + seconds
    while True:
        try:
            return action()
        except (RuntimeError, psycopg2.Error):
            if time.time() > end:
                raise
            time.sleep(0.1)


class KillLoopTest(unittest.TestCase):
    def audit(self, cluster, journal):
        text = retry(lambda: cluster.sql("SELECT tag, count(*), sum(v) FROM load GROUP BY tag"))
        found = {}
        for line in text.splitlines():
            tag, count, total = line.split("|")
            found[tag] = (int(count), float(total))
        whole = (ROWS, ROWS * (ROWS - 1) / 2)
        partial = {tag: got for tag, got in found.items() if got != whole}
        self.assertEqual(partial, {}, "transactions that are there in part")
        with journal.lock:
            acknowledged, tried = set(journal.acknowledged), set(journal.tried)
        self.assertEqual(acknowledged - set(found), set(), "acknowledged and lost")
        self.assertEqual(set(found) - tried, set(), "never sent")
        return len(acknowledged)

    def test_kill_loop(self):
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        chooser = random.Random(SEED)
        journal = Journal()
        with Cluster(data_nodes=3) as cluster:
            cluster.setup()
            cluster.sql("CREATE TABLE load(time timestamptz NOT NULL, tag text, device text, v double precision)")
            cluster.sql("SELECT create_distributed_hypertable('load', 'time', 'device')")
            for round_number in range(ROUNDS):
                stop = threading.Event()
                workers = [Worker(cluster, i, journal, stop) for i in range(WORKERS)]
                for worker in workers:
                    worker.start()
                time.sleep(chooser.uniform(0.15, 0.8))
                names = list(cluster.nodes)
                victims = names if chooser.random() < 0.25 else chooser.sample(names, chooser.randint(1, 2))
                for name in victims:
                    cluster.kill(name)
                if chooser.random() < 0.5:
                    time.sleep(chooser.uniform(0, 0.3))
                for name in victims:
                    cluster.start(name)
                time.sleep(chooser.uniform(0.05, 0.4))
                stop.set()
                for worker in workers:
                    worker.join(60)
                    self.assertFalse(worker.is_alive(), "a client hangs")
                acknowledged = self.audit(cluster, journal)
            self.assertGreater(acknowledged, ROUNDS)
            print(f"{acknowledged} acknowledged transactions, all whole", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=1)
