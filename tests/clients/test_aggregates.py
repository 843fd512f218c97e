"""Aggregates of chunk files (runs, summaries, packed values) against PostgreSQL 15: groups, time buckets, filters; NaN, infinities, -0, NULLs,
decimals, extremes. TSD_SEED=n replays."""
import datetime
import io
import os
import random
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402
from oracle import Postgres, first_difference, rows_of  # noqa: E402

SEED = int(os.environ.get("TSD_SEED", str(int(time.time()))))
STEPS = 1500
# Not -1e100 too: where two such cancel out, what is left of the rest depends on the order of adding, in PostgreSQL as well.
SPECIAL = ["NaN", "Infinity", "-Infinity", "-0", "1e100", "-1e9", "4.9e-324", "0.1", "123456789.125", "\\N"]
GROUPS = ["", "h", "date_trunc('hour', time)", "h, date_trunc('hour', time)", "date_bin('5 min', time, '2000-01-01')"]
FILTERS = ["", "a > 52", "time >= '2024-01-01 05:03' AND time < '2024-01-01 21:00'", "h IN ('h3', 'h1') AND b < 51.5", "d > 500",
           "a > 50 AND b <= 53.3 AND i <> 0", "d IS NULL OR a < 49", "a = 51"]
TARGETS = ["count(*), count(b), count(d), sum(a), avg(a), min(b), max(b), sum(b), avg(b), min(d), max(d), sum(i), avg(i), min(i), max(i), sum(l), max(l)",
           "sum(d), avg(d)", "avg(a)"]


def readings():
    choice = random.Random(SEED)
    walk = {f"h{k}": 50.0 for k in range(12)}
    out = io.StringIO()
    begin = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    for step in range(STEPS):
        moment = (begin + datetime.timedelta(seconds=60 * step)).isoformat()
        for host in walk:
            walk[host] += choice.gauss(0, 1)
            b = f"{walk[host]:.2f}" if choice.random() < 0.999 else "\\N"
            d = choice.choice(SPECIAL) if host in ("h1", "h2") and choice.random() < 0.01 else repr(choice.random() * 1000)
            out.write(f"{moment}\t{host}\t{walk[host]:.0f}\t{b}\t{choice.randint(-5, 5)}\t{choice.randint(-2**62, 2**62)}\t{d}\n")
    return out.getvalue()


class AggregatesTest(unittest.TestCase):
    def test_groups_and_filters(self):
        postgres = Postgres()
        self.addCleanup(postgres.close)
        with Cluster(data_nodes=2) as cluster:
            cluster.setup()
            table = "CREATE TABLE t(time timestamptz NOT NULL, h text, a double precision, b double precision, i int, l bigint, d double precision)"
            cluster.sql(table)
            cluster.sql("SELECT create_distributed_hypertable('t', 'time', 'h', chunk_time_interval => interval '1 day')")
            postgres.psql(table)
            data = readings()
            for result in (cluster.psql("-c", "COPY t FROM STDIN", stdin=data), postgres.psql("COPY t FROM STDIN", stdin=data)):
                self.assertEqual(result.returncode, 0, result.stderr)
            cluster.sql("SELECT compress_chunk(show_chunks('t'))")
            for group in GROUPS:
                for condition in FILTERS:
                    for target in TARGETS:
                        query = f"SELECT {group + ', ' if group else ''}{target} FROM t"
                        query += (f" WHERE {condition}" if condition else "") + (f" GROUP BY {group} ORDER BY {group}" if group else "")
                        with self.subTest(seed=SEED, query=query):
                            want, have = postgres.psql(query), cluster.psql("-q", "--csv", "-t", "-c", query)
                            self.assertEqual(have.returncode, want.returncode, have.stderr + want.stderr)
                            self.assertIsNone(first_difference(rows_of(have.stdout), rows_of(want.stdout)))


if __name__ == "__main__":
    unittest.main(verbosity=1)
