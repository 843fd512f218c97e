"""node-postgres; the packages come from tests/clients/package.json (npm install there, tools/test does it)."""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from cluster import Cluster  # noqa: E402


class NodePgTest(unittest.TestCase):
    def test_node_pg(self):
        self.assertTrue(os.path.isdir(os.path.join(HERE, "node_modules", "pg")), "npm install in tests/clients first")
        with Cluster(data_nodes=0) as cluster:
            result = subprocess.run(["node", os.path.join(HERE, "node_pg.js"), str(cluster.port)], capture_output=True, text=True, timeout=60, cwd=HERE)
            self.assertEqual(result.stdout, "ok\n", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
