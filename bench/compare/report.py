"""bench/RESULTS.md and its charts from the results: medians, ratios taken in one run, and how all of it was measured."""
import math
import os
import statistics

from charts import bar_chart
from engines import in_process, postgres, tsd

KINDS = [tsd.TsdSingle, tsd.TsdTwo, in_process.DuckDbTime, in_process.DuckDbHost, in_process.ClickHouseCodec, in_process.ClickHouseLz4, postgres.Postgres]
OURS = ("tsd", "tsd2")
DUCKS = ("duckdb", "duckdb-host")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB"


def figure(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


class Report:
    def __init__(self, results, path):
        self.results, self.path = results, path
        self.charts = os.path.join(os.path.dirname(path), "charts")
        measured = set(results.get("version") or {}) | set().union(*(set(query) for query in (results.get("warm") or {}).values()))
        self.kinds = [kind for kind in KINDS if kind.name in measured]
        self.label = {kind.name: kind.label for kind in self.kinds}
        self.names = [kind.name for kind in self.kinds]
        self.peers = [name for name in self.names if name not in OURS]

    def write(self):
        os.makedirs(self.charts, exist_ok=True)
        parts = [self.head(), self.loads(), self.warm(), self.cold(), self.inserts()]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(part for part in parts if part))

    def chart(self, name, *arguments, **options):
        with open(os.path.join(self.charts, name + ".svg"), "w", encoding="utf-8") as file:
            file.write(bar_chart(*arguments, **options))
        return f"![{arguments[0]}](charts/{name}.svg)\n"

    def head(self):
        rows = self.results.get("rows") or 0
        answers = self.results.get("answers")
        same = "was not checked in this run" if not answers else (
            f"the answers to all {answers['queries']} queries, each in {answers.get('windows')} windows, are the same in {len(answers['engines'])} engines" if not answers["wrong"] else "ENGINES DISAGREE")
        return (f"# Measured\n\nWritten by `bench/compare/run` on {self.results.get('date')}; edits are overwritten.\n\n"
                f"{machine()}. {rows:,} rows of {self.results.get('hosts')} hosts, 10 s apart, with ten double precision columns that walk by normal steps between 0 and 100, "
                f"as integers; a CSV of {(self.results.get('csv_bytes') or 0) / 1e6:.0f} MB ordered by time, then host. A value is one of the ten columns of one row.\n\n"
                "## How\n\n"
                "- All engines take turns on the same machine in the same run, every window of a query after the other; figures are medians. Absolute times differ from run to run, ratios less.\n"
                "- tsd and PostgreSQL are measured at the client through libpq, with the whole result received; DuckDB and ClickHouse run in the client's process, with the result materialised: they pay no network.\n"
                "- No engine has a result cache. Two threads each. tsd's three processes (one access node, two data nodes) share the two cores with the client.\n"
                "- Warm: everything was asked before. Cold: the engine restarted, the system's file cache dropped, asked once.\n"
                "- A load ends when the rows are durable; what comes after it (PostgreSQL's indexes, ClickHouse's and tsd's merges) is given beside it.\n"
                f"- Before any timing: {same}.\n" + "".join(f"- Of this run: {note}\n" for note in self.results.get("notes") or []) + "\n"
                + table(["engine", "version", "how"], [(kind.label, self.results.get("version", kind.name) or "-", kind.notes) for kind in self.kinds]))

    # ---- loads and bytes -----------------------------------------------------------------------------------------------------------

    def loads(self):
        load = self.results.get("load")
        if not load:
            return None
        count = self.results.get("rows")
        names = [name for name in self.names if name in load]
        rate = {name: count / self.results.median("load", name, "seconds") / 1e6 for name in names}
        size = {name: self.results.median("load", name, "bytes") / count / 10 for name in names}
        rows = [(self.label[name], f"{rate[name]:.2f}", f"{self.results.median('load', name, 'seconds'):.1f}",
                 f"{self.results.median('load', name, 'cpu') / count * 1e6:.2f}", f"{self.results.median('load', name, 'settle'):.1f}", f"{size[name]:.3f}",
                 f"{self.results.median('load', name, 'others'):.2f}", len(self.results.get("load", name, "seconds"))) for name in names]
        text = ("## Load and size\n\n" + table(["engine", "million rows/s", "seconds", "CPU us a row, client included", "then, s", "bytes a value", "cores used by others", "runs"], rows)
                + "\nAll files are counted; of PostgreSQL its table and indexes only, of ClickHouse the merged part only.\n\n")
        text += self.chart("load", "Durable load of the CSV", "million rows/s", ["load"], [self.label[n] for n in names], {"load": {self.label[n]: rate[n] for n in names}})
        text += self.chart("size", "Bytes a value on disk", "bytes", ["size"], [self.label[n] for n in names], {"size": {self.label[n]: size[n] for n in names}}, logarithmic=True)
        return text

    # ---- queries -------------------------------------------------------------------------------------------------------------------

    def _queries(self, phase):
        """In the order of the use case, whatever the order of the steps was."""
        measured = self.results.get(phase) or {}
        return [query for query in self.results.get("titles") or {} if query in measured]

    def _medians(self, phase):
        return {query: {name: self.results.median(phase, query, name) for name in self.names} for query in self._queries(phase)}

    def warm(self):
        medians = self._medians("warm")
        if not medians:
            return None
        rows = []
        for query, times in medians.items():
            peers = {name: times[name] for name in self.peers if times[name]}
            best = min(peers, key=peers.get) if peers else None
            ratios = [f"{peers[best] / times[name]:.2f}" if best and times.get(name) else "-" for name in OURS if name in self.names]
            rows.append([query, self.results.get("titles", query), f"{self.results.get('answer_rows', query) or '-'}"] + [figure(times[name]) for name in self.names]
                        + [self.label[best] if best else "-"] + ratios + [figure(self.results.median("warm_others", query))])
        labels = [self.label[name] for name in self.names]
        header = ["query", "", "rows"] + labels + ["fastest peer"] + [f"its time / {self.label[name]}" for name in OURS if name in self.names] + ["cores used by others"]
        text = "## Queries, warm\n\nMedian milliseconds. The last columns: above 1, tsd is faster than the fastest peer on that query.\n\n" + table(header, rows) + "\n"
        text += self._geometric(medians) + self._server_time() + self._cpu()
        return text + self.chart("queries", "Queries, warm", "ms", list(medians), labels, {query: {self.label[n]: times[n] for n in self.names} for query, times in medians.items()},
                                 logarithmic=True)

    def _geometric(self, medians):
        rows = []
        for ours in (name for name in OURS if name in self.names):
            ratios = {}
            for peer in self.peers:
                logs = [math.log(times[peer] / times[ours]) for times in medians.values() if times[peer] and times[ours]]
                ratios[peer] = f"{math.exp(statistics.fmean(logs)):.2f}" if logs else "-"
            rows.append([self.label[ours]] + [ratios[peer] for peer in self.peers])
        return f"Geometric mean over the {len(medians)} queries of the peer's time / tsd's:\n\n" + table([""] + [self.label[peer] for peer in self.peers], rows) + "\n" if rows else ""

    def _server_time(self):
        server = (self.results.get("server_ms") or {}).get("Q9")
        if not server:
            return ""
        figures = ", ".join(f"{self.label[name]} {figure(statistics.median(times))} ms" for name, times in server.items() if name in self.label)
        return f"Q9 sends {self.results.get('answer_rows', 'Q9') or 'many'} rows through libpq; the servers' own time (EXPLAIN ANALYZE): {figures}.\n\n"

    def _cpu(self):
        rows = [[query] + [figure(self.results.median("warm_cpu_ms", query, name)) for name in self.names] for query in self._queries("warm_cpu_ms")]
        return "CPU milliseconds a query of the engine's processes (DuckDB and ClickHouse: of the client's process):\n\n" + table(["query"] + [self.label[n] for n in self.names], rows) + "\n"

    def cold(self):
        medians = self._medians("cold")
        if not medians:
            return None
        names = [name for name in self.names if any(times[name] for times in medians.values())]
        return ("## Queries, cold\n\nMilliseconds, asked once.\n\n"
                + table(["query"] + [self.label[name] for name in names], [[query] + [figure(times[name]) for name in names] for query, times in medians.items()]))

    # ---- inserts -------------------------------------------------------------------------------------------------------------------

    def inserts(self):
        inserts = self.results.get("inserts")
        if not inserts:
            return None
        rows, values = [], {}
        for clients, engines in inserts.items():
            base = self.results.median("inserts", clients, "postgres", "tps")
            group = values.setdefault(f"{clients} connection{'s' if clients != '1' else ''}", {})
            for name, kind in ((name, kind) for name in self.names for kind in ("inserts", "commits")):
                if name not in (self.results.get(kind) or {}).get(clients, {}):
                    continue
                median = {what: self.results.median(kind, clients, name, what) for what in ("tps", "p50", "p99", "max")}
                if kind == "inserts":
                    group[self.label[name]] = median["tps"]
                label = self.label[name] + (", two rows, one in each" if kind == "commits" else "")
                rows.append((clients, label, f"{median['tps']:,.0f}", f"{median['tps'] / base:.2f}" if base else "-", f"{median['p50']:.2f}",
                             f"{median['p99']:.2f}", f"{median['max']:.1f}"))
        labels = [self.label[name] for name in self.names if any(name in engines for engines in inserts.values())]
        return ("## Single-row inserts\n\nDurable, each its own transaction, prepared, by pgbench; PostgreSQL with one index; in tsd with two data nodes a row is in one of them; two rows, one in each, are a two-phase commit.\n\n"
                + table(["connections", "engine", "transactions/s", "against PostgreSQL", "p50 ms", "p99 ms", "max ms"], rows) + "\n"
                + self.chart("inserts", "Durable single-row inserts", "inserts/s", list(values), labels, values))


def write_report(results, path):
    Report(results, path).write()
