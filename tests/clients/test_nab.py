"""Real data: the Numenta Anomaly Benchmark's 47 series (321,206 rows) by psql's \\copy into a hypertable over three data nodes and into a
PostgreSQL 15; every answer the same, doubles to 1e-9. The file is not part of the repository: TSD_NAB_CSV names it, or it lies in
../shared/data/nab.csv; without it the tests are skipped."""
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from cluster import Cluster, ROOT  # noqa: E402
from oracle import Postgres, first_difference, rows_of  # noqa: E402

DATA = os.environ.get("TSD_NAB_CSV", os.path.join(ROOT, "..", "shared", "data", "nab.csv"))
ROWS = 321_206
TABLE = "CREATE TABLE nab(time timestamptz NOT NULL, source text, series text, value double precision)"

# Statements that both speak.
SAME = [
    "SELECT count(*), count(value), count(DISTINCT series), count(DISTINCT source), count(DISTINCT value), count(DISTINCT time) FROM nab",
    "SELECT sum(value), avg(value), min(value), max(value), stddev(value), variance(value), stddev_pop(value), var_pop(value) FROM nab",
    "SELECT min(time), max(time), max(time) - min(time) FROM nab",
    "SELECT source, count(*), count(DISTINCT series), avg(value), min(time), max(time) FROM nab GROUP BY source ORDER BY source",
    "SELECT series, count(*), sum(value), avg(value), min(value), max(value), stddev(value) FROM nab GROUP BY series ORDER BY series",
    "SELECT series, min(time), max(time), max(time) - min(time), count(DISTINCT value) FROM nab GROUP BY series ORDER BY series",
    "SELECT date_trunc('month', time) AS m, count(*), avg(value) FROM nab GROUP BY m ORDER BY m",
    "SELECT date_trunc('week', time) AS w, source, count(*), max(value) FROM nab GROUP BY w, source ORDER BY w, source",
    "SELECT extract(hour FROM time) AS h, count(*), avg(value) FROM nab WHERE source = 'realTweets' GROUP BY h ORDER BY h",
    "SELECT extract(dow FROM time) AS d, series, sum(value) FROM nab WHERE source = 'realTraffic' GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT * FROM nab ORDER BY time, series, value LIMIT 50", "SELECT * FROM nab ORDER BY time DESC, series, value LIMIT 50",
    "SELECT * FROM nab ORDER BY value DESC, time, series LIMIT 30", "SELECT * FROM nab ORDER BY value, time, series LIMIT 30 OFFSET 1000",
    "SELECT time, value FROM nab WHERE series = 'nyc_taxi' ORDER BY time", "SELECT time, value FROM nab WHERE series = 'nyc_taxi' AND value > 29000 ORDER BY time",
    "SELECT count(*), avg(value) FROM nab WHERE series = 'nyc_taxi' AND time >= '2014-11-01' AND time < '2014-12-01'",
    "SELECT count(*), sum(value) FROM nab WHERE time BETWEEN '2014-04-10 00:00:00+00' AND '2014-04-11 12:30:00+00'",
    "SELECT count(*) FROM nab WHERE series LIKE 'Twitter%' AND value > 100", "SELECT count(*) FROM nab WHERE series ILIKE '%CPU%' OR series ~ '^rds_'",
    "SELECT count(*) FROM nab WHERE value = 0", "SELECT count(*) FROM nab WHERE value IS NULL", "SELECT count(*) FROM nab WHERE NOT (value > 10 AND source <> 'realTweets')",
    "SELECT series, count(*) FROM nab WHERE series IN ('nyc_taxi', 'machine_temperature_system_failure', 'no_such') GROUP BY series ORDER BY 1",
    "SELECT series, count(*) FILTER (WHERE value > 50), sum(value) FILTER (WHERE value <= 50) FROM nab GROUP BY series ORDER BY series",
    "SELECT series, avg(value) AS a FROM nab GROUP BY series HAVING avg(value) > 100 ORDER BY a DESC, series",
    "SELECT DISTINCT source FROM nab ORDER BY 1", "SELECT DISTINCT source, series FROM nab ORDER BY 1, 2",
    "SELECT DISTINCT ON (series) series, time, value FROM nab ORDER BY series, time DESC, value",
    "SELECT DISTINCT ON (source) source, series, time, value FROM nab WHERE value > 10 ORDER BY source, time, series, value",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value), percentile_cont(0.95) WITHIN GROUP (ORDER BY value), percentile_disc(0.1) WITHIN GROUP (ORDER BY value) FROM nab",
    "SELECT series, percentile_cont(0.25) WITHIN GROUP (ORDER BY value), percentile_disc(0.99) WITHIN GROUP (ORDER BY value) FROM nab GROUP BY series ORDER BY series",
    "SELECT source, mode() WITHIN GROUP (ORDER BY value) FROM nab GROUP BY source ORDER BY source",
    "SELECT series, corr(value, extract(epoch FROM time)::double precision) FROM nab WHERE source = 'realKnownCause' GROUP BY series ORDER BY series",
    "SELECT time, value, lag(value) OVER w, value - lag(value) OVER w, avg(value) OVER (ORDER BY time ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) "
    "FROM nab WHERE series = 'nyc_taxi' AND time < '2014-07-05' WINDOW w AS (ORDER BY time) ORDER BY time",
    "SELECT series, time, value, rank() OVER (PARTITION BY series ORDER BY value DESC, time) FROM nab WHERE source = 'realAdExchange' ORDER BY 1, 4, 2 LIMIT 400",
    "SELECT * FROM (SELECT series, time, value, row_number() OVER (PARTITION BY series ORDER BY value DESC, time) AS n FROM nab) t WHERE n <= 3 ORDER BY series, n",
    "SELECT series, first_value(value) OVER w, last_value(value) OVER w, ntile(4) OVER w FROM nab WHERE series = 'rogue_agent_key_hold' "
    "WINDOW w AS (PARTITION BY series ORDER BY time, value) ORDER BY time, value LIMIT 100",
    "SELECT a.time, a.value, b.value FROM nab a JOIN nab b ON a.time = b.time WHERE a.series = 'Twitter_volume_AAPL' AND b.series = 'Twitter_volume_GOOG' "
    "AND a.time < '2015-03-01' ORDER BY a.time",
    "SELECT count(*), sum(a.value - b.value) FROM nab a JOIN nab b USING (time) WHERE a.series = 'Twitter_volume_AAPL' AND b.series = 'Twitter_volume_IBM'",
    "SELECT s.series, s.label, count(n.value) FROM (VALUES ('nyc_taxi', 'taxi'), ('nothing', 'none')) AS s(series, label) LEFT JOIN nab n ON n.series = s.series GROUP BY 1, 2 ORDER BY 1",
    "SELECT n.series, count(*) FROM nab n JOIN (SELECT series, avg(value) + 3 * stddev(value) AS high FROM nab GROUP BY series) t ON t.series = n.series WHERE n.value > t.high GROUP BY 1 ORDER BY 1",
    "WITH d AS (SELECT series, date_trunc('day', time) AS day, max(value) AS m FROM nab GROUP BY 1, 2) SELECT day, count(*), avg(m) FROM d GROUP BY day HAVING count(*) > 5 ORDER BY day",
    "SELECT series FROM nab GROUP BY series HAVING max(value) > (SELECT avg(value) FROM nab) ORDER BY 1",
    "SELECT count(*) FROM nab WHERE series IN (SELECT series FROM nab GROUP BY series HAVING count(*) > 10000)",
    "SELECT series, (SELECT max(value) FROM nab b WHERE b.series = a.series) FROM (SELECT DISTINCT series FROM nab WHERE source = 'realAdExchange') a ORDER BY 1",
    "SELECT count(*) FROM nab a WHERE series = 'Twitter_volume_AAPL' AND EXISTS (SELECT 1 FROM nab b WHERE b.series = 'Twitter_volume_IBM' AND b.time = a.time AND b.value > a.value)",
    "SELECT s.series, l.time, l.value FROM (SELECT DISTINCT series FROM nab) s CROSS JOIN LATERAL (SELECT time, value FROM nab n WHERE n.series = s.series ORDER BY time DESC, value LIMIT 2) l ORDER BY 1, 2, 3",
    "SELECT source, series, count(*) FROM nab GROUP BY ROLLUP (source, series) ORDER BY source NULLS FIRST, series NULLS FIRST",
    "SELECT CASE WHEN value < 0 THEN 'low' WHEN value < 50 THEN 'mid' ELSE 'high' END AS band, count(*), round(avg(value)::numeric, 6) FROM nab GROUP BY band ORDER BY band",
    "SELECT width_bucket(value, 0, 100, 10) AS b, count(*) FROM nab WHERE source = 'realAWSCloudwatch' GROUP BY b ORDER BY b",
    "SELECT string_agg(series, ',' ORDER BY series) FROM (SELECT DISTINCT series FROM nab WHERE source = 'realTraffic') t",
    "SELECT series FROM nab WHERE value > 1000 INTERSECT SELECT series FROM nab WHERE value < 1 ORDER BY 1",
    "SELECT series FROM nab EXCEPT SELECT series FROM nab WHERE time >= '2014-01-01' ORDER BY 1",
    "SELECT to_char(time, 'YYYY-MM'), upper(left(series, 3)), count(*) FROM nab GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT generate_series::date, count(n.value) FROM generate_series('2014-07-01'::timestamptz, '2014-07-20', '1 day') LEFT JOIN nab n "
    "ON date_trunc('day', n.time) = generate_series AND n.series = 'nyc_taxi' GROUP BY 1 ORDER BY 1",
    "SELECT regr_slope(value, extract(epoch FROM time)::double precision - 1404172800) FROM nab WHERE series = 'nyc_taxi'",
]
LAST = "(SELECT DISTINCT ON (series) series, {0} FROM nab ORDER BY series, time{1})"
# What only tsd has, and how PostgreSQL says it. Ties in time: series with two rows at their first or last moment are left to SAME.
PAIRS = [
    ("SELECT time_bucket('1 day', time) AS b, count(*), avg(value) FROM nab GROUP BY b ORDER BY b",
     "SELECT date_bin('1 day', time, '2000-01-03') AS b, count(*), avg(value) FROM nab GROUP BY b ORDER BY b"),
    ("SELECT time_bucket('15 minutes', time) AS b, series, sum(value), min(value), max(value) FROM nab WHERE source = 'realTweets' GROUP BY b, series ORDER BY b, series",
     "SELECT date_bin('15 minutes', time, '2000-01-03') AS b, series, sum(value), min(value), max(value) FROM nab WHERE source = 'realTweets' GROUP BY b, series ORDER BY b, series"),
    ("SELECT time_bucket('1 week', time) AS b, source, avg(value) FROM nab GROUP BY b, source ORDER BY b, source",
     "SELECT date_trunc('week', time) AS b, source, avg(value) FROM nab GROUP BY b, source ORDER BY b, source"),
    ("SELECT time_bucket('1 month', time) AS b, count(*) FROM nab GROUP BY b ORDER BY b", "SELECT date_trunc('month', time) AS b, count(*) FROM nab GROUP BY b ORDER BY b"),
    ("SELECT time_bucket('6 hours', time, 'Europe/Berlin') AS b, count(*) FROM nab WHERE series = 'nyc_taxi' GROUP BY b ORDER BY b",
     "SELECT date_bin('6 hours', time AT TIME ZONE 'Europe/Berlin', '2000-01-03') AT TIME ZONE 'Europe/Berlin' AS b, count(*) FROM nab WHERE series = 'nyc_taxi' GROUP BY b ORDER BY b"),
    ("SELECT time_bucket('1 hour', time, origin => '2014-01-01 00:20:00+00'::timestamptz) AS b, max(value) FROM nab WHERE series = 'nyc_taxi' GROUP BY b ORDER BY b",
     "SELECT date_bin('1 hour', time, '2014-01-01 00:20:00+00') AS b, max(value) FROM nab WHERE series = 'nyc_taxi' GROUP BY b ORDER BY b"),
    ("SELECT time_bucket('1 hour', time, '5 minutes'::interval) AS b, max(value) FROM nab WHERE series = 'nyc_taxi' GROUP BY b ORDER BY b",
     "SELECT date_bin('1 hour', time - interval '5 minutes', '2000-01-03') + interval '5 minutes' AS b, max(value) FROM nab WHERE series = 'nyc_taxi' GROUP BY b ORDER BY b"),
    ("SELECT series, last(value, time), first(value, time) FROM nab WHERE source <> 'realKnownCause' GROUP BY series ORDER BY series",
     f"SELECT l.series, l.value, f.value FROM {LAST.format('value, source', ' DESC')} l JOIN {LAST.format('value', '')} f USING (series) WHERE l.source <> 'realKnownCause' ORDER BY 1"),
    ("SELECT time_bucket('1 day', time) AS b, last(value, time) - first(value, time) FROM nab WHERE series = 'nyc_taxi' GROUP BY b ORDER BY b",
     "SELECT l.b, l.value - f.value FROM (SELECT DISTINCT ON (b) date_trunc('day', time) AS b, value FROM nab WHERE series = 'nyc_taxi' ORDER BY b, time DESC) l JOIN "
     "(SELECT DISTINCT ON (b) date_trunc('day', time) AS b, value FROM nab WHERE series = 'nyc_taxi' ORDER BY b, time) f USING (b) ORDER BY 1"),
]


@unittest.skipUnless(os.path.exists(DATA), f"no data set at {DATA}; TSD_NAB_CSV can name it")
class NabTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.cluster = Cluster(data_nodes=3)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()
        cls.cluster.sql(TABLE)
        cls.cluster.sql("SELECT create_distributed_hypertable('nab', 'time', 'series')")
        copy = f"\\copy nab FROM '{DATA}' WITH (FORMAT csv, HEADER)"
        cls.loaded = cls.cluster.psql("-v", "ON_ERROR_STOP=1", "-c", copy)
        for text in (TABLE, copy):
            result = cls.postgres.psql(text)
            assert result.returncode == 0, result.stderr

    def tsd(self, text):
        result = self.cluster.psql("-q", "-v", "ON_ERROR_STOP=1", "--csv", "-t", "-c", text)
        self.assertEqual(result.returncode, 0, result.stderr)
        return rows_of(result.stdout)

    def expected(self, text):
        result = self.postgres.psql(text)
        self.assertEqual(result.returncode, 0, result.stderr)
        return rows_of(result.stdout)

    def sizes(self):
        query = "SELECT node_name, total_bytes FROM hypertable_detailed_size('nab') WHERE node_name IS NOT NULL AND node_name <> ''"
        return {name: int(size) for name, size in self.tsd(query)}

    def test_every_row_is_loaded(self):
        self.assertEqual((self.loaded.returncode, self.loaded.stdout.strip()), (0, f"COPY {ROWS}"), self.loaded.stderr)
        self.assertEqual(self.tsd("SELECT count(*) FROM nab"), [[str(ROWS)]])

    def test_all_three_nodes_hold_data(self):
        sizes = self.sizes()
        self.assertEqual(sorted(sizes), ["dn1", "dn2", "dn3"])
        # Until the load is checkpointed everywhere, rows of one node may lie in its log and of another in files a tenth of the size.
        deadline = time.monotonic() + 60
        while min(sizes.values()) <= sum(sizes.values()) // 20 and time.monotonic() < deadline:
            time.sleep(0.5)
            sizes = self.sizes()
        self.assertGreater(min(sizes.values()), sum(sizes.values()) // 20, sizes)
        chunks = self.tsd("SELECT node, count(*) FROM timescaledb_information.chunks, unnest(data_nodes) node WHERE hypertable_name = 'nab' GROUP BY 1 ORDER BY 1")
        self.assertEqual([row[0] for row in chunks], ["dn1", "dn2", "dn3"])
        self.assertTrue(all(int(row[1]) > 0 for row in chunks))

    def test_same_statements(self):
        for query in SAME:
            with self.subTest(query=query):
                self.assertIsNone(first_difference(self.tsd(query), self.expected(query)))

    def test_what_only_tsd_has(self):
        for query, emulation in PAIRS:
            with self.subTest(query=query):
                self.assertIsNone(first_difference(self.tsd(query), self.expected(emulation)))

    def test_copy_out_brings_every_row_back(self):
        text = "\\copy (SELECT * FROM nab ORDER BY series, time, value) TO STDOUT WITH (FORMAT csv)"
        self.assertEqual(self.cluster.psql("-q", "-c", text).stdout, self.postgres.psql(text).stdout)

    def test_answers_stay_after_a_restart_of_all(self):
        query = "SELECT source, count(*), sum(value), min(time), max(time) FROM nab GROUP BY source ORDER BY source"
        before = self.tsd(query)
        for name in self.cluster.nodes:
            self.cluster.restart(name)
        self.assertIsNone(first_difference(self.tsd(query), before))
        self.assertEqual(self.tsd("SELECT count(*) FROM nab"), [[str(ROWS)]])


if __name__ == "__main__":
    unittest.main(verbosity=1)
