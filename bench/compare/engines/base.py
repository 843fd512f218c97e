"""What every engine under comparison offers, and the small tools they share: process CPU time, files' bytes, rows made comparable."""
import os
import socket
import time

METRICS = ("usage_user usage_system usage_idle usage_nice usage_iowait usage_irq usage_softirq usage_steal usage_guest usage_guest_nice").split()
THREADS = 2
TICKS = os.sysconf("SC_CLK_TCK")


def metric_columns(type_name):
    return ", ".join(f"{metric} {type_name}" for metric in METRICS)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _children():
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append((int(entry), fields))
    return children


def cpu_seconds(pids):
    """User and system time of these processes, of their living descendants and of all children they have waited for."""
    children, total = _children(), 0
    known = {pid: fields for group in children.values() for pid, fields in group}
    waiting, counted = list(pids), set()
    while waiting:
        pid = waiting.pop()
        if pid in known and pid not in counted:
            counted.add(pid)
            total += sum(int(known[pid][i]) for i in range(11, 15))
        waiting += [child for child, _ in children.get(pid, [])]
    return total / TICKS


def busy_seconds():
    """CPU seconds that the whole machine has used so far."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq = (int(field) for field in file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS


class OtherWork:
    """How many cores others kept busy since it was made: what is not ours, that is this process, its children and `pids`."""

    def __init__(self, pids):
        self.pids = [os.getpid(), *pids]
        self.start, self.busy, self.own = time.perf_counter(), busy_seconds(), cpu_seconds(self.pids)

    def cores(self):
        others = busy_seconds() - self.busy - (cpu_seconds(self.pids) - self.own)
        return max(others, 0.0) / (time.perf_counter() - self.start)


def bytes_on_disk(*folders):
    """Allocated bytes of all files."""
    total = 0
    for folder in folders:
        for root, _, files in os.walk(folder):
            for name in files:
                try:
                    total += os.stat(os.path.join(root, name)).st_blocks * 512
                except OSError:
                    pass  # a file that a merge has just removed
    return total


class Engine:
    """An engine with its data in one folder. Life: prepare(); load(); settle(); then start() ... stop() any number of times."""

    name = ""      # in results and options
    label = ""     # in tables
    notes = ""     # settings that matter, for the report
    speaks_pg = False

    def __init__(self, work, tools):
        self.folder = os.path.join(work, self.name)
        self.work, self.tools = work, tools

    def installed(self):
        return True

    def version(self):
        raise NotImplementedError

    def prepare(self):
        """An empty database with the table, started."""
        raise NotImplementedError

    def load(self, csv):
        """Loads the file, durably; returns wall seconds."""
        raise NotImplementedError

    def settle(self):
        """Work after the load that the engine's users would do or wait for (indexes, merges); returns wall seconds."""
        return 0.0

    def start(self):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def pids(self):
        return []

    def bytes(self):
        return bytes_on_disk(self.folder)

    def dialect(self, query, sql):
        """The statement in this engine's words; `query` is its name (Q1 ...)."""
        return sql

    def ask(self, sql):
        """Asks and takes the whole result; returns milliseconds."""
        raise NotImplementedError

    def rows(self, sql):
        """The result as lists of numbers and strings; times are seconds since 1970."""
        raise NotImplementedError

    def server_milliseconds(self, sql):
        """The engine's own time for the statement, without sending the result; None where it does not tell."""
        return None


def timed(action, *arguments):
    start = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - start
