"""tsql, tsbench and the host-metrics example against a real cluster; psql says how output should look."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import BIN, ROOT, Cluster  # noqa: E402

QUERIES = ["SELECT 1 AS a, 'x' AS bb, NULL AS c, 2.5::numeric AS n",
           "SELECT g AS num, 'text' || g AS \"longer name\", E'a\\nb' AS two FROM generate_series(1, 3) g",
           "SELECT 1 AS a WHERE false", "SELECT nope", "SELECT 1; SELECT 'a,\"b' AS q", "SELECT 'ünï' AS é, 1 AS x",
           "CREATE TABLE made(a int)", "DROP TABLE made"]


class ToolsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=2)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.setup()
        cls.cluster.sql("CREATE TABLE m(time timestamptz NOT NULL, device text, v double precision)")
        cls.cluster.sql("SELECT create_distributed_hypertable('m', 'time', 'device', chunk_time_interval => interval '1 day')")
        cls.cluster.sql("INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '1 hour', 'd' || g % 5, g FROM generate_series(0, 99) g")
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name

    def run_tool(self, tool, *arguments, stdin=None, port=None):
        environment = dict(os.environ, PGHOST="127.0.0.1", PGPORT=str(port or self.cluster.port), PGUSER="tsdbadmin", PGDATABASE="tsdb")
        path = tool if os.path.isabs(tool) else os.path.join(BIN, tool)
        return subprocess.run([path, *arguments], input=stdin or "", capture_output=True, text=True, timeout=60, env=environment)

    def tsql(self, *arguments, **options):
        return self.run_tool("tsql", *arguments, **options)

    def test_output_is_as_psql_prints_it(self):
        commands = [part for query in QUERIES for part in ("-c", query)]
        for layout in ([], ["-x"], ["--csv"], ["-A"], ["-A", "-t", "-x"], ["-t"], ["-q", "-t", "-x"]):
            with self.subTest(layout=layout):
                theirs, ours = self.cluster.psql(*layout, *commands), self.tsql(*layout, *commands)
                self.assertEqual((ours.stdout, ours.stderr, ours.returncode), (theirs.stdout, theirs.stderr, theirs.returncode))

    def test_exit_codes(self):
        self.assertEqual(self.tsql("-c", "SELECT 1").returncode, 0)
        self.assertEqual(self.tsql("-c", "SELECT nope").returncode, 1)
        self.assertEqual(self.tsql("--nonsense").returncode, 1)
        self.assertEqual(self.tsql("-c", "SELECT 1", port=1).returncode, 2)
        self.assertEqual(self.tsql("-v", "ON_ERROR_STOP=1", stdin="SELECT nope;\nSELECT 'after';\n").returncode, 3)
        going_on = self.tsql("-A", "-t", stdin="SELECT nope;\nSELECT 'after';\n")
        self.assertEqual((going_on.returncode, going_on.stdout), (0, "after\n"))

    def test_statements_are_cut_where_they_end(self):
        script = "SELECT ';' AS a, $x$;'$x$ AS b, \";\" FROM (SELECT 1 AS \";\") s; -- no; end\nSELECT /* ; */ 2;\n\\set v 5\nSELECT :v, :'v', 'x:v'\n"
        self.assertEqual(self.tsql("-A", "-t", stdin=script).stdout, ";|;'|1\n2\n5|5|x:v\n")

    def test_describe(self):
        text = self.tsql("-c", "\\d m").stdout
        for part in ('Table "public.m"', "timestamp with time zone", "not null", "Hypertable: distributed", "Data nodes: dn1,dn2", "2 partitions"):
            self.assertIn(part, text)
        self.assertRegex(self.tsql("-c", "\\dt").stdout, r"public \| m +\| distributed hypertable \| tsdbadmin")
        self.assertEqual(self.tsql("-c", "\\d nosuch").returncode, 1)
        self.assertRegex(self.tsql("-c", "\\nodes").stdout, r"dn2 +\| 127.0.0.1 \| +\d+ \| tsdb +\| up")
        for command in ("\\l", "\\dn", "\\du", "\\d", "\\conninfo", "\\?"):
            self.assertEqual(self.tsql("-c", command).returncode, 0, command)

    def test_copy_both_ways(self):
        path = os.path.join(self.directory, "m.csv")
        out = self.tsql("-c", f"\\copy (SELECT * FROM m ORDER BY time) to '{path}' with (format csv, header true)")
        self.assertEqual((out.stdout, out.stderr), ("COPY 100\n", ""))
        self.cluster.sql("CREATE TABLE copied(time timestamptz, device text, v double precision)")
        self.assertEqual(self.tsql("-c", f"\\copy copied from '{path}' with (format csv, header true)").stdout, "COPY 100\n")
        self.assertEqual(self.cluster.sql("SELECT sum(v) FROM copied"), "4950")
        script = "COPY copied FROM STDIN;\n2025-01-01\tz\t1\n\\.\nSELECT count(*) FROM copied;\n"
        self.assertEqual(self.tsql("-A", "-t", stdin=script).stdout, "COPY 1\n101\n")
        self.assertIn("No such file", self.tsql("-c", "\\copy copied from '/nonexistent'").stderr)

    def create_cpu(self, table):
        columns = ", ".join(f"usage_{name} double precision" for name in "user system idle nice iowait irq softirq steal guest guest_nice".split())
        self.cluster.sql(f"CREATE TABLE {table}(time timestamptz NOT NULL, hostname text, {columns})")
        self.cluster.sql(f"SELECT create_distributed_hypertable('{table}', 'time', 'hostname')")

    def bench(self, *arguments):
        done = self.run_tool("tsbench", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_bench_generates_and_loads(self):
        path = os.path.join(self.directory, "cpu.csv")
        self.bench("generate", "--rows", "5000", "--hosts", "10", "--header", "--out", path)
        self.create_cpu("cpu")
        loaded = self.bench("load", "--file", path, "--table", "cpu")
        self.assertRegex(loaded, r"^5000 rows in [\d.]+ s, \d+ rows/s, [\d.]+ MB/s\n"
                                 r"([1-9]\d* bytes stored in the table, [\d.]+ a row of this load|0 bytes stored in files of the table yet: its rows are in memory and in the log)\n$")
        self.assertEqual(self.cluster.sql("SELECT count(*), count(DISTINCT hostname) FROM cpu"), "5000|10")
        asked = self.bench("query", "--table", "cpu", "--runs", "1")
        self.assertEqual([line.split()[0] for line in asked.splitlines()[1:]], "Q1 Q2 Q2f Q3 Q4 Q5 Q6 Q7 Q8 Q9 Q10 Q11".split())
        again = self.bench("query", "--table", "cpu", "--runs", "1", "--only", "Q1,Q11", "--also", f"same={self.cluster.port}")
        self.assertEqual([line.split()[0] for line in again.splitlines()[1:]], ["Q1", "Q11"])

    def test_bench_makes_the_same_rows_by_seed(self):
        def rows(seed):
            return self.bench("generate", "--rows", "3000", "--hosts", "3", "--seed", seed, "--out", "-")
        first = rows("1")
        self.assertEqual(first, rows("1"))
        self.assertNotEqual(first, rows("2"))
        values = [[int(value) for value in line.split(",")[2:]] for line in first.splitlines() if ",host_1," in line]
        self.assertEqual(len(values), 1000)
        steps = [b - a for before, after in zip(values, values[1:]) for a, b in zip(before, after)]
        self.assertTrue(all(0 <= value <= 100 for row in values for value in row))
        self.assertTrue(1 < max(steps) <= 6 and -6 <= min(steps) < -1, (min(steps), max(steps)))  # normal steps of deviation 1

    def test_bench_loads_over_connections_in_batches(self):
        path = os.path.join(self.directory, "many.csv")
        self.bench("generate", "--rows", "4321", "--hosts", "7", "--out", path)
        for number, (options, batches) in enumerate(((("--connections", "3"), 0), (("--connections", "4", "--batch-rows", "100"), 44), (("--batch-rows", "5000"), 1))):
            with self.subTest(options=options):
                self.create_cpu(f"many{number}")
                loaded = self.bench("load", "--file", path, "--table", f"many{number}", *options)
                self.assertIn("4321 rows in", loaded)
                found = [int(line.split()[0]) for line in loaded.splitlines() if " batches over " in line]
                self.assertEqual(found, [batches] if batches else [])
                if batches:
                    self.assertRegex(loaded, r"p50 [\d.]+ ms, p90 [\d.]+, p99 [\d.]+, max [\d.]+\n")
                self.assertEqual(self.cluster.sql(f"SELECT count(*), sum(usage_user) FROM many{number}"), self.cluster.sql("SELECT count(*), sum(usage_user) FROM many0"))
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM many0"), "4321")

    def test_bench_keeps_rows_with_line_ends_whole(self):
        self.cluster.sql("CREATE TABLE notes(n int, note text)")
        text = "".join(f'{n},"line one\nline ""two"", of {n}"\n' for n in range(500)) + "500,last"
        done = self.run_tool("tsbench", "load", "--file", "-", "--table", "notes", "--connections", "2", "--batch-rows", "7", stdin=text)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.cluster.sql("SELECT count(*), sum(n), count(*) FILTER (WHERE note LIKE E'line one\nline \"two\", of %') FROM notes"), "501|125250|500")

    def test_bench_iot_data_depends_on_its_seed_alone(self):
        def files(name, seed):
            folder = os.path.join(self.directory, name)
            os.mkdir(folder)
            self.bench("generate", "--use-case", "iot", "--rows", "20000", "--series", "20", "--seed", seed, "--out", folder)
            contents = {}
            for file in sorted(os.listdir(folder)):
                with open(os.path.join(folder, file), "rb") as opened:
                    contents[file] = opened.read()
            return contents

        first, again, other = files("first", "1"), files("again", "1"), files("other", "2")
        self.assertEqual(len(first), 3)
        for name in first:
            self.assertTrue(first[name], name)
            self.assertEqual(first[name], again[name], name)
            self.assertNotEqual(first[name], other[name], name)

    def test_bench_reports_a_bad_row_of_any_connection(self):
        self.cluster.sql("CREATE TABLE numbers(n int)")
        text = "".join(f"{n}\n" for n in range(1000)) + "nonsense\n"
        done = self.run_tool("tsbench", "load", "--file", "-", "--table", "numbers", "--connections", "3", "--batch-rows", "50", stdin=text)
        self.assertEqual(done.returncode, 1)
        self.assertIn('invalid input syntax for type integer: "nonsense"', done.stderr)
        self.assertIn("No such file", self.run_tool("tsbench", "load", "--file", "/nonexistent", "--table", "numbers").stderr)
        self.assertIn("no use case", self.run_tool("tsbench", "generate", "--use-case", "x", "--rows", "1", "--out", "-").stderr)

    def test_bench_runs_the_iot_use_case(self):
        said = self.bench("run", "--use-case", "iot", "--rows", "60000", "--series", "20", "--runs", "1", "--windows", "2", "--connections", "2", "--batch-rows", "5000")
        self.assertEqual([line.split()[0] for line in said.splitlines() if line.startswith("I")], [f"I{i}" for i in range(1, 10)])
        counts = {table: int(self.cluster.sql(f"SELECT count(*) FROM {table}")) for table in ("positions", "fuel", "vehicles")}
        self.assertEqual(counts["vehicles"], 20)
        self.assertTrue(48000 < counts["positions"] < 60000, counts)  # gaps: devices that were off
        self.assertTrue(8000 < counts["fuel"] < 10000, counts)
        self.assertEqual(self.cluster.sql("SELECT count(DISTINCT vehicle) FROM positions"), "20")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM (SELECT time - lag(time) OVER (PARTITION BY vehicle ORDER BY time) AS gap FROM positions) g "
                                          "WHERE gap <= interval '0'"), "0")
        self.assertGreater(int(self.cluster.sql("SELECT count(*) FROM (SELECT time - lag(time) OVER (PARTITION BY vehicle ORDER BY time) AS gap FROM positions) g "
                                                "WHERE gap > interval '5 minutes'")), 0)
        folder = os.path.join(self.directory, "iot")
        os.mkdir(folder)
        self.bench("generate", "--use-case", "iot", "--rows", "60000", "--series", "20", "--out", folder)
        with open(os.path.join(folder, "positions.csv"), encoding="utf-8") as file:
            times = [line.split(",", 2)[:2] for line in file]
        self.assertEqual(len(times), counts["positions"])
        late = sum(1 for before, after in zip(times, times[1:]) if after[0] < before[0])
        self.assertGreater(late, 0)  # rows that a device kept while it had no coverage

    def test_host_metrics(self):
        script = os.path.join(ROOT, "tools", "examples", "host-metrics", "host-metrics")
        done = self.run_tool(script, "--count", "2", "--interval", "0.2", "--tsql", os.path.join(BIN, "tsql"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.cluster.sql("SELECT count(*), count(DISTINCT host) FROM host_metrics"), "2|1")


if __name__ == "__main__":
    unittest.main(verbosity=1)
