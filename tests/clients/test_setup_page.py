"""The multi-node set-up page that tsd mirrors, as a user types it, step by step, with our file names: what is not allowed is refused, the
address line without a mask and max_prepared_transactions take effect by a reload, then the data node is added."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import BIN, Cluster  # noqa: E402

import subprocess  # noqa: E402


class SetupPageTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(data_nodes=2)
        self.addCleanup(self.cluster.close)
        self.cluster.__enter__()

    def edit(self, path, text, mode="a"):
        with open(path, mode) as file:
            file.write(text)

    def reload(self, node):
        result = subprocess.run([os.path.join(BIN, "tsctl"), "reload", "-D", self.cluster.nodes[node].directory], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout), (0, "server signaled\n"), result.stderr)

    def wait_setting(self, node, name, value):
        for _ in range(100):
            if self.cluster.sql(f"SHOW {name}", node=node) == value:
                return
        self.fail(f"{name} is {self.cluster.sql(f'SHOW {name}', node=node)}")

    def test_page(self):
        node = "dn1"
        # 1. Where is the authentication file? SHOW hba_file
        hba = self.cluster.sql("SHOW hba_file", node=node)
        self.assertTrue(os.path.isabs(hba) and os.path.isfile(hba))
        self.assertTrue(os.path.isdir(self.cluster.sql("SHOW data_directory", node=node)))
        # Without a matching line the access node is refused, with a hint that names the file and the line to add.
        self.edit(hba, "# TYPE  DATABASE  USER  ADDRESS      METHOD\nhost all all 127.0.0.2/32 trust\n", mode="w")
        self.reload(node)
        refused = None
        for _ in range(100):
            refused = self.cluster.psql("-v", "VERBOSITY=verbose", "-c", f"SELECT add_data_node('{node}', host => '127.0.0.1', port => {self.cluster.nodes[node].port})")
            if refused.returncode != 0:
                break
            self.cluster.sql(f"SELECT delete_data_node('{node}')")
        self.assertIn("08001", refused.stderr)
        self.assertIn("no pg_hba.conf entry for host", refused.stderr)
        self.assertIn("hba.conf", refused.stderr)
        # The page's line, without a mask.
        self.edit(hba, "host    all       all   127.0.0.1   trust\n")
        self.reload(node)
        # 2. Main configuration.
        for _ in range(100):
            if self.cluster.psql("-c", "SELECT 1", node=node).returncode == 0:
                break
        config = self.cluster.sql("SHOW config_file", node=node)
        self.assertTrue(os.path.isabs(config) and os.path.isfile(config))
        self.assertEqual(self.cluster.sql("SHOW max_prepared_transactions", node=node), "150")
        self.edit(config, "max_prepared_transactions = 0\n")
        self.reload(node)
        self.wait_setting(node, "max_prepared_transactions", "0")
        refused = self.cluster.psql("-v", "VERBOSITY=verbose", "-c", f"SELECT add_data_node('{node}', host => '127.0.0.1', port => {self.cluster.nodes[node].port})")
        self.assertIn("TS174", refused.stderr)
        self.assertIn("max_prepared_transactions", refused.stderr)
        self.assertIn("HINT", refused.stderr)
        self.edit(config, "max_prepared_transactions = 150\n")
        self.reload(node)
        self.wait_setting(node, "max_prepared_transactions", "150")
        # 3. Initialise the data nodes from the access node.
        for name in ("dn1", "dn2"):
            row = self.cluster.sql(f"SELECT * FROM add_data_node('{name}', host => '127.0.0.1', port => {self.cluster.nodes[name].port})")
            self.assertEqual(row.split("|")[0], name)
        # The system is up and running at this point.
        self.cluster.sql("CREATE TABLE conditions(time timestamptz NOT NULL, location text, temperature double precision)")
        self.cluster.sql("SELECT create_distributed_hypertable('conditions', 'time', 'location')")
        self.cluster.sql("INSERT INTO conditions SELECT now(), 'l' || g, g FROM generate_series(1, 100) g")
        self.assertEqual(self.cluster.sql("SELECT count(*), sum(temperature) FROM conditions"), "100|5050")

    def test_bad_hba_file_keeps_the_old_rules(self):
        hba = self.cluster.sql("SHOW hba_file")
        self.edit(hba, "host all all 1.2.3.4/32 nonsense\n")
        self.cluster.psql("-c", "SELECT pg_reload_conf()")
        self.assertEqual(self.cluster.sql("SELECT 1"), "1")

    def test_node_function_errors(self):
        port = self.cluster.nodes["dn1"].port
        cases = [
            ("SELECT add_data_node(NULL, host => 'x')", "22023", "data node name cannot be NULL"),
            ("SELECT add_data_node('x', host => NULL)", "22023", "a host needs to be specified"),
            ("SELECT add_data_node('x', host => 'localhost', port => 65536)", "22023", "invalid port number 65536"),
            ("SELECT add_data_node('x', host => 'localhost', port => 0)", "22023", "invalid port number 0"),
            (f"SELECT add_data_node('x', host => '127.0.0.1', port => {self.cluster.port})", "TS174", "to itself"),
            ("SELECT add_data_node('x', host => '127.0.0.1', port => 1)", "08001", 'could not connect to "x"'),
            ("SELECT delete_data_node('nope')", "42704", 'server "nope" does not exist'),
        ]
        for statement, state, text in cases:
            result = self.cluster.psql("-v", "VERBOSITY=verbose", "-c", statement)
            self.assertIn(state, result.stderr, statement)
            self.assertIn(text, result.stderr, statement)
        result = self.cluster.psql("-v", "VERBOSITY=verbose", stdin=f"BEGIN;\nSELECT add_data_node('x', host => '127.0.0.1', port => {port});\n")
        self.assertIn("25001", result.stderr)
        row = f"dn1|127.0.0.1|{port}|tsdb"
        self.assertTrue(self.cluster.sql(f"SELECT * FROM add_data_node('dn1', host => '127.0.0.1', port => {port})").startswith(row))
        again = self.cluster.psql("-v", "VERBOSITY=verbose", "-c", f"SELECT add_data_node('dn1', host => '127.0.0.1', port => {port})")
        self.assertIn("42710", again.stderr)
        skipped = self.cluster.psql("-c", f"SELECT add_data_node('dn1', host => '127.0.0.1', port => {port}, if_not_exists => true)")
        self.assertIn("already exists, skipping", skipped.stderr)
        self.assertEqual(self.cluster.sql("SELECT delete_data_node('dn1')"), "t")
        self.assertTrue(self.cluster.sql(f"SELECT * FROM add_data_node('dn1', host => '127.0.0.1', port => {port})").startswith(row))


if __name__ == "__main__":
    unittest.main(verbosity=1)
