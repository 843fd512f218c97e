"""A COPY much larger than the memory that servers were granted: their memory stays bounded, a slow data node holds the client back, and soon
after the load nothing but the sorted files is left on disk."""
import os
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

MEGABYTES = int(os.environ.get("TSD_COPY_MEGABYTES", "240"))
MEMORY_LIMIT_MB = 200


def make_block(day):
    """Ten minutes of a hundred devices, a second apart."""
    lines = []
    for second in range(600):
        time_text = f"2024-01-{day:02d} 00:{second // 60:02d}:{second % 60:02d}"
        lines += [f"{time_text},device_{device},{second},{device},{second * device % 97},{(second ^ device) / 4},{second % 7},{device % 5}\n" for device in range(100)]
    return "".join(lines).encode()


class Source:
    """A file for psycopg2 that repeats blocks and counts what was taken of it."""

    def __init__(self, blocks, total):
        self.blocks, self.total, self.taken = blocks, total, 0
        self.at, self.offset = 0, 0

    def read(self, size):
        if self.offset == 0 and self.taken >= self.total:
            return b""
        block = self.blocks[self.at % len(self.blocks)]
        piece = block[self.offset:self.offset + size]
        self.taken += len(piece)
        self.offset += len(piece)
        if self.offset == len(block):
            self.at, self.offset = self.at + 1, 0
        return piece


def memory_mb(node, field):
    with open(f"/proc/{node.process.pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def disk_bytes(directory):
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(directory) for name in names)


class LargeCopyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.blocks = [make_block(day) for day in (1, 2, 3)]
        cls.cluster = Cluster(data_nodes=2, settings=["tsd.memtable_memory=32MB", "tsd.block_cache=8MB"])
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.setup()

    def make_table(self, name):
        self.cluster.sql(f"CREATE TABLE {name}(time timestamptz NOT NULL, device text, a float8, b float8, c float8, d float8, e float8, f float8)")
        self.cluster.sql(f"SELECT create_distributed_hypertable('{name}', 'time', 'device', chunk_time_interval => interval '1 day')")

    def copy(self, table, source):
        connection = self.cluster.connect(options="-c TimeZone=UTC")
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv)", source, size=1 << 16)
            copied = cursor.rowcount
        connection.commit()
        connection.close()
        return copied

    def test_memory_stays_bounded_and_the_log_goes(self):
        self.make_table("large")
        source = Source(self.blocks, MEGABYTES << 20)
        copied = self.copy("large", source)
        self.assertEqual(copied, 60000 * source.at)
        self.assertEqual(self.cluster.sql("SELECT count(*), count(DISTINCT time), max(a) FROM large"), f"{copied}|1800|599")
        peaks = {name: round(memory_mb(node, "VmHWM")) for name, node in self.cluster.nodes.items()}
        self.assertLess(max(peaks.values()), MEMORY_LIMIT_MB, peaks)
        print(f"{copied} rows, {source.taken >> 20} MB, peaks in MB: {peaks}")
        deadline = time.time() + 30
        logs = [os.path.join(node.directory, "store", "wal") for node in self.cluster.nodes.values()]
        while time.time() < deadline and max(map(disk_bytes, logs)) > 1 << 20:
            time.sleep(0.2)
        self.assertLess(max(map(disk_bytes, logs)), 1 << 20)
        self.assertLess(sum(disk_bytes(node.directory) for node in self.cluster.nodes.values()), source.taken / 8)

    def test_a_slow_node_holds_the_client_back(self):
        self.make_table("held_back")
        source = Source(self.blocks, 200 << 20)
        result = []
        loader = threading.Thread(target=lambda: result.append(self.copy("held_back", source)))
        loader.start()
        while source.taken < 1 << 20:
            time.sleep(0.01)
        slow = self.cluster.nodes["dn1"].process
        slow.send_signal(signal.SIGSTOP)
        try:
            deadline = time.time() + 60
            before = -1
            while time.time() < deadline and source.taken != before:  # until it stands still
                before = source.taken
                time.sleep(0.7)
            self.assertEqual(source.taken, before)
            self.assertLess(source.taken, 120 << 20)
            self.assertLess(memory_mb(self.cluster.nodes["an"], "VmHWM"), MEMORY_LIMIT_MB)
        finally:
            slow.send_signal(signal.SIGCONT)
        loader.join(120)
        self.assertEqual(result, [60000 * source.at])
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM held_back"), str(result[0]))


if __name__ == "__main__":
    unittest.main()
