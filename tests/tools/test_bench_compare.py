#!/usr/bin/python3
"""bench/compare without engines: samples that are kept, answers that are compared, dialects, the report and its charts."""
import os
import sys
import tempfile
import unittest
import xml.dom.minidom

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "bench", "compare"))
sys.dont_write_bytecode = True

from charts import bar_chart  # noqa: E402
from engines.in_process import ClickHouseCodec, DuckDbTime  # noqa: E402
from engines.postgres import Postgres  # noqa: E402
from phases import comparable, first_difference  # noqa: E402
from report import write_report  # noqa: E402
from results import Results  # noqa: E402

Q3 = ("SELECT time_bucket(interval '1 hour', time) AS hour, hostname, avg(usage_user) FROM cpu WHERE time >= timestamptz '2016-01-02 16:38:38+00' "
      "GROUP BY hour, hostname")


class ResultsTest(unittest.TestCase):
    def test_samples_are_appended_over_several_steps(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            for sample in (3.0, 1.0):
                results = Results(path)
                results.append("warm", "Q1", "tsd", sample)
                results.save()
            results = Results(path)
            results.append("warm", "Q1", "tsd", 10.0)
            self.assertEqual(results.get("warm", "Q1", "tsd"), [3.0, 1.0, 10.0])
            self.assertEqual(results.median("warm", "Q1", "tsd"), 3.0)
            self.assertIsNone(results.get("warm", "Q2", "tsd"))
            self.assertIsNone(results.median("warm", "Q1", "nobody"))


class AnswersTest(unittest.TestCase):
    def test_rounding_and_order_do_not_matter(self):
        left = comparable([[1451606400.0, "host_1", 0.1 + 0.2], [1451606400, "host_0", 7]])
        right = comparable([[1451606400, "host_0", 7.0], [1451606400, "host_1", 0.3]])
        self.assertIsNone(first_difference(left, right))

    def test_differences_are_found(self):
        rows = [[1, "a", 0.5], [2, "b", None]]
        for other in ([[1, "a", 0.5]], [[1, "a", 0.50001], [2, "b", None]], [[1, "a", 0.5], [2, "c", None]], [[1, "a", 0.5], [2, "b", 0]], [[1, "a"], [2, "b"]]):
            self.assertIsNotNone(first_difference(comparable(rows), comparable(other)), other)


class DialectTest(unittest.TestCase):
    def dialect(self, kind, query, sql):
        engine = kind.__new__(kind)
        return engine.dialect(query, sql)

    def test_each_engine_gets_its_words(self):
        self.assertIn("TIMESTAMP '2016-01-02 16:38:38'", self.dialect(DuckDbTime, "Q3", Q3))
        clickhouse = self.dialect(ClickHouseCodec, "Q3", Q3)
        for part in ("toStartOfHour(time) AS hour", "toDateTime('2016-01-02 16:38:38', 'UTC')", "FROM bench.cpu"):
            self.assertIn(part, clickhouse)
        self.assertIn("date_bin('1 hour', time, '2000-01-03 00:00:00+00')", self.dialect(Postgres, "Q3", Q3))
        for kind in (DuckDbTime, ClickHouseCodec, Postgres):
            self.assertNotIn("DISTINCT ON", self.dialect(kind, "Q10", "SELECT DISTINCT ON (hostname) * FROM cpu ORDER BY hostname, time DESC"))


class ReportTest(unittest.TestCase):
    def test_charts_are_xml(self):
        for logarithmic in (False, True):
            text = bar_chart("A & B", "ms", ["Q1", "Q2"], ["x < y", "z"], {"Q1": {"x < y": 0.3, "z": 2000}, "Q2": {"x < y": None, "z": 5}}, logarithmic)
            document = xml.dom.minidom.parseString(text)
            self.assertEqual(len(document.getElementsByTagName("title")), 3)  # a bar each but for the missing one

    def write(self, results):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "RESULTS.md")
            write_report(results, path)
            with open(path, encoding="utf-8") as file:
                return file.read(), sorted(os.listdir(os.path.join(folder, "charts")))

    def results(self):
        results = Results("/nonexistent/results.json")
        results.put("rows", 1000)
        results.put("titles", "Q1", "count(*)")
        for name, ms in (("tsd", 2.0), ("duckdb", 4.0), ("postgres", 16.0)):
            results.append("warm", "Q1", name, ms)
            results.append("warm_cpu_ms", "Q1", name, ms)
        return results

    def test_only_what_was_measured_is_reported(self):
        text, charts = self.write(self.results())
        self.assertIn("| Q1 | count(*) | - | 2.00 | 4.00 | 16.0 | DuckDB, rows in time order | 2.00 | - |", text)
        self.assertIn("| tsd, one node | 2.00 | 8.00 |", text)  # geometric means
        self.assertNotIn("## Load", text)
        self.assertNotIn("ClickHouse, codecs |", text)
        self.assertIn("was not checked", text)
        self.assertEqual(charts, ["queries.svg"])

    def test_disagreement_is_shouted(self):
        results = self.results()
        results.put("answers", {"engines": ["tsd", "duckdb"], "queries": 1, "wrong": ["Q1: ..."]})
        self.assertIn("ENGINES DISAGREE", self.write(results)[0])


if __name__ == "__main__":
    unittest.main(verbosity=1)
