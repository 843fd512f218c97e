"""tsd: one node, and one access node with data nodes."""
import os
import shutil
import subprocess
import time

from engines.base import bytes_on_disk, cpu_seconds, free_port, metric_columns
from engines.pg_client import VALUES, PgEngine

QUIET_SECONDS = 3       # background merging is done when the servers used no CPU for so long
SETTLE_SECONDS = 120
STOP_SECONDS = 120      # then killed: nothing stays running


class Tsd(PgEngine):
    user, database = "tsdbadmin", "tsdb"
    data_nodes = 0
    cores = {}  # node name -> cores it may use, as taskset takes them; a name that is missing may use all

    def __init__(self, work, tools):
        super().__init__(work, tools)
        self.processes = {}
        self.ports = {}

    def version(self):
        return subprocess.run(["git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty"], check=False, capture_output=True,
                              text=True).stdout.strip() or "built here"

    def _names(self):
        return ["an"] + [f"dn{i}" for i in range(1, self.data_nodes + 1)]

    def _launch(self, name):
        folder = os.path.join(self.folder, name)
        # Data nodes keep their ports over restarts: the access node's catalog names them.
        port = self.ports.setdefault(name, free_port())
        command = [os.path.join(self.tools, "tsd"), f"--role={'access' if name == 'an' else 'data'}", f"--data-dir={folder}", f"--listen=127.0.0.1:{port}"]
        if name in self.cores:
            command = ["taskset", "-c", self.cores[name], *command]
        with open(folder + ".log", "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _ports_file(self):
        return os.path.join(self.folder, "ports")

    def start(self):
        if os.path.exists(self._ports_file()):
            with open(self._ports_file(), encoding="utf-8") as file:
                self.ports = {name: int(port) for name, port in (line.split() for line in file)}
        for name in reversed(self._names()):  # the access node last: it finds its data nodes up
            self._launch(name)
            self.port = self.ports[name]
            self.connect()
            if name != "an":
                self.disconnect()

    def stop(self):
        self.disconnect()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = {}

    def pids(self):
        return [process.pid for process in self.processes.values()]

    def log_tails(self, lines=8):
        """What the servers said last, and which of them have ended."""
        said = []
        for name, process in self.processes.items():
            with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as log:
                said.append(f"{name}, {'runs' if process.poll() is None else f'ended with {process.returncode}'}:\n" + "".join(log.readlines()[-lines:]))
        return "\n".join(said)

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.ports = {}
        self.start()
        with open(self._ports_file(), "w", encoding="utf-8") as file:
            file.writelines(f"{name} {port}\n" for name, port in self.ports.items())
        for name in self._names()[1:]:
            self.run(f"SELECT add_data_node('{name}', host => '127.0.0.1', port => {self.ports[name]})")
        self._create("cpu")

    def _create(self, table):
        self.run(f"CREATE TABLE {table}(time timestamptz NOT NULL, hostname text, {metric_columns('double precision')})")
        if self.data_nodes:
            self.run(f"SELECT create_distributed_hypertable('{table}', 'time', 'hostname')")
        else:
            self.run(f"SELECT create_hypertable('{table}', 'time', 'hostname', 1)")

    def create_insert_table(self):
        self._create("readings")

    def load(self, csv):
        return self.copy_csv(csv)

    def settle(self):
        """Waits for background merges; the seconds are those that the servers were busy."""
        start = busy_until = time.perf_counter()
        used = cpu_seconds(self.pids())
        while time.perf_counter() - busy_until < QUIET_SECONDS and time.perf_counter() - start < SETTLE_SECONDS:
            time.sleep(0.5)
            now = cpu_seconds(self.pids())
            if now - used > 0.05:
                busy_until = time.perf_counter()
            used = now
        return busy_until - start

    def bytes(self):
        return bytes_on_disk(*(os.path.join(self.folder, name) for name in self._names()))


class TsdSingle(Tsd):
    name, label = "tsd", "tsd, one node"
    notes = "default settings"


class TsdTwo(Tsd):
    name, label, data_nodes = "tsd2", "tsd, two data nodes", 2
    notes = "default settings; one access node and two data nodes, three processes on the same cores"

    def commits(self, clients, seconds):
        self.run("DROP TABLE IF EXISTS readings")
        self.create_insert_table()
        first, second = self._hosts_of_two_nodes()
        return self._pgbench(f"INSERT INTO readings VALUES (now(), '{first}'{VALUES}), (now(), '{second}'{VALUES});\n", 2, clients, seconds)

    def _hosts_of_two_nodes(self):
        """The first host and one whose row makes another chunk, which is on the other node."""
        for host in range(100):
            self.run(f"INSERT INTO readings VALUES (now(), 'host_{host}'{VALUES})")
            if self.run("SELECT count(DISTINCT data_nodes) FROM timescaledb_information.chunks WHERE hypertable_name = 'readings'")[0][0] > 1:
                return "host_0", f"host_{host}"
        raise RuntimeError("all hosts are on one node")
