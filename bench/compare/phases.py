"""The steps of a comparison. Each takes the engines it is to measure, appends its samples to the results and leaves every engine stopped."""
import contextlib
import math
import os
import shutil
import subprocess
import time

from engines.base import OtherWork, cpu_seconds

SMALL_MS = 40          # queries faster than this are asked more often
HERE = os.path.dirname(os.path.abspath(__file__))


@contextlib.contextmanager
def started(engines):
    with contextlib.ExitStack() as stack:
        for engine in engines:
            stack.callback(engine.stop)
            engine.start()
        yield engines


class Comparison:
    def __init__(self, options, results, engines):
        self.options, self.results, self.engines = options, results, engines
        self.csv = os.path.join(options.work, f"cpu-{options.rows}.csv")

    def say(self, text):
        print(text, flush=True)

    # ---- setup ---------------------------------------------------------------------------------------------------------------------

    def setup(self):
        """Installs the peers that npm offers and makes the data; what is there already stays."""
        if not all(engine.installed() for engine in self.engines):
            peers = os.path.join(self.options.work, "peers")
            os.makedirs(peers, exist_ok=True)
            shutil.copy(os.path.join(HERE, "package.json"), peers)
            self.say("installing DuckDB and chdb from npm ...")
            subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"], cwd=peers, check=True)
        if not os.path.exists(self.csv):
            self.say(f"making {self.options.rows} rows ...")
            self._tsbench("generate", "--rows", str(self.options.rows), "--hosts", str(self.options.hosts), "--out", self.csv + ".new")
            os.replace(self.csv + ".new", self.csv)
        self.results.put("rows", self.options.rows)
        self.results.put("hosts", self.options.hosts)
        self.results.put("csv_bytes", os.path.getsize(self.csv))
        self.results.put("date", time.strftime("%Y-%m-%d"))

    def _tsbench(self, *arguments):
        return subprocess.run([os.path.join(self.options.tools, "tsbench"), *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    def queries(self):
        """{name: [statement a window]} in the words of tsd, and their titles into the results."""
        text = self._tsbench("query", "--print", "--table", "cpu", "--rows", str(self.options.rows), "--hosts", str(self.options.hosts),
                             "--windows", str(self.options.windows), "--seed", str(self.options.seed))
        queries = {}
        for line in text.splitlines():
            name, title, sql = line.split("\t")
            self.results.put("titles", name, title)
            if not self.options.queries or name in self.options.queries:
                queries.setdefault(name, []).append(sql)
        return queries

    # ---- load ----------------------------------------------------------------------------------------------------------------------

    def load(self):
        for _ in range(self.options.load_rounds):
            for engine in self.engines:
                try:
                    engine.prepare()
                    self._load_one(engine)
                finally:
                    engine.stop()
                self.results.save()

    def _load_one(self, engine):
        servers = engine.pids()
        before, own_before, others = cpu_seconds(servers), os.times(), OtherWork(servers)
        wall = engine.load(self.csv)
        others = others.cores()
        own_after = os.times()
        # The client (psql) is a child of this process that has been waited for.
        cpu = cpu_seconds(servers) - before + own_after.children_user + own_after.children_system - own_before.children_user - own_before.children_system
        settle = engine.settle()
        size = engine.bytes()
        count = int(engine.rows(engine.dialect("Q1", "SELECT count(*) FROM cpu"))[0][0])
        if count != self.options.rows:
            raise RuntimeError(f"{engine.label} has {count} rows after the load")
        self.results.put("version", engine.name, engine.version())
        for what, value in (("seconds", wall), ("cpu", cpu), ("settle", settle), ("bytes", size), ("others", others)):
            self.results.append("load", engine.name, what, value)
        self.say(f"load   {engine.name:15} {wall:7.2f} s  {count / wall / 1e6:5.2f} M rows/s  {cpu / count * 1e6:5.2f} us CPU a row  then {settle:5.1f} s  "
                 f"{size / count / 10:.3f} bytes a value; others used {others:.2f} cores")

    # ---- answers -------------------------------------------------------------------------------------------------------------------

    def answers(self):
        """Every query: all engines must give the same rows."""
        queries, wrong = self.queries(), []
        with started(self.engines):
            for name, statements in queries.items():
                differing = {}
                for sql in statements[:self.options.answer_windows]:
                    first, *others = [(engine, comparable(engine.rows(engine.dialect(name, sql)))) for engine in self.engines]
                    for engine, rows in others:
                        if difference := first_difference(first[1], rows):
                            differing[engine.name] = f"{name}: {first[0].name} and {engine.name}: {difference}\n  {sql}"
                wrong += differing.values()
                self.results.put("answer_rows", name, len(first[1]))
        self.results.put("answers", {"engines": [engine.name for engine in self.engines], "queries": len(queries), "windows": min(self.options.windows, self.options.answer_windows),
                                     "wrong": wrong})
        self.say("answers " + ("all the same" if not wrong else "\n".join(wrong)))
        if wrong:
            raise RuntimeError("engines disagree")

    # ---- queries -------------------------------------------------------------------------------------------------------------------

    def warm(self):
        """In turn: each window of a query is asked of every engine before the next one; a first round warms and is not counted."""
        with started(self.engines):
            for name, statements in self.queries().items():
                cost = {engine.name: engine.ask(engine.dialect(name, statements[0])) for engine in self.engines}
                before = {engine.name: cpu_seconds(engine.pids()) for engine in self.engines}
                asked, others = dict.fromkeys(cost, 0), OtherWork([pid for engine in self.engines for pid in engine.pids()])
                for number in range(self.options.rounds):
                    for sql in statements:
                        for engine in self.engines:
                            if number > 0 and cost[engine.name] > self.options.slow_ms:
                                continue
                            for _ in range(2 if cost[engine.name] < SMALL_MS else 1):
                                self.results.append("warm", name, engine.name, engine.ask(engine.dialect(name, sql)))
                                asked[engine.name] += 1
                self.results.append("warm_others", name, others.cores())
                for engine in self.engines:
                    self.results.append("warm_cpu_ms", name, engine.name, (cpu_seconds(engine.pids()) - before[engine.name]) * 1e3 / asked[engine.name])
                    if engine.speaks_pg and name == "Q9":
                        for sql in statements:
                            self.results.append("server_ms", name, engine.name, engine.server_milliseconds(engine.dialect(name, sql)))
                self._show("warm", name)
                self.results.save()

    def cold(self):
        """Each query once after a start with the system's file cache dropped."""
        if os.getuid() != 0:
            self.say("cold    skipped: only root may drop the system's caches")
            return
        for name, statements in self.queries().items():
            for engine in self.engines:
                os.sync()
                with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as caches:
                    caches.write("3\n")
                with started([engine]):
                    self.results.append("cold", name, engine.name, engine.ask(engine.dialect(name, statements[0])))
            self._show("cold", name)
            self.results.save()

    def _show(self, phase, name):
        figures = "  ".join(f"{engine.name} {self.results.median(phase, name, engine.name):.2f}" for engine in self.engines)
        self.say(f"{phase:6} {name:4} {figures}")

    # ---- inserts -------------------------------------------------------------------------------------------------------------------

    def inserts(self):
        """Durable single rows, and a row in each of two nodes, through pgbench, 1 and 8 connections, the engines in turn."""
        engines = [engine for engine in self.engines if engine.speaks_pg]
        with started(engines):
            for _ in range(self.options.insert_rounds):
                for clients in (1, 8):
                    for engine in engines:
                        for kind in ("inserts", "commits"):
                            figures = getattr(engine, kind)(clients, self.options.insert_seconds)
                            if figures is None:
                                continue
                            for what, value in figures.items():
                                self.results.append(kind, str(clients), engine.name, what, value)
                            self.say(f"{kind:7} {engine.name:10} {clients} connections {figures['tps']:8.0f}/s  p50 {figures['p50']:.2f}  p99 {figures['p99']:.2f} ms")
        self.results.save()


def comparable(rows):
    """Sorted, so that engines may give them in any order; numbers as doubles of nine digits."""
    plain = [[round_number(value) for value in row] for row in rows]
    try:
        return sorted(plain)
    except TypeError:  # NULLs, or values of different kinds in one column
        return sorted(plain, key=str)


def round_number(value):
    if isinstance(value, int):
        return float(value)
    if isinstance(value, float) and not value.is_integer():
        return float(f"{value:.9g}")
    return value


def first_difference(left, right):
    if len(left) != len(right):
        return f"{len(left)} and {len(right)} rows"
    for number, (a, b) in enumerate(zip(left, right)):
        same = len(a) == len(b) and all(x == y or (isinstance(x, float) and isinstance(y, float) and math.isclose(x, y, rel_tol=1e-8)) for x, y in zip(a, b))
        if not same:
            return f"row {number}: {a} and {b}"
    return None
