"""The client of engines that speak PostgreSQL's protocol: libpq through psycopg2, psql for loads, pgbench for single-row inserts."""
import datetime
import decimal
import os
import re
import subprocess
import tempfile
import time

import psycopg2

from engines.base import METRICS, Engine


VALUES = ", 50" * len(METRICS)


def _plain(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return float(value) if isinstance(value, decimal.Decimal) else value


class PgEngine(Engine):
    speaks_pg = True
    user, database = "postgres", "postgres"
    port = 0
    connection = None

    def connect(self, seconds=60):
        end = time.time() + seconds
        while True:
            try:
                self.connection = psycopg2.connect(host="127.0.0.1", port=self.port, user=self.user, dbname=self.database)
                break
            except psycopg2.OperationalError:
                if time.time() > end:
                    raise
                time.sleep(0.02)
        self.connection.autocommit = True
        self.run("SET timezone = 'UTC'")

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def run(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def copy_csv(self, csv):
        start = time.perf_counter()
        subprocess.run(["psql", "-q", "-X", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-d", self.database, "-v", "ON_ERROR_STOP=1",
                        "-c", f"\\copy cpu from '{csv}' with (format csv)"], check=True, stdin=subprocess.DEVNULL)
        return time.perf_counter() - start

    def ask(self, sql):
        with self.connection.cursor() as cursor:
            start = time.perf_counter()
            cursor.execute(sql)
            return (time.perf_counter() - start) * 1e3

    def rows(self, sql):
        return [[_plain(value) for value in row] for row in self.run(sql)]

    def server_milliseconds(self, sql):
        for (line,) in self.run("EXPLAIN (ANALYZE, TIMING OFF) " + sql):
            if found := re.search(r"Execution Time: ([\d.]+) ms", line):
                return float(found.group(1))
        return None

    def inserts(self, clients, seconds):
        """Durable single-row inserts, each its own transaction, prepared: {tps, p50, p99, max} in milliseconds."""
        self.run("DROP TABLE IF EXISTS readings")
        self.create_insert_table()
        return self._pgbench(f"\\set host random(0, 99)\nINSERT INTO readings VALUES (now(), 'host_' || :host{VALUES});\n", 1, clients, seconds)

    def commits(self, clients, seconds):
        """The same with two rows, one in each of two nodes: two-phase commits. None where there are no nodes."""
        return None

    def _pgbench(self, statement, rows, clients, seconds):
        before = self.run("SELECT count(*) FROM readings")[0][0]
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "insert.sql")
            with open(script, "w", encoding="utf-8") as file:
                file.write(statement)
            done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-c", str(clients),
                                   "-j", str(min(clients, 2)), "-T", str(seconds), "-f", script, "-l", "--log-prefix", os.path.join(folder, "log"),
                                   self.database], check=True, capture_output=True, text=True, cwd=folder)
            waits = []
            for name in os.listdir(folder):
                if name.startswith("log"):
                    with open(os.path.join(folder, name), encoding="utf-8") as log:
                        waits += [int(line.split()[2]) / 1e3 for line in log]
        waits.sort()
        tps = float(re.search(r"tps = ([\d.]+)", done.stdout).group(1))
        stored = self.run("SELECT count(*) FROM readings")[0][0] - before
        if stored != rows * len(waits):
            raise RuntimeError(f"{self.name}: {len(waits)} inserts of {rows} acknowledged, {stored} rows stored")
        return {"tps": tps, "p50": waits[len(waits) // 2], "p99": waits[len(waits) * 99 // 100], "max": waits[-1]}

    def create_insert_table(self):
        raise NotImplementedError
