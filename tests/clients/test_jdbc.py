"""Runs Jdbc.java, if a JDK and PostgreSQL's JDBC driver (libpostgresql-jdbc-java) are there."""
import os
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from cluster import Cluster  # noqa: E402

JAR = os.environ.get("TSD_JDBC_JAR", "/usr/share/java/postgresql.jar")


@unittest.skipUnless(shutil.which("javac") and os.path.exists(JAR), "no JDK or no JDBC driver")
class JdbcTest(unittest.TestCase):
    def test_jdbc(self):
        with Cluster(data_nodes=2) as cluster:
            cluster.setup()
            result = subprocess.run(["java", "-cp", JAR, os.path.join(HERE, "Jdbc.java"), str(cluster.port)], capture_output=True, text=True, timeout=300)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
