"""PostgreSQL as Debian packages it, with settings for this machine and its two indexes (host and time; time), and a table of hosts."""
import glob
import os
import re
import shutil
import subprocess

from engines.base import free_port, metric_columns, timed
from engines.pg_client import PgEngine

SETTINGS = """
shared_buffers = {shared}MB
effective_cache_size = {cache}MB
work_mem = 256MB
maintenance_work_mem = 1GB
max_wal_size = 8GB
max_worker_processes = 8
max_parallel_workers = 2
max_parallel_workers_per_gather = 2
random_page_cost = 1.1
jit = off
timezone = 'UTC'
unix_socket_directories = ''
listen_addresses = '127.0.0.1'
"""


class Postgres(PgEngine):
    name, label = "postgres", "PostgreSQL"
    notes = "shared_buffers a quarter of memory, two parallel workers beside the leader; indexes (hostname, time DESC) and (time DESC), built after the load; a table of the hosts for the last point"

    def __init__(self, work, tools):
        super().__init__(work, tools)
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.data = os.path.join(self.folder, "data")

    def version(self):
        return subprocess.run([os.path.join(self.bin, "postgres"), "--version"], check=True, capture_output=True, text=True).stdout.split()[2]

    def _tool(self, name, *arguments):
        command = [os.path.join(self.bin, name), *arguments]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._tool("initdb", "-D", self.data, "-A", "trust", "-U", self.user, "--locale=C", "--lc-ctype=C.UTF-8", "-E", "UTF8")
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(SETTINGS.format(shared=memory // 4, cache=memory // 2))
        self.start()
        self.run(f"CREATE TABLE cpu(time timestamptz NOT NULL, hostname text, {metric_columns('double precision')})")

    def load(self, csv):
        return self.copy_csv(csv)

    def settle(self):
        def index():
            self.run("CREATE INDEX ON cpu(hostname, time DESC)")
            self.run("CREATE INDEX ON cpu(time DESC)")
            self.run("CREATE TABLE hosts AS SELECT DISTINCT hostname FROM cpu")
            self.run("VACUUM ANALYZE")
            self.run("CHECKPOINT")
        return timed(index)

    def start(self):
        self.port = free_port()
        self._tool("pg_ctl", "-D", self.data, "-w", "-s", "-l", os.path.join(self.data, "server.log"), "-o", f"-p {self.port}", "start")
        self.connect()

    def stop(self):
        self.disconnect()
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self._tool("pg_ctl", "-D", self.data, "-w", "-s", "-m", "fast", "stop")

    def pids(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
            return [int(file.readline())]

    def bytes(self):
        """The table and its indexes; the log, which is of a fixed size, is not counted."""
        return self.run("SELECT pg_total_relation_size('cpu')")[0][0]

    def dialect(self, query, sql):
        if query == "Q10":
            return "SELECT c.* FROM hosts h, LATERAL (SELECT * FROM cpu WHERE hostname = h.hostname ORDER BY time DESC LIMIT 1) c"
        return re.sub(r"time_bucket\(interval '([^']*)', time\)", r"date_bin('\1', time, '2000-01-03 00:00:00+00')", sql)

    def create_insert_table(self):
        self.run(f"CREATE TABLE readings(time timestamptz NOT NULL, hostname text, {metric_columns('double precision')})")
        self.run("CREATE INDEX ON readings(hostname, time DESC)")
