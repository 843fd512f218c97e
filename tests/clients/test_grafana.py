"""What Grafana's PostgreSQL data source sends: version and extension queries, its query builder's look into the schema, macros as expanded."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402
from oracle import Postgres, first_difference, rows_of  # noqa: E402

TABLE = "CREATE TABLE metrics(time timestamptz NOT NULL, host text, cpu double precision, epoch bigint)"
# The searched tables: those of the search path, without system schemas.
TABLES = """SELECT quote_ident(table_name) AS "table" FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog', '_timescaledb_internal',
  '_timescaledb_config', 'timescaledb_information', 'timescaledb_experimental') AND table_type = 'BASE TABLE' AND quote_ident(table_schema) IN (
  SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
  FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
  string_to_array(current_setting('search_path'), ',') s)"""
COLUMNS = """SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('metrics'), 1) = 2
  THEN quote_ident(table_schema) = (parse_ident('metrics'))[1] AND quote_ident(table_name) = (parse_ident('metrics'))[2]
  ELSE quote_ident(table_name) = (parse_ident('metrics'))[1] AND quote_ident(table_schema) IN (
    SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
    FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
    string_to_array(current_setting('search_path'), ',') s) END"""
RANGE = "time BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-01T06:00:00Z'"
SAME = [
    TABLES, COLUMNS, "SELECT current_setting('server_version_num')::int/100 AS version",
    f'SELECT "time" AS "time", cpu FROM metrics WHERE {RANGE} ORDER BY 1 LIMIT 10',
    f"SELECT floor(extract(epoch from time)/60)*60 AS time, avg(cpu) AS cpu FROM metrics WHERE {RANGE} GROUP BY 1 ORDER BY 1",
    f"SELECT floor(extract(epoch from \"time\")/300)*300 AS \"time\", host AS metric, max(cpu) FROM metrics WHERE {RANGE} GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT extract(epoch from time) AS time, cpu FROM metrics WHERE extract(epoch from time) BETWEEN 1704067200 AND 1704070800 ORDER BY 1, 2 LIMIT 5",
    "SELECT epoch AS time, cpu AS value FROM metrics WHERE epoch >= 1704067200 AND epoch <= 1704070800 ORDER BY epoch, cpu",
    "SELECT floor((epoch)/300)*300 AS time, avg(cpu) FROM metrics WHERE epoch >= 1704067200 AND epoch <= 1704070800 GROUP BY 1 ORDER BY 1",
    "SELECT DISTINCT host FROM metrics ORDER BY 1", "SELECT host FROM metrics WHERE host IN ('h1','h2') AND host ~* '^H1$' GROUP BY host",
    "SELECT host AS __text, host AS __value FROM metrics GROUP BY host ORDER BY 1",
    f"SELECT host, avg(cpu)::numeric(10,2) AS \"avg cpu\", count(*)::int AS n, bool_or(cpu > 50) AS hot FROM metrics WHERE {RANGE} GROUP BY host ORDER BY host",
]
PAIRS = [
    (f"SELECT time_bucket('60.000s',\"time\") AS \"time\", avg(cpu) FROM metrics WHERE {RANGE} GROUP BY 1 ORDER BY 1",
     f"SELECT date_bin('60.000s',\"time\", '2000-01-03') AS \"time\", avg(cpu) FROM metrics WHERE {RANGE} GROUP BY 1 ORDER BY 1"),
    (f"SELECT time_bucket('0.500s', time) AS time, host AS metric, max(cpu) AS value FROM metrics WHERE {RANGE} GROUP BY 1, 2 ORDER BY 1, 2",
     f"SELECT date_bin('0.500s', time, '2000-01-03') AS time, host AS metric, max(cpu) AS value FROM metrics WHERE {RANGE} GROUP BY 1, 2 ORDER BY 1, 2"),
]


class GrafanaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()
        rows = "INSERT INTO metrics SELECT '2024-01-01'::timestamptz + g * interval '37 seconds', 'h' || g % 4, g % 97 + 0.25, 1704067200 + g * 37 FROM generate_series(0, 2000) g"
        cls.cluster.sql(TABLE)
        cls.cluster.sql("SELECT create_distributed_hypertable('metrics', 'time', 'host')")
        cls.cluster.sql(rows)
        for text in (TABLE, rows):
            assert cls.postgres.psql(text).returncode == 0

    def tsd(self, text):
        result = self.cluster.psql("-q", "-v", "ON_ERROR_STOP=1", "--csv", "-t", "-c", text)
        self.assertEqual(result.returncode, 0, result.stderr)
        return rows_of(result.stdout)

    def test_statements(self):
        for query, expected in [(query, query) for query in SAME] + PAIRS:
            with self.subTest(query=query):
                want = self.postgres.psql(expected)
                self.assertEqual(want.returncode, 0, want.stderr)
                self.assertIsNone(first_difference(self.tsd(query), rows_of(want.stdout)))

    def test_extension(self):
        self.assertRegex(self.tsd("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")[0][0], r"^2\.\d+")

    def test_types_and_ping(self):
        connection = self.cluster.connect()
        self.addCleanup(connection.close)
        cursor = connection.cursor()
        cursor.execute("SELECT time, host, cpu, epoch, 1::smallint, 1::int, 1::real, 1::numeric, true, '\\x01'::bytea, now()::timestamp, now()::date, now()::time FROM metrics LIMIT 1")
        self.assertEqual([column.type_code for column in cursor.description], [1184, 25, 701, 20, 21, 23, 700, 1700, 16, 17, 1114, 1082, 1083])
        with self.assertRaisesRegex(Exception, "can't execute an empty query"):  # what psycopg2 says to EmptyQueryResponse
            cursor.execute("-- ping")


if __name__ == "__main__":
    unittest.main(verbosity=1)
