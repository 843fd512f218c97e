"""Engines that run inside a node process: DuckDB and ClickHouse (chdb), each behind its worker_*.js, asked by lines of JSON."""
import contextlib
import json
import os
import re
import shutil
import subprocess

from engines.base import METRICS, THREADS, Engine, bytes_on_disk, metric_columns, timed

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LITERAL = re.compile(r"timestamptz '([^']*)\+00'")


class InProcess(Engine):
    worker = ""
    package = ""   # in node_modules
    process = None

    def __init__(self, work, tools):
        super().__init__(work, tools)
        self.peers = os.path.join(work, "peers")

    def installed(self):
        return os.path.isdir(os.path.join(self.peers, "node_modules", self.package))

    def database(self):
        raise NotImplementedError

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        with open(self.folder + ".log", "ab") as log:
            self.process = subprocess.Popen(["node", os.path.join(HERE, self.worker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            text=True, env=dict(os.environ, PEERS_DIR=self.peers))
        self.request(open=self.database(), threads=THREADS)

    def request(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"the process ended; see {self.folder}.log"}
        if "error" in answer:
            raise RuntimeError(f"{self.label}: {answer['error'][:600]}\n{what}")
        return answer

    def stop(self):
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(BrokenPipeError):  # it has ended by itself
            process.communicate('{"close": true}\n', timeout=60)

    def pids(self):
        return [self.process.pid]

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.start()

    def ask(self, sql):
        return self.request(sql=sql)["ms"]

    def rows(self, sql):
        return self.request(sql=sql, rows=True)["rows"]


class DuckDb(InProcess):
    worker, package = "worker_duckdb.js", os.path.join("@duckdb", "node-api")
    by_host = False

    def database(self):
        return os.path.join(self.folder, "cpu.db")

    def version(self):
        return self.rows("SELECT version()")[0][0].lstrip("v")

    def load(self, csv):
        if not self.by_host:
            self.ask(f"CREATE TABLE cpu(time TIMESTAMP, hostname VARCHAR, {metric_columns('DOUBLE')})")
            return timed(self._all, f"COPY cpu FROM '{csv}' (FORMAT csv, HEADER false)")
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in [("time", "TIMESTAMP"), ("hostname", "VARCHAR")] + [(m, "DOUBLE") for m in METRICS])
        return timed(self._all, f"CREATE TABLE cpu AS SELECT * FROM read_csv('{csv}', header = false, columns = {{{types}}}) ORDER BY hostname, time")

    def _all(self, sql):
        self.ask(sql)
        self.ask("CHECKPOINT")

    def bytes(self):
        return bytes_on_disk(self.folder)

    def dialect(self, query, sql):
        if query == "Q10":
            return "SELECT c.* FROM (SELECT hostname, max(time) AS time FROM cpu GROUP BY hostname) m JOIN cpu c USING (hostname, time)"
        return LITERAL.sub(r"TIMESTAMP '\1'", sql)


class DuckDbTime(DuckDb):
    name, label, notes = "duckdb", "DuckDB, rows in time order", "in process; rows as in the file; COPY and CHECKPOINT; Q10 as a join with max(time)"


class DuckDbHost(DuckDb):
    name, label, by_host, notes = "duckdb-host", "DuckDB, sorted by host", True, "in process; rows sorted by (hostname, time) while loading"


class ClickHouse(InProcess):
    worker, package = "worker_chdb.js", "chdb"
    metric_codec, time_codec = "", ""

    def database(self):
        return os.path.join(self.folder, "data")

    def version(self):
        return self.rows("SELECT version()")[0][0]

    def prepare(self):
        super().prepare()
        self.ask("CREATE DATABASE bench")
        self.ask("SET allow_experimental_codecs = 1")
        self.ask(f"CREATE TABLE bench.cpu(time DateTime('UTC'){self.time_codec}, hostname LowCardinality(String), {metric_columns('Float64' + self.metric_codec)}) "
                 "ENGINE = MergeTree ORDER BY (hostname, time) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1")

    def load(self, csv):
        structure = f"time DateTime(\\'UTC\\'), hostname LowCardinality(String), {metric_columns('Float64')}"
        return timed(self.ask, f"INSERT INTO bench.cpu SELECT * FROM file('{csv}', CSV, '{structure}') SETTINGS date_time_input_format = 'best_effort'")

    def rows(self, sql):
        """Times are seconds, but in quotes."""
        return [[int(value) if isinstance(value, str) and value.isdigit() else value for value in row] for row in super().rows(sql)]

    def settle(self):
        return timed(self.ask, "OPTIMIZE TABLE bench.cpu FINAL")

    def bytes(self):
        """The files of the merged part; those it replaced are still on disk for some minutes."""
        return self.rows("SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'bench' AND active")[0][0]

    def dialect(self, query, sql):
        if query == "Q10":
            return "SELECT * FROM bench.cpu WHERE (hostname, time) IN (SELECT hostname, max(time) FROM bench.cpu GROUP BY hostname)"
        sql = LITERAL.sub(r"toDateTime('\1', 'UTC')", sql).replace(" FROM cpu", " FROM bench.cpu")
        return sql.replace("time_bucket(interval '1 hour', time)", "toStartOfHour(time)").replace("time_bucket(interval '1 minute', time)", "toStartOfMinute(time)")


class ClickHouseCodec(ClickHouse):
    name, label = "clickhouse", "ClickHouse, codecs"
    metric_codec, time_codec = " CODEC(ALP)", " CODEC(DoubleDelta, ZSTD)"
    notes = "chdb, in process; ORDER BY (hostname, time), ALP for metrics, DoubleDelta+ZSTD for time, hostname LowCardinality, merged to one part; inserts fsynced; times in the CSV read as best_effort, which their '+00' needs; results as RowBinary"


class ClickHouseLz4(ClickHouse):
    name, label, notes = "clickhouse-lz4", "ClickHouse, LZ4", "the same with default compression"
