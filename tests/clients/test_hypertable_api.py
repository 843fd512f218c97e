"""create_hypertable in both forms, add_dimension, partitions, migrate_data, compression settings, distributed_exec, replicas: results, errors and
what survives."""
import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

import psycopg2  # noqa: E402


class HypertableApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=3)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()

    def connect(self):
        connection = self.cluster.connect()
        connection.autocommit = True
        self.addCleanup(connection.close)
        return connection

    def run_sql(self, statement, connection=None):
        """(column names, rows, notices) or (sqlstate, message, detail, hint)."""
        connection = connection or self.connect()
        with connection.cursor() as cursor:
            try:
                cursor.execute(statement)
                names = [column.name for column in cursor.description] if cursor.description else []
                return names, cursor.fetchall() if cursor.description else []
            except psycopg2.Error as error:
                return error.pgcode, error.diag.message_primary, error.diag.message_detail, error.diag.message_hint

    def table(self, name, columns="time timestamptz NOT NULL, dev text, v int"):
        self.cluster.sql(f"DROP TABLE IF EXISTS {name}")
        self.cluster.sql(f"CREATE TABLE {name}({columns})")

    def test_sizes(self):
        self.table("sized")
        self.cluster.sql("SELECT create_distributed_hypertable('sized', 'time', 'dev')")
        self.cluster.sql("INSERT INTO sized SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'd' || g % 50, g FROM generate_series(1, 5000) g")
        size = "SELECT hypertable_size('sized') > 1000, hypertable_size('sized') = (SELECT sum(total_bytes) FROM hypertable_detailed_size('sized'))"
        self.assertEqual(self.cluster.sql(size), "t|t")
        self.assertEqual(self.cluster.sql("SELECT approximate_row_count('sized')"), "5000")
        by_column = ("SELECT hypertable_size(format('%I.%I', hypertable_schema, hypertable_name)::regclass) = hypertable_size('sized') "
                     "FROM timescaledb_information.hypertables WHERE hypertable_name = 'sized'")
        self.assertEqual(self.cluster.sql(by_column), "t")

    def test_new_form(self):
        self.table("n1")
        names, rows = self.run_sql("SELECT * FROM create_hypertable('n1', by_range('time', INTERVAL '1 day'))")
        self.assertEqual(names, ["hypertable_id", "created"])
        self.assertTrue(rows[0][1])
        again = self.run_sql("SELECT created FROM create_hypertable('n1', by_range('time'), if_not_exists => true)")
        self.assertEqual(again, (["created"], [(False,)]))
        self.assertEqual(self.run_sql("SELECT create_hypertable('n1', by_range('time'))")[:2], ("TS110", 'table "n1" is already a hypertable'))
        names, rows = self.run_sql("SELECT * FROM add_dimension('n1', by_hash('dev', 4))")
        self.assertEqual((names, rows[0][1]), (["dimension_id", "created"], True))
        self.assertEqual(self.cluster.sql("SELECT dimension_number, column_name, dimension_type, time_interval, num_partitions "
                                          "FROM timescaledb_information.dimensions WHERE hypertable_name = 'n1'"),
                         "1|time|Time|1 day|\n2|dev|Space||4")
        self.cluster.sql("INSERT INTO n1 SELECT '2024-01-01'::timestamptz + g * interval '6 hours', 'd' || g, g FROM generate_series(0, 39) g")
        self.assertGreater(int(self.cluster.sql("SELECT count(*) FROM show_chunks('n1')")), 20)

    def test_new_form_named_arguments_and_types(self):
        for i, (column, dimension, interval) in enumerate([
                ("timestamptz", "by_range('time')", "7 days|"), ("timestamp", "by_range('time', '2 hours'::interval)", "02:00:00|"),
                ("date", "by_range('time', interval '2 days')", "2 days|"), ("bigint", "by_range('time', 1000)", "|1000"),
                ("int", "by_range(column_name => 'time', partition_interval => 10)", "|10"),
                ("timestamptz", "by_range('time', 3600000000)", "01:00:00|")]):
            self.table(f"typed{i}", f"time {column} NOT NULL")
            self.assertEqual(self.run_sql(f"SELECT created FROM create_hypertable(relation => 'typed{i}', dimension => {dimension}, create_default_indexes => false)"),
                             (["created"], [(True,)]))
            self.assertEqual(self.cluster.sql(f"SELECT time_interval, integer_interval FROM timescaledb_information.dimensions WHERE hypertable_name = 'typed{i}'"),
                             interval)

    def test_dimension_info_prints(self):
        self.assertEqual(self.cluster.sql("SELECT by_range('time'), by_hash('dev', 3), by_range('a//b', 5)"), "(range//time//-//-)|(hash//dev//3//-)|(range//a//b//5//-)")

    def test_new_form_errors(self):
        self.table("e1")
        cases = {
            "SELECT create_hypertable('e1', by_hash('dev', 2))": ("0A000", "cannot partition using a closed dimension on primary column"),
            "SELECT create_hypertable('e1', by_range('nope'))": ("42703", 'column "nope" does not exist'),
            "SELECT create_hypertable('e1', by_range('dev'))": ("22023", 'invalid type for dimension "dev"'),
            "SELECT create_hypertable('nope', by_range('time'))": ("42P01", 'relation "nope" does not exist'),
            "SELECT create_hypertable('e1', by_range('time', '-1 day'::interval))": ("22023", "invalid interval: must be between 1 and 9223372036854775807"),
            "SELECT add_dimension('e1', by_hash('dev', 2))": ("TS001", 'table "e1" is not a hypertable'),
            "SELECT create_hypertable('e1', by_range(NULL))": ("22023", "column_name cannot be NULL"),
            "SELECT by_hash('dev')": ("42883", "function by_hash(unknown) does not exist"),
        }
        for statement, want in cases.items():
            with self.subTest(statement=statement):
                self.assertEqual(self.run_sql(statement)[:2], want)

    def test_add_dimension_old_form(self):
        self.table("o1")
        self.cluster.sql("SELECT create_hypertable('o1', 'time')")
        names, rows = self.run_sql("SELECT * FROM add_dimension('o1', 'dev', number_partitions => 3)")
        self.assertEqual(names, ["dimension_id", "schema_name", "table_name", "column_name", "created"])
        self.assertEqual(rows[0][1:], ("public", "o1", "dev", True))
        self.assertEqual(self.run_sql("SELECT add_dimension('o1', 'dev', 3)")[:2], ("TS160", 'column "dev" is already a dimension'))
        self.assertEqual(self.run_sql("SELECT created FROM add_dimension('o1', 'dev', 3, if_not_exists => true)")[1], [(False,)])
        self.assertEqual(self.run_sql("SELECT set_number_partitions('o1', 5)")[1], [("",)])
        self.assertEqual(self.run_sql("SELECT set_number_partitions('o1', 0)")[0], "22023")
        self.assertEqual(self.run_sql("SELECT set_number_partitions('o1', 7, 'dev')")[1], [("",)])
        self.assertEqual(self.run_sql("SELECT set_number_partitions('o1', 7, 'v')")[0], "42704")
        self.assertEqual(self.cluster.sql("SELECT num_partitions FROM timescaledb_information.dimensions WHERE hypertable_name = 'o1' AND column_name = 'dev'"), "7")
        self.table("o2")
        self.cluster.sql("SELECT create_hypertable('o2', 'time')")
        self.cluster.sql("INSERT INTO o2 VALUES ('2024-01-01', 'a', 1)")
        self.assertEqual(self.run_sql("SELECT add_dimension('o2', 'dev', 3)")[:2], ("0A000", 'hypertable "o2" has tuples or empty chunks'))
        self.assertEqual(self.run_sql("SELECT add_dimension('o2', 'dev')")[0], "22023")
        self.assertEqual(self.run_sql("SELECT add_dimension('o2', 'dev', 3, interval '1 day')")[0], "22023")

    def test_migrate_data(self):
        for form in ("create_hypertable('mig', 'time', migrate_data => {})", "create_hypertable('mig', by_range('time', INTERVAL '1 day'), migrate_data => {})",
                     "create_distributed_hypertable('mig', 'time', 'dev', migrate_data => {})"):
            self.table("mig", "time timestamptz, dev text, v int")
            self.cluster.sql("INSERT INTO mig SELECT '2024-01-01'::timestamptz + g * interval '10 minutes', 'd' || g % 9, g FROM generate_series(0, 19999) g")
            before = self.cluster.sql("SELECT count(*), sum(v), min(time), max(time), count(DISTINCT dev) FROM mig")
            self.assertEqual(self.run_sql("SELECT " + form.format("false"))[:2], ("0A000", 'table "mig" is not empty'))
            connection = self.connect()
            self.run_sql("BEGIN", connection)
            self.run_sql("SELECT " + form.format("true"), connection)
            self.run_sql("ROLLBACK", connection)
            self.assertEqual(self.cluster.sql("SELECT count(*), sum(v), min(time), max(time), count(DISTINCT dev) FROM mig"), before)
            self.run_sql("SELECT " + form.format("true"))
            self.assertEqual(self.cluster.sql("SELECT count(*), sum(v), min(time), max(time), count(DISTINCT dev) FROM mig"), before)
            self.assertGreaterEqual(int(self.cluster.sql("SELECT count(*) FROM show_chunks('mig')")), 20)
            self.assertEqual(self.cluster.sql("SELECT count(*) FROM mig WHERE time >= '2024-02-01'"), self.cluster.sql("SELECT count(*) FROM mig WHERE v >= 31 * 144"))
            self.assertEqual(self.run_sql("INSERT INTO mig VALUES (NULL, 'a', 1)")[0], "23502")

    def test_migrate_data_refuses_null_times_and_leaves_the_table(self):
        self.table("mignull", "time timestamptz, v int")
        self.cluster.sql("INSERT INTO mignull VALUES ('2024-01-01', 1), (NULL, 2)")
        self.assertEqual(self.run_sql("SELECT create_hypertable('mignull', 'time', migrate_data => true)")[0], "23502")
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM mignull"), "2")

    def test_compression_settings(self):
        self.table("comp", "time timestamptz NOT NULL, dev text, site text, v int")
        alter = "ALTER TABLE comp SET (timescaledb.compress, timescaledb.compress_segmentby = '{}', timescaledb.compress_orderby = '{}')"
        self.assertEqual(self.run_sql(alter.format("dev", "time"))[:2], ("TS001", 'table "comp" is not a hypertable'))
        self.cluster.sql("SELECT create_distributed_hypertable('comp', 'time', 'dev')")
        self.assertEqual(self.run_sql(alter.format("nope", "time"))[:2], ("42703", 'column "nope" does not exist'))
        self.assertEqual(self.run_sql(alter.format("dev", "dev, time"))[:2], ("22023", 'cannot use column "dev" for both ordering and segmenting'))
        self.assertEqual(self.run_sql(alter.format("dev +", "time"))[0], "22023")
        self.assertEqual(self.run_sql(alter.format("dev, dev", "time"))[0], "42701")
        self.assertEqual(self.run_sql(alter.format("dev", "random()"))[0], "22023")
        self.assertEqual(self.cluster.sql("SELECT compression_enabled FROM timescaledb_information.hypertables WHERE hypertable_name = 'comp'"), "f")
        self.run_sql(alter.format("dev,site", "v ASC NULLS FIRST, time DESC"))
        shown = ("SELECT attname, segmentby_column_index, orderby_column_index, orderby_asc, orderby_nullsfirst "
                 "FROM timescaledb_information.compression_settings WHERE hypertable_name = 'comp' ORDER BY 2 NULLS LAST, 3")
        self.assertEqual(self.cluster.sql(shown), "dev|1|||\nsite|2|||\nv||1|t|t\ntime||2|f|t")
        self.assertEqual(self.run_sql("ALTER TABLE comp DROP COLUMN v")[0], "0A000")
        self.run_sql("ALTER TABLE comp RENAME COLUMN site TO place")
        self.cluster.restart("an")
        self.assertIn("place|2", self.cluster.sql(shown))
        self.assertEqual(self.cluster.sql("SELECT compression_enabled FROM timescaledb_information.hypertables WHERE hypertable_name = 'comp'"), "t")
        self.run_sql("ALTER TABLE comp SET (timescaledb.compress = false)")
        self.assertEqual(self.cluster.sql(shown), "")

    # ---- distributed_exec ----

    def node_sql(self, node, statement):
        result = self.cluster.psql("-A", "-t", "-c", statement, node=node)
        return result.stdout.strip() if result.returncode == 0 else result.stderr.strip()

    def roles(self, pattern):
        return [self.node_sql(f"dn{i}", f"SELECT count(*) FROM pg_roles WHERE rolname LIKE '{pattern}'") for i in (1, 2, 3)]

    def test_distributed_exec_is_all_or_nothing(self):
        self.node_sql("dn2", "CREATE ROLE taken")
        answer = self.run_sql("CALL distributed_exec($$ CREATE ROLE taken $$)")
        self.assertEqual(answer[:2], ("42710", '[dn2]: role "taken" already exists'))
        self.assertEqual(self.roles("taken"), ["0", "1", "0"])
        self.run_sql("CALL distributed_exec($$ CREATE ROLE everywhere $$)")
        self.assertEqual(self.roles("everywhere"), ["1", "1", "1"])

    def test_distributed_exec_follows_the_transaction(self):
        connection = self.connect()
        self.run_sql("BEGIN", connection)
        self.run_sql("CALL distributed_exec($$ CREATE TABLE dx(a int); INSERT INTO dx VALUES (1), (2) $$)", connection)
        self.assertIn("does not exist", self.node_sql("dn1", "SELECT count(*) FROM dx"))
        self.run_sql("SAVEPOINT s", connection)
        self.run_sql("CALL distributed_exec($$ INSERT INTO dx VALUES (3); CREATE ROLE undone $$, node_list => '{dn1,dn3}')", connection)
        self.run_sql("ROLLBACK TO s", connection)
        self.run_sql("CALL distributed_exec($$ INSERT INTO dx VALUES (4) $$, '{dn2}')", connection)
        self.run_sql("CREATE TABLE local_too(a int)", connection)
        self.run_sql("COMMIT", connection)
        self.assertEqual([self.node_sql(f"dn{i}", "SELECT array_agg(a ORDER BY a) FROM dx") for i in (1, 2, 3)], ["{1,2}", "{1,2,4}", "{1,2}"])
        self.assertEqual(self.roles("undone"), ["0", "0", "0"])
        self.run_sql("BEGIN", connection)
        self.run_sql("CALL distributed_exec('DROP TABLE dx')", connection)
        self.run_sql("ROLLBACK", connection)
        self.assertEqual(self.node_sql("dn3", "SELECT count(*) FROM dx"), "2")
        self.run_sql("CALL distributed_exec('DROP TABLE dx')")
        self.assertIn("does not exist", self.node_sql("dn3", "SELECT count(*) FROM dx"))

    def test_distributed_exec_errors(self):
        cases = {
            "CALL distributed_exec('bogus')": ("42601", '[dn1]: syntax error at or near "bogus"'),
            "CALL distributed_exec('CREATE DATABASE x')": ("25001", "[dn1]: CREATE DATABASE cannot run inside a transaction block"),
            "CALL distributed_exec('COMMIT')": ("0A000", "[dn1]: transaction commands are not allowed in distributed_exec()"),
            "CALL distributed_exec('SELECT 1', '{}')": ("22023", "invalid data nodes list"),
            "CALL distributed_exec('SELECT 1', '{nope}')": ("42704", 'server "nope" does not exist'),
            "CALL distributed_exec('SELECT 1', '{dn1,NULL}')": ("22023", "invalid data nodes list"),
        }
        for statement, want in cases.items():
            with self.subTest(statement=statement):
                self.assertEqual(self.run_sql(statement)[:2], want)
        connection = self.connect()
        self.run_sql("BEGIN", connection)
        self.assertEqual(self.run_sql("CALL distributed_exec('SELECT 1', transactional => false)", connection)[:2],
                         ("25001", "distributed_exec() cannot run inside a transaction block"))
        self.run_sql("ROLLBACK", connection)
        self.run_sql("CALL distributed_exec('CREATE DATABASE dxdb', transactional => false)")
        self.assertEqual(self.node_sql("dn2", "SELECT count(*) FROM pg_database WHERE datname = 'dxdb'"), "1")

    def test_distributed_exec_can_be_cancelled_and_its_locks_go(self):
        connection = self.connect()
        threading.Timer(0.5, connection.cancel).start()
        start = time.time()
        self.assertEqual(self.run_sql("CALL distributed_exec($$ CREATE ROLE slow; SELECT pg_sleep(60) $$)", connection)[0], "57014")
        self.assertLess(time.time() - start, 10)
        self.run_sql("CALL distributed_exec($$ CREATE ROLE slow $$)", connection)
        self.assertEqual(self.roles("slow"), ["1", "1", "1"])

    def test_access_node_killed_in_the_middle_of_distributed_exec(self):
        for attempt in range(4):
            name = f"killed{attempt}"
            connection = self.connect()
            threading.Timer(0.02 + attempt * 0.015, lambda: self.cluster.kill("an")).start()
            with connection.cursor() as cursor:
                try:
                    for i in range(200):
                        cursor.execute(f"CALL distributed_exec($$ CREATE ROLE {name}_{i} $$)")
                except psycopg2.Error:
                    pass
            self.cluster.nodes["an"].process.wait()
            self.cluster.start("an")
            end = time.time() + 20
            while time.time() < end:  # what was in doubt is resolved by itself
                counts = self.roles(name + "%")
                if len(set(counts)) == 1:
                    break
                time.sleep(0.3)
            self.assertEqual(len(set(counts)), 1, counts)
            self.run_sql(f"CALL distributed_exec($$ CREATE ROLE {name}_after $$)")
            self.assertEqual(set(self.roles(name + "_after")), {"1"})

    def test_data_node_killed_after_prepare_keeps_its_part(self):
        for i in range(6):
            end = time.time() + 20
            while True:  # the node killed the round before may not be reached again yet
                connection = self.connect()
                self.run_sql("BEGIN", connection)
                called = self.run_sql(f"CALL distributed_exec($$ CREATE TABLE dk{i}(a int); INSERT INTO dk{i} VALUES (1) $$)", connection)
                if called == ([], []):
                    break
                self.assertEqual(called[0], "08001", called)
                self.assertLess(time.time(), end)
                self.run_sql("ROLLBACK", connection)
                time.sleep(0.1)
            threading.Timer(0.001 * i, lambda: self.cluster.kill("dn2")).start()
            answer = self.run_sql("COMMIT", connection)
            self.cluster.nodes["dn2"].process.wait()
            self.cluster.start("dn2")
            end = time.time() + 20
            while time.time() < end:
                counts = [self.node_sql(f"dn{n}", f"SELECT count(*) FROM dk{i}") for n in (1, 2, 3)]
                if len({c == "1" for c in counts}) == 1:
                    break
                time.sleep(0.3)
            self.assertEqual(len({c == "1" for c in counts}), 1, (answer, counts))
            if answer == ([], []):
                self.assertEqual(counts, ["1", "1", "1"])

    def test_delete_data_node_with_its_database(self):
        with Cluster(data_nodes=2) as cluster:
            cluster.setup()
            cluster.psql("-c", "CREATE TABLE own(a int)", node="dn2")
            cluster.psql("-c", "INSERT INTO own SELECT g FROM generate_series(1, 10) g", node="dn2")
            cluster.sql("CREATE TABLE t(time timestamptz NOT NULL, dev text)")
            cluster.sql("SELECT create_distributed_hypertable('t', 'time', 'dev', replication_factor => 2)")
            cluster.sql("INSERT INTO t SELECT '2024-01-01', 'd' || g FROM generate_series(1, 50) g")
            self.assertIn("25001", cluster.psql("-v", "VERBOSITY=verbose", "-c", "BEGIN", "-c", "SELECT delete_data_node('dn2', force => true, drop_database => true)").stderr)
            self.assertEqual(cluster.sql("SELECT delete_data_node('dn2', force => true, drop_database => true)"), "t")
            self.assertIn('database "tsdb" does not exist', cluster.psql("-c", "SELECT 1", node="dn2").stderr)
            self.assertEqual(cluster.sql("SELECT count(*) FROM t"), "50")
            row = cluster.sql(f"SELECT node_created, database_created FROM add_data_node('dn2', '127.0.0.1', port => {cluster.nodes['dn2'].port})")
            self.assertEqual(row, "t|t")
            self.assertEqual(cluster.psql("-A", "-t", "-c", "SELECT count(*) FROM own", node="dn2").stdout.strip(), "10")

    # ---- replicas ----

    def test_a_read_tries_another_replica(self):
        self.table("rep")
        self.cluster.sql("SELECT create_distributed_hypertable('rep', 'time', 'dev', replication_factor => 2, chunk_time_interval => interval '1 day')")
        self.cluster.sql("INSERT INTO rep SELECT '2024-01-01'::timestamptz + g * interval '1 hour', 'd' || g % 20, g FROM generate_series(0, 999) g")
        self.table("single")
        self.cluster.sql("SELECT create_distributed_hypertable('single', 'time', 'dev')")
        self.cluster.sql("INSERT INTO single SELECT '2024-01-01'::timestamptz + g * interval '1 hour', 'd' || g % 20, g FROM generate_series(0, 999) g")
        queries = ["SELECT count(*), sum(v) FROM rep", "SELECT dev, count(*), sum(v) FROM rep GROUP BY dev ORDER BY dev",
                   "SELECT time, dev, v FROM rep ORDER BY time, dev LIMIT 50", "SELECT time_bucket('1 day', time) d, avg(v) FROM rep GROUP BY d ORDER BY d",
                   "SELECT last(v, time) FROM rep WHERE dev = 'd7'"]
        want = [self.cluster.sql(query) for query in queries]
        for node in ("dn1", "dn2", "dn3"):
            self.cluster.kill(node)
            start = time.time()
            self.assertEqual([self.cluster.sql(query) for query in queries], want, node)
            answer = self.run_sql("SELECT count(*) FROM single")
            self.assertEqual(answer[:2], ("08001", f'could not connect to "{node}"'))
            self.assertLess(time.time() - start, 20)
            self.cluster.start(node)
            # A node that refused is asked again after a fifth of a second; until then the next one's failure would leave no replica.
            while self.run_sql("SELECT count(*) FROM single")[0] == "08001":
                self.assertLess(time.time() - start, 40)
                time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(verbosity=1)
