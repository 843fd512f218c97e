"""compress_chunk and its family, the order of rows in files, compression policies and statistics, tsd.column_stats, tsd.verify() and `tsd verify`."""
import glob
import os
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import BIN, Cluster  # noqa: E402

import psycopg2  # noqa: E402


class CompressionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()

    def table(self, name, enable=True):
        self.cluster.sql(f"CREATE TABLE {name}(time timestamptz NOT NULL, dev text, v double precision, n int)")
        self.cluster.sql(f"SELECT create_distributed_hypertable('{name}', 'time', 'dev', chunk_time_interval => interval '1 day')")
        if enable:
            self.cluster.sql(f"ALTER TABLE {name} SET (timescaledb.compress, timescaledb.compress_segmentby = 'dev')")
        self.cluster.sql(f"INSERT INTO {name} SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'd' || g % 40, g % 100, g "
                         "FROM generate_series(0, 2879) g")

    def error(self, statement):
        connection = self.cluster.connect()
        self.addCleanup(connection.close)
        with self.assertRaises(psycopg2.Error) as caught, connection.cursor() as cursor:
            cursor.execute(statement)
        return caught.exception.pgcode, caught.exception.diag.message_primary

    def test_chunks_are_compressed_once(self):
        self.table("once", enable=False)
        chunk = self.cluster.sql("SELECT show_chunks('once') ORDER BY 1 LIMIT 1")
        name = chunk.split(".")[1]
        status = f"SELECT is_compressed FROM timescaledb_information.chunks WHERE chunk_name = '{name}'"
        self.assertEqual(self.cluster.sql(status), "f")
        stats = ("SELECT compression_status, before_compression_total_bytes > after_compression_total_bytes, after_compression_index_bytes, node_name IS NOT NULL "
                 f"FROM chunk_compression_stats('once') WHERE chunk_name = '{name}'")
        self.assertEqual(self.cluster.sql(stats), "Uncompressed|||t")
        self.assertEqual(self.cluster.sql(f"SELECT compress_chunk('{chunk}')"), chunk)
        self.assertEqual(self.cluster.sql(status), "t")
        self.assertEqual(self.cluster.sql(stats), "Compressed|t|0|t")
        self.assertEqual(self.error(f"SELECT compress_chunk('{chunk}')"), ("42710", f'chunk "{name}" is already compressed'))
        self.assertEqual(self.cluster.sql(f"SELECT compress_chunk('{chunk}', if_not_compressed => true)"), chunk)
        self.cluster.sql(f"CALL recompress_chunk('{chunk}')")
        # Late rows go in as ever.
        self.cluster.sql("INSERT INTO once VALUES ('2024-01-01 00:00:30', 'd0', 5, -1)")
        self.assertEqual(self.cluster.sql("SELECT count(*), sum(n) FROM once"), f"2881|{2879 * 2880 // 2 - 1}")
        self.cluster.restart("an")
        self.assertEqual(self.cluster.sql(status), "t")
        self.assertEqual(self.cluster.sql(f"SELECT decompress_chunk('{chunk}')"), chunk)
        self.assertEqual(self.cluster.sql(status), "f")
        self.assertEqual(self.error(f"SELECT decompress_chunk('{chunk}')"), ("55000", f'chunk "{name}" is not compressed'))
        self.assertEqual(self.cluster.sql(f"SELECT decompress_chunk('{chunk}', true) IS NULL"), "t")
        self.assertEqual(self.error("SELECT compress_chunk('once')"), ("42704", '"once" is not a chunk'))

    def test_statistics_of_a_hypertable(self):
        self.table("summed", enable=False)
        self.cluster.sql("SELECT compress_chunk(c) FROM show_chunks('summed') c")
        rows = [row.split("|") for row in self.cluster.sql(
            "SELECT node_name, total_chunks, number_compressed_chunks, before_compression_total_bytes, after_compression_total_bytes "
            "FROM hypertable_compression_stats('summed') ORDER BY 1").split("\n")]
        self.assertEqual([row[0] for row in rows], ["dn1", "dn2"])
        for _, chunks, compressed, before, after in rows:
            self.assertEqual(chunks, compressed)
            self.assertGreater(int(before), int(after) * 3)
        # Merging goes on meanwhile.
        total = self.cluster.sql("SELECT sum(after_compression_total_bytes) / hypertable_size('summed') BETWEEN 0.5 AND 2 FROM hypertable_compression_stats('summed')")
        self.assertEqual(total, "t")

    def blocks_read(self, query):
        """Read and all, of the query's scans."""
        plan = self.cluster.sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
        read, skipped = (sum(map(int, re.findall(rf'"Blocks {what}": (\d+)', plan))) for what in ("Read", "Skipped"))
        self.assertGreater(read, 0, plan)
        return read, read + skipped

    # Loaded in the order of time, then sorted by device as the user asks for, in the documented order of steps.
    def check_order_changes(self, create):
        devices, rows = 200, 400_000
        name = "ordered"
        self.addCleanup(self.cluster.sql, f"DROP TABLE IF EXISTS {name}")
        for statement in (f"CREATE TABLE {name}(time timestamptz NOT NULL, device text, site int, v double precision)", create,
                          f"INSERT INTO {name} SELECT '2024-01-01'::timestamptz + g * interval '200 milliseconds', 'device ' || (g * 31) % {devices}, g / {devices} % 8, g % 1000 "
                          f"FROM generate_series(0, {rows - 1}) g"):
            self.cluster.sql(statement)
        one = f"SELECT count(*), sum(v * v), min(time), max(time) FROM {name} WHERE device = 'device 17'"
        whole = f"SELECT site, count(*), sum(v), min(time), max(device) FROM {name} GROUP BY site ORDER BY site"
        before = self.cluster.sql(one), self.cluster.sql(whole)
        self.cluster.sql(f"SELECT compress_chunk(c) FROM show_chunks('{name}') c")
        read, blocks = self.blocks_read(one)
        self.assertGreater(read, blocks // 2)  # every row group has the device
        self.cluster.sql(f"ALTER TABLE {name} SET (timescaledb.compress, timescaledb.compress_segmentby = 'device')")
        chunks = f"SELECT count(*) FILTER (WHERE is_compressed), count(*) FROM timescaledb_information.chunks WHERE hypertable_name = '{name}'"
        self.cluster.sql(f"SELECT compress_chunk(c, true) FROM show_chunks('{name}') c")
        read, blocks = self.blocks_read(one)
        self.assertLess(read * 20, blocks)
        self.assertEqual((self.cluster.sql(one), self.cluster.sql(whole)), before)
        compressed, count = self.cluster.sql(chunks).split("|")
        self.assertEqual(compressed, count)
        self.cluster.sql(f"ALTER TABLE {name} SET (timescaledb.compress_segmentby = 'site')")
        for chunk in self.cluster.sql(f"SELECT show_chunks('{name}')").split("\n"):
            self.cluster.sql(f"CALL recompress_chunk('{chunk}', true)")
        read, blocks = self.blocks_read(one)
        self.assertGreater(read, blocks // 2)
        self.assertEqual((self.cluster.sql(one), self.cluster.sql(whole)), before)

    def test_files_follow_the_order_of_a_hypertable(self):
        self.check_order_changes("SELECT create_hypertable('ordered', 'time', chunk_time_interval => interval '12 hours')")

    def test_files_follow_the_order_of_a_distributed_hypertable(self):
        self.check_order_changes("SELECT create_distributed_hypertable('ordered', 'time', 'site', chunk_time_interval => interval '12 hours')")

    def test_a_policy_has_files_follow_the_order(self):
        self.table("late", enable=False)
        self.cluster.sql("SELECT compress_chunk(c) FROM show_chunks('late') c")
        self.cluster.sql("ALTER TABLE late SET (timescaledb.compress, timescaledb.compress_segmentby = 'v')")
        states = "SELECT bool_and(is_compressed) FROM timescaledb_information.chunks WHERE hypertable_name = 'late'"
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'late' AND is_compressed"), "0")
        self.cluster.sql("SELECT add_compression_policy('late', INTERVAL '1 day')")
        deadline = time.monotonic() + 60
        while self.cluster.sql(states) != "t" and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(self.cluster.sql(states), "t")
        # A segment column of a shared row group is in its order.
        groups = self.cluster.sql("SELECT v FROM late WHERE dev = 'd0' AND time < '2024-01-02'").split("\n")
        self.assertEqual(groups, sorted(groups, key=float))

    def test_an_order_that_does_not_begin_with_time_is_told_of(self):
        self.table("told")
        notice = 'NOTICE:  rows of a segment are sorted by "time", "n", "v"'
        alter = "ALTER TABLE told SET (timescaledb.compress_orderby = '%s')"
        self.assertIn(notice, self.cluster.psql("-c", alter % "n, v DESC").stderr)
        self.assertNotIn("sorted", self.cluster.psql("-c", alter % "time, n, v DESC").stderr)
        self.assertNotIn("sorted", self.cluster.psql("-c", "ALTER TABLE told SET (timescaledb.compress_segmentby = 'dev')").stderr)
        self.assertEqual(self.cluster.sql("SELECT attname, orderby_column_index FROM timescaledb_information.compression_settings "
                                          "WHERE hypertable_name = 'told' AND orderby_column_index IS NOT NULL ORDER BY 2"), "time|1\nn|2\nv|3")

    def test_column_stats(self):
        self.table("seen")
        self.cluster.sql("SELECT compress_chunk(show_chunks('seen'), true)")
        where = "FROM tsd.column_stats WHERE hypertable_name = 'seen'"
        self.assertEqual(self.cluster.sql(f"SELECT column_name, data_type, sum(rows), sum(null_count), min(minimum::text) {where} GROUP BY 1, 2 ORDER BY 1"),
                         "dev|text|2880|0|d0\nn|integer|2880|0|0\ntime|timestamp with time zone|2880|0|2024-01-01 00:00:00+00\n"
                         "v|double precision|2880|0|0")
        self.assertEqual(self.cluster.sql(f"SELECT bool_and(bytes > 0 AND blocks > 0 AND encoding <> 'plain') {where}"), "t")
        self.assertIn("column_stats", self.cluster.psql("-c", "\\dv tsd.*").stdout)

    def test_policies(self):
        self.table("policed")
        self.assertEqual(self.error("SELECT add_compression_policy('policed')")[0], "22023")
        job = int(self.cluster.sql("SELECT add_compression_policy('policed', INTERVAL '7 days')"))
        self.assertGreaterEqual(job, 1000)
        self.assertEqual(self.error("SELECT add_compression_policy('policed', INTERVAL '7 days')")[0], "42710")
        self.assertEqual(self.cluster.sql("SELECT add_compression_policy('policed', INTERVAL '7 days', if_not_exists => true)"), "-1")
        self.assertEqual(self.cluster.sql("SELECT application_name, proc_name, config->>'compress_after', hypertable_name FROM timescaledb_information.jobs "
                                          f"WHERE job_id = {job}"), f"Compression Policy [{job}]|policy_compression|7 days|policed")
        self.cluster.sql("INSERT INTO policed VALUES (now(), 'd0', 1, 1)")  # young: not due
        wrong = ("SELECT chunk_name, range_end FROM timescaledb_information.chunks WHERE hypertable_name = 'policed' "
                 "AND is_compressed <> (range_end < now() - interval '7 days')")
        deadline = time.monotonic() + 60
        while self.cluster.sql(wrong) and time.monotonic() < deadline:
            time.sleep(0.5)
        self.assertEqual(self.cluster.sql(wrong), "")
        self.assertEqual(self.cluster.sql("SELECT remove_compression_policy('policed')"), "t")
        self.assertEqual(self.error("SELECT remove_compression_policy('policed')")[0], "42704")
        self.assertEqual(self.cluster.sql("SELECT remove_compression_policy('policed', if_exists => true)"), "f")
        self.table("plain", enable=False)
        self.assertEqual(self.error("SELECT add_compression_policy('plain', INTERVAL '7 days')"),
                         ("55000", 'compression not enabled on hypertable "plain"'))

    def test_verify_names_the_damaged_file(self):
        with Cluster(data_nodes=1) as cluster:
            cluster.setup()
            cluster.sql("CREATE TABLE t(time timestamptz NOT NULL, v double precision)")
            cluster.sql("SELECT create_distributed_hypertable('t', 'time')")
            cluster.sql("INSERT INTO t SELECT '2024-01-01'::timestamptz + g * interval '1 second', random() FROM generate_series(1, 20000) g")
            cluster.sql("SELECT compress_chunk(show_chunks('t'))")
            self.assertEqual(cluster.sql("SELECT node_name, error FROM tsd.verify() ORDER BY 1 NULLS FIRST"), "|\ndn1|")
            directory = cluster.nodes["dn1"].directory
            tsd = [os.path.join(BIN, "tsd"), "verify", "-D", directory]
            running = subprocess.run(tsd, capture_output=True, text=True)
            self.assertEqual(running.returncode, 1)
            self.assertIn("tsd.verify()", running.stderr)
            cluster.stop("dn1")
            whole = subprocess.run(tsd, capture_output=True, text=True)
            self.assertEqual((whole.returncode, whole.stderr), (0, ""))
            self.assertIn("all whole", whole.stdout)
            path = max(glob.glob(f"{directory}/store/**/*", recursive=True), key=lambda p: os.path.getsize(p) if "wal" not in p else 0)
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 2)
                byte = file.read(1)[0]
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte ^ 0x10]))
            damaged = subprocess.run(tsd, capture_output=True, text=True)
            self.assertEqual(damaged.returncode, 1)
            self.assertIn(os.path.basename(path), damaged.stderr)
            self.assertIn("chunk", damaged.stderr)
            cluster.start("dn1")
            deadline = time.monotonic() + 20
            while "connect" in cluster.sql("SELECT error FROM tsd.verify() WHERE node_name = 'dn1'") and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertIn(os.path.basename(path), cluster.sql("SELECT error FROM tsd.verify() WHERE node_name = 'dn1'"))
            result = cluster.psql("-v", "VERBOSITY=verbose", "-c", "SELECT sum(v), min(v) FROM t WHERE v > 0.5")
            self.assertIn("XX001", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
