"""tsql and psql as a person uses them, on a pseudo terminal: editing, history, completion, Ctrl-C, progress, exit codes."""
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import BIN, Cluster  # noqa: E402
from terminal import Terminal  # noqa: E402

PROMPT = r"tsdb=[#>] $"
LONG = "SELECT count(*) FROM generate_series(1, 100000000000) g;"


class TerminalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()
        cls.cluster.sql("CREATE TABLE conditions(time timestamptz NOT NULL, device text, temperature double precision)")
        cls.cluster.sql("SELECT create_distributed_hypertable('conditions', 'time', 'device')")
        cls.cluster.sql("INSERT INTO conditions SELECT '2024-01-01'::timestamptz + g * interval '1 hour', 'd' || g % 5, g FROM generate_series(0, 99) g")
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name

    def start(self, tool="tsql", *arguments):
        program = os.path.join(BIN, "tsql") if tool == "tsql" else "psql"
        options = [] if tool == "tsql" else ["-X"]
        terminal = Terminal([program, *options, "-h", "127.0.0.1", "-p", str(self.cluster.port), "-U", "tsdbadmin", "-d", "tsdb", *arguments],
                            env={"HOME": self.directory, "PSQL_HISTORY": os.path.join(self.directory, "psql_history")})
        self.addCleanup(terminal.close)
        terminal.expect(PROMPT)
        return terminal

    def test_editing_and_history(self):
        terminal = self.start()
        terminal.line("SELECT 40 + 2\x7f1 AS sum;")
        self.assertIn(" 41", terminal.expect(r"\(1 row\)"))
        terminal.expect(PROMPT)
        terminal.line("SELECT 'typed'")
        terminal.expect(r"tsdb-[#>] $")
        terminal.line("|| ' over two lines';")
        terminal.expect("typed over two lines")
        terminal.expect(PROMPT)
        terminal.send("\x1b[A\x1b[A\r")  # two up: the first statement again
        self.assertIn(" 41", terminal.expect(r"\(1 row\)"))
        terminal.expect(PROMPT)
        terminal.send("ELECT 'home';\x01S\r")
        terminal.expect("home\n")
        terminal.expect(PROMPT)
        terminal.line("SELECT 'open")
        terminal.expect(r"tsdb'[#>] $")
        terminal.interrupt()  # drops what was typed
        terminal.expect(PROMPT)
        terminal.line("\\q")
        self.assertEqual(terminal.wait(), 0)
        again = self.start()
        again.send("\x1b[A\x1b[A\x1b[A")
        again.expect("SELECT|ELECT")
        again.send("\x15")
        again.send("\x04")
        self.assertEqual(again.wait(), 0)

    def test_completion(self):
        terminal = self.start()
        terminal.send("SEL\t")  # what is missing is painted, with the cursor's own moves
        terminal.expect("ECT ")
        terminal.send("avg(temp\t")
        terminal.expect("erature")
        terminal.send(") FROM cond\t")
        terminal.expect("itions")
        terminal.send(";\r")
        terminal.expect("49.5")

    def test_interrupts_cancel_and_keep_the_session(self):
        for tool in ("tsql", "psql"):
            with self.subTest(tool=tool):
                terminal = self.start(tool)
                terminal.line("SET application_name = 'kept';")
                terminal.expect("SET\n")
                terminal.expect(PROMPT)
                for _ in range(2):
                    terminal.line(LONG)
                    time.sleep(0.7)
                    begin = time.monotonic()
                    terminal.interrupt()
                    terminal.expect("canceling statement due to user request")
                    self.assertLess(time.monotonic() - begin, 10)
                    terminal.expect(PROMPT)
                terminal.line("SHOW application_name;")
                terminal.expect("kept")

    def test_commands(self):
        terminal = self.start()
        for command, answer in (("\\d", "conditions"), ("\\dt", "conditions"), ("\\dt+", "conditions"), ("\\d conditions", "not null"), ("\\d+ conditions", "temperature"),
                                ("\\l", "tsdb"), ("\\du", "tsdbadmin"), ("\\dn", "public"), ("\\nodes", "dn2"), ("\\conninfo", "127.0.0.1"), ("\\timing", "Timing is on"),
                                ("SELECT 1;", r"Time: \d+\.\d+ ms"), ("\\x", "Expanded display is on"), ("SELECT 1 AS one;", r"-\[ RECORD 1 \]"),
                                ("\\x auto", "Expanded display is used automatically"), ("SELECT 1 AS one;", r" one \n-----\n"),
                                ("SELECT repeat('x', 80) AS a, repeat('y', 80) AS b;", r"-\[ RECORD 1 \]"), ("\\x off", "Expanded display is off"),
                                ("\\?", "completion|general|General"), ("\\nosuch", "invalid command"), ("SELECT nope;", r"LINE 1: SELECT nope;\n +\^")):
            terminal.line(command)
            terminal.expect(answer)
            terminal.expect(PROMPT)
        script = os.path.join(self.directory, "script.sql")
        with open(script, "w") as file:
            file.write("SELECT 'from a file';\n")
        terminal.line(f"\\i {script}")
        terminal.expect("from a file\n")

    def test_copy_shows_progress(self):
        path = os.path.join(self.directory, "rows.csv")
        with open(path, "w") as file:
            for i in range(400_000):
                file.write(f"2024-01-{1 + i % 28:02d} {i % 24:02d}:00:00+00,c{i % 10},{i}.5\n")
        terminal = self.start()
        terminal.line("CREATE TABLE loaded(time timestamptz NOT NULL, device text, v double precision);")
        terminal.expect(PROMPT)
        terminal.line("SELECT create_distributed_hypertable('loaded', 'time', 'device');")
        terminal.expect(PROMPT)
        terminal.line(f"\\copy loaded FROM '{path}' WITH (FORMAT csv)")
        shown = terminal.expect("COPY 400000\n", timeout=90)
        self.assertRegex(shown, r"rows/s")
        terminal.expect(PROMPT)
        terminal.line("SELECT count(*) FROM loaded;")
        terminal.expect("400000")
        # Nothing of it when the output is no terminal.
        result = subprocess.run([os.path.join(BIN, "tsql"), "-h", "127.0.0.1", "-p", str(self.cluster.port), "-U", "tsdbadmin", "-d", "tsdb", "-c",
                                 f"\\copy loaded FROM '{path}' WITH (FORMAT csv)"], capture_output=True, text=True, timeout=90)
        self.assertEqual((result.stdout, result.stderr), ("COPY 400000\n", ""))

    def test_typed_copy(self):
        terminal = self.start()
        terminal.line("CREATE TABLE typed(time timestamptz NOT NULL, v int);")
        terminal.expect(PROMPT)
        terminal.line("COPY typed FROM STDIN;")
        terminal.expect(">> ")
        terminal.line("2024-01-01\t1")
        terminal.expect(">> ")
        terminal.line("2024-01-02\tx")
        terminal.line("\\.")
        terminal.expect('invalid input syntax for type integer: "x"')
        terminal.expect('CONTEXT:  COPY typed, line 2, column v: "x"')
        terminal.expect(PROMPT)
        terminal.line("SELECT count(*) FROM typed;")
        terminal.expect(r"\n +0\n")

    def test_server_that_ends(self):
        terminal = self.start()
        self.cluster.restart("an")
        terminal.line("SELECT 1;")
        terminal.expect("connection")
        terminal.expect(r"[#>] $")
        for _ in range(3):
            terminal.line("SELECT 2;")
            time.sleep(0.3)
        terminal.expect(re.escape("(1 row)"))

    def test_exit_codes(self):
        def code(tool, *arguments, stdin=""):
            program = os.path.join(BIN, "tsql") if tool == "tsql" else "psql"
            options = ["-X"] if tool == "psql" else []
            return subprocess.run([program, *options, "-h", "127.0.0.1", "-p", str(self.cluster.port), "-U", "tsdbadmin", "-d", "tsdb", *arguments], input=stdin,
                                  capture_output=True, text=True, timeout=30).returncode
        for arguments, stdin in ((["-c", "SELECT 1"], ""), (["-c", "SELECT nope"], ""), ([], "SELECT nope;\nSELECT 1;\n"), (["-v", "ON_ERROR_STOP=1"], "SELECT nope;\nSELECT 1;\n"),
                                 (["-f", "/nonexistent.sql"], ""), (["-d", "tsdb", "-p", "1"], ""), (["--nosuch"], ""), (["-c", "\\nosuch"], ""), (["-c", "SELECT 1", "-c", "SELECT nope", "-c", "SELECT 1"], "")):
            with self.subTest(arguments=arguments, stdin=stdin):
                self.assertEqual(code("tsql", *arguments, stdin=stdin), code("psql", *arguments, stdin=stdin))


if __name__ == "__main__":
    unittest.main(verbosity=1)
