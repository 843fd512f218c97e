"""The documentation runs: each fenced sql, sh, console and python block of the pages below, in order, as a reader would type it. A block that
cannot run here has '<!-- not run: why -->' on the line before. Ports that a page names are replaced by free ones."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import BIN, ROOT, free_port  # noqa: E402

PAGES = ["README.md"]
FENCE = re.compile(r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
KINDS = ("sql", "sh", "console", "python")
PORT = re.compile(r"\b54\d\d\b")


def blocks(text):
    for match in FENCE.finditer(text):
        yield match["kind"], match["text"], match["why"]


class DocumentationTest(unittest.TestCase):
    def run_block(self, kind, text, port):
        environment = dict(os.environ, PATH=BIN + os.pathsep + os.environ["PATH"], PGHOST="127.0.0.1", PGPORT=str(port), PGUSER="tsdbadmin", PGDATABASE="tsdb")
        if kind == "console":  # what follows a prompt is typed, the rest is answers
            text = "".join(line[2:] + "\n" for line in text.splitlines() if line.startswith(("$ ", "# ")))
        command = {"sql": ["psql", "-X", "-v", "ON_ERROR_STOP=1"], "python": [sys.executable, "-"]}.get(kind, ["bash", "-eu"])
        return subprocess.run(command, input=text, cwd=self.directory, env=environment, capture_output=True, text=True, timeout=120)

    def test_pages(self):
        for page in PAGES:
            with self.subTest(page=page), tempfile.TemporaryDirectory(prefix="tsd-doc-") as self.directory:
                with open(os.path.join(ROOT, page)) as file:
                    found = list(blocks(file.read()))
                self.assertTrue(any(kind == "sql" and not why for kind, _, why in found), "no SQL to run")
                ports = {}

                def free(match):
                    return ports.setdefault(match[0], str(free_port()))
                try:
                    for kind, text, why in found:
                        if why or kind not in KINDS:
                            continue
                        text = PORT.sub(free, text)
                        result = self.run_block(kind, text, ports.get("5440", "0"))
                        self.assertEqual(result.returncode, 0, f"{text}\n{result.stdout}\n{result.stderr}")
                        self.assertNotIn("ERROR", result.stderr, text)
                finally:
                    for name in os.listdir(os.path.join(self.directory, "data")) if os.path.isdir(os.path.join(self.directory, "data")) else ():
                        subprocess.run([os.path.join(BIN, "tsctl"), "stop", "-D", os.path.join(self.directory, "data", name)], capture_output=True, timeout=60)

    def test_every_block_is_fenced(self):
        """An indented block would be neither run nor marked."""
        for page in PAGES:
            with open(os.path.join(ROOT, page)) as file:
                text = FENCE.sub("", file.read())
            self.assertEqual(re.findall(r"^\n {4}\S[^\n]*", text, re.M), [], page)

    def test_blocks_are_found(self):
        page = "a\n<!-- not run: why -->\n```sh\nx\n```\n\n```sql\nSELECT 1;\n```\n"
        self.assertEqual(list(blocks(page)), [("sh", "x\n", "why"), ("sql", "SELECT 1;\n", None)])


if __name__ == "__main__":
    unittest.main(verbosity=1)
