"""A scratch PostgreSQL 15 beside the cluster, whose answers tests expect, and the comparison of answers."""
import csv
import glob
import io
import math
import os
import shutil
import subprocess
import tempfile

import at_term
from cluster import free_port


class Postgres:
    """A scratch PostgreSQL on a free port; run as the user postgres when we are root."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="tsd-pg-")
        self.port = free_port()
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        at_term.opened(self)
        if os.getuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        self._run("initdb", "-D", f"{self.directory}/data", "-A", "trust", "-U", "tsdbadmin", "--locale=C", "--lc-ctype=C.UTF-8", "-E", "UTF8")
        self._run("pg_ctl", "-D", f"{self.directory}/data", "-w", "-l", f"{self.directory}/log", "-o",
                  f"-p {self.port} -k {self.directory} -c listen_addresses=127.0.0.1 -c fsync=off -c timezone=UTC", "start")
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tsdbadmin", "tsdb")

    def _run(self, tool, *arguments):
        command = [os.path.join(self.bin, tool), *arguments]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        subprocess.run(command, check=True, capture_output=True, cwd="/")

    def psql(self, text, stdin=None, timeout=120):
        return self._psql("-v", "ON_ERROR_STOP=1", "--csv", "-t", "-c", text, stdin=stdin, timeout=timeout)

    def script(self, text):
        """Statements one by one, on after errors."""
        return self._psql("-A", "-t", stdin=text)

    def _psql(self, *arguments, stdin, timeout=120):
        command = ["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tsdbadmin", "-d", "tsdb", "-v", "VERBOSITY=verbose", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout)

    def close(self):
        try:
            self._run("pg_ctl", "-D", f"{self.directory}/data", "-m", "immediate", "stop")
        finally:
            at_term.closed(self)
            shutil.rmtree(self.directory, ignore_errors=True)


def close_enough(left, right):
    if left == right:
        return True
    try:
        a, b = float(left), float(right)
    except ValueError:
        return False
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


def first_difference(have, want):
    """None where two lists of rows are equal (doubles to 1e-9), else what differs."""
    if len(have) != len(want):
        return f"{len(have)} rows, PostgreSQL has {len(want)}: {have[:3]} and {want[:3]}"
    for number, (left, right) in enumerate(zip(have, want)):
        if len(left) != len(right) or not all(close_enough(a, b) for a, b in zip(left, right)):
            return f"row {number}: {left}, PostgreSQL has {right}"
    return None
