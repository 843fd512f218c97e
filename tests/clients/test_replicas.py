"""Replicas of a chunk hold the same rows under the same ids: what many clients write at once, and then delete, update and upsert, is the same
on each of them. Where the files of one are damaged the other answers."""
import glob
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

ALL_ROWS = "SELECT md5(string_agg(concat_ws(',', time, dev, v), ';' ORDER BY time, dev, v)), count(*) FROM t"


class ReplicasTest(unittest.TestCase):
    def in_parallel(self, cluster, work, clients=6):
        failures = []

        def run(client):
            try:
                with cluster.connect() as connection:
                    connection.autocommit = True
                    work(connection.cursor(), client)
            except Exception as failure:  # noqa: BLE001 - told by the main thread
                failures.append(failure)

        threads = [threading.Thread(target=run, args=(client,)) for client in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def check(self, cluster):
        want = cluster.sql(ALL_ROWS)
        for node in ("dn1", "dn2"):
            cluster.kill(node)
            self.assertEqual(cluster.sql(ALL_ROWS), want, f"without {node}")
            cluster.start(node)
            cluster.wait_ready(node)
        return want

    def test_clients_at_once(self):
        with Cluster(data_nodes=2) as cluster:
            cluster.setup()
            cluster.sql("CREATE TABLE t(time timestamptz NOT NULL, dev int, v int, PRIMARY KEY (time, dev))")
            cluster.sql("SELECT create_distributed_hypertable('t', 'time', 'dev', replication_factor => 2)")

            def insert(cursor, client):
                for i in range(60):
                    cursor.execute("INSERT INTO t VALUES (%s::timestamptz + %s * interval '1 minute', %s, %s), (%s::timestamptz + %s * interval '1 minute', %s, %s)",
                                   ("2024-01-01", i, client, i, "2024-01-02", i, client, i))

            self.in_parallel(cluster, insert)
            cluster.sql("DELETE FROM t WHERE v % 7 = 3")
            self.assertEqual(self.check(cluster).split("|")[1], str(6 * 2 * (60 - 9)))

            def change(cursor, client):
                cursor.execute("UPDATE t SET v = v + 1000 WHERE dev = %s AND v < 20", (client,))
                for i in range(20):
                    cursor.execute("INSERT INTO t VALUES (%s::timestamptz + %s * interval '1 minute', %s, 0) ON CONFLICT (time, dev) DO UPDATE SET v = t.v + 5",
                                   ("2024-01-01", 2 * i, client))
                    cursor.execute("INSERT INTO t VALUES (%s::timestamptz + %s * interval '1 minute', %s, 0) ON CONFLICT DO NOTHING", ("2024-01-01", 3 * i, client))

            self.in_parallel(cluster, change)
            cluster.sql("DELETE FROM t WHERE v BETWEEN 1005 AND 1010")
            self.check(cluster)

    def damage(self, cluster, node):
        """Changes a byte in the middle of each chunk file of a node that does not run."""
        paths = [path for path in glob.glob(f"{cluster.nodes[node].directory}/store/chunks/**/*", recursive=True) if os.path.isfile(path) and os.path.getsize(path) > 10000]
        self.assertTrue(paths)
        for path in paths:
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 2)
                byte = file.read(1)[0]
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte ^ 0x10]))

    def test_a_damaged_replica_is_passed_over(self):
        with Cluster(data_nodes=2) as cluster:
            cluster.setup()
            cluster.sql("CREATE TABLE t(time timestamptz NOT NULL, dev int, v double precision)")
            cluster.sql("SELECT create_distributed_hypertable('t', 'time', 'dev', replication_factor => 2)")
            cluster.sql("INSERT INTO t SELECT '2024-01-01'::timestamptz + g * interval '1 second', g % 7, random() FROM generate_series(1, 20000) g")
            cluster.sql("SELECT compress_chunk(show_chunks('t'))")
            queries = ("SELECT count(v), sum(v)::numeric(12, 4), min(v) FROM t WHERE v > 0.5", "SELECT dev, max(v) FROM t WHERE v < 0.9 GROUP BY dev ORDER BY dev")
            want = [cluster.sql(query) for query in queries]
            answering = "dn1" if "dn1" in cluster.sql("EXPLAIN SELECT * FROM t") else "dn2"
            for node in (answering, "dn2" if answering == "dn1" else "dn1"):
                cluster.stop(node)
                self.damage(cluster, node)
                cluster.start(node)
                if node == answering:
                    self.assertEqual([cluster.sql(query) for query in queries], want)
                    self.assertRegex(cluster.tail("an", 50), rf"\[{node}\].*instead")
            for query in queries:
                self.assertIn("XX001", cluster.psql("-v", "VERBOSITY=verbose", "-c", query).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
