"""A cluster of real tsd processes on free loopback ports, for tests. Everything lies in one temporary directory; processes are stopped by
their ids and nothing is left behind.

    with Cluster(data_nodes=2) as cluster:
        cluster.setup()                      # add_data_node for each
        cluster.sql("CREATE TABLE ...")      # through psql, on the access node
        conn = cluster.connect()             # psycopg2
        cluster.kill("dn1"); cluster.start("dn1")
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import at_term

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("TSD_BIN", os.path.join(ROOT, "build", "release", "bin"))


_given_ports = set()


def free_port():
    """One that nobody listens on, and that was not given before: two nodes may be about to listen."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


class Node:
    def __init__(self, name, role, directory):
        self.name, self.role, self.directory = name, role, directory
        self.port = free_port()
        self.process = None
        self.log = directory + ".log"


class Cluster:
    def __init__(self, data_nodes=2, env=None, settings=()):
        self.directory = tempfile.mkdtemp(prefix="tsd-test-")
        self.nodes = {}
        self.env = dict(os.environ, **(env or {}))
        self.settings = list(settings)
        self._add("an", "access")
        for i in range(1, data_nodes + 1):
            self._add(f"dn{i}", "data")

    def _add(self, name, role):
        self.nodes[name] = Node(name, role, os.path.join(self.directory, name))

    def __enter__(self):
        at_term.opened(self)
        try:
            for name in self.nodes:
                self.start(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def port(self):
        return self.nodes["an"].port

    def start(self, name, env=None, wait=True):
        node = self.nodes[name]
        command = [os.path.join(BIN, "tsd"), f"--role={node.role}", f"--data-dir={node.directory}", f"--listen=127.0.0.1:{node.port}"]
        for setting in self.settings:
            command.append(f"--set={setting}")
        with open(node.log, "ab") as log:
            node.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=dict(self.env, **(env or {})))
        if wait:
            self.wait_ready(name)

    def wait_ready(self, name, timeout=60):
        node = self.nodes[name]
        end = time.time() + timeout
        while time.time() < end:
            if node.process.poll() is not None:
                raise RuntimeError(f"{name} ended with {node.process.returncode}: {self.tail(name)}")
            try:
                socket.create_connection(("127.0.0.1", node.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{name} does not listen: {self.tail(name)}")

    def tail(self, name, lines=15):
        try:
            with open(self.nodes[name].log, errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return ""

    def kill(self, name):
        """kill -9"""
        process = self.nodes[name].process
        if process and process.poll() is None:
            process.send_signal(signal.SIGKILL)
        if process:
            process.wait()

    def stop(self, name, timeout=60):
        """SIGTERM; the exit code."""
        process = self.nodes[name].process
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout)

    def restart(self, name):
        self.kill(name)
        self.start(name)

    def setup(self):
        for name, node in self.nodes.items():
            if node.role == "data":
                self.sql(f"SELECT add_data_node('{name}', host => '127.0.0.1', port => {node.port})")

    def psql(self, *arguments, stdin=None, node="an", timeout=120, user="tsdbadmin", database="tsdb"):
        command = ["psql", "-X", "-h", "127.0.0.1", "-p", str(self.nodes[node].port), "-U", user, "-d", database, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout)

    def sql(self, text, node="an", timeout=120):
        """Runs SQL through psql; unaligned rows as text. Raises on any error."""
        result = self.psql("-v", "ON_ERROR_STOP=1", "-q", "-A", "-t", "-c", text, node=node, timeout=timeout)
        if result.returncode != 0:
            raise RuntimeError(f"{text}: {result.stderr.strip()}")
        return result.stdout.rstrip("\n")

    def connect(self, node="an", **options):
        import psycopg2
        settings = dict(host="127.0.0.1", port=self.nodes[node].port, user="tsdbadmin", dbname="tsdb", connect_timeout=10)
        settings.update(options)
        return psycopg2.connect(**settings)

    def close(self):
        at_term.closed(self)
        for node in self.nodes.values():
            if node.process and node.process.poll() is None:
                node.process.kill()
                node.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
