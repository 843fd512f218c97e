"""psycopg 3: binary and text parameters and results of every type, prepared statements, pipelines, COPY, cursors, errors, cancel."""
import datetime as dt
import decimal
import os
import sys
import threading
import time
import unittest
import uuid

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

UTC = dt.timezone.utc
# (type, Python value)
VALUES = [
    ("bool", True), ("bool", False), ("int2", -32768), ("int4", 2147483647), ("int8", -9223372036854775808), ("float4", 1.5), ("float8", -0.1), ("float8", float("inf")),
    ("numeric", decimal.Decimal("12345678901234567890.123456789")), ("numeric", decimal.Decimal("-0.000001")), ("numeric", decimal.Decimal("0")),
    ("numeric", decimal.Decimal("10000")), ("text", "ünï 'quoted' \\ \n"), ("text", ""), ("varchar", "v"), ("bytea", b"\x00\x01\xff"),
    ("timestamptz", dt.datetime(2024, 2, 29, 23, 59, 59, 999999, UTC)), ("timestamptz", dt.datetime(1, 1, 1, tzinfo=UTC)), ("timestamp", dt.datetime(1970, 1, 1, 0, 0, 0, 1)),
    ("date", dt.date(2024, 2, 29)), ("time", dt.time(23, 59, 59, 1)), ("interval", dt.timedelta(days=-3, hours=5, microseconds=7)),
    ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")), ("int4[]", [1, None, 3]), ("text[]", ["a", 'b"c', "", "NULL", None, "x,y", "{}"]),
    ("float8[]", [1.5, float("-inf")]), ("int4[]", []), ("int4[]", [[1, 2], [3, 4]]), ("timestamptz[]", [dt.datetime(2024, 1, 1, tzinfo=UTC)]),
    ("numeric[]", [decimal.Decimal("1.50"), None]), ("uuid[]", [uuid.UUID(int=5)]), ("bool[]", [True, False]), ("date[]", [dt.date(2000, 1, 1)]),
]


class Psycopg3Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()
        cls.cluster.sql("CREATE TABLE m(time timestamptz NOT NULL, device text, v double precision, n bigint)")
        cls.cluster.sql("SELECT create_distributed_hypertable('m', 'time', 'device', chunk_time_interval => interval '1 day')")
        cls.cluster.sql("INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'd' || g % 10, g * 0.5, g FROM generate_series(0, 9999) g")

    def connect(self, **options):
        connection = psycopg.connect(host="127.0.0.1", port=self.cluster.port, user="tsdbadmin", dbname="tsdb", connect_timeout=10, **options)
        self.addCleanup(connection.close)
        return connection

    def test_prepared_rows_are_made_in_order(self):
        connection = self.connect(autocommit=True)
        connection.execute("CREATE SEQUENCE made")
        connection.execute("CREATE TABLE made_rows(a bigint, b bigint DEFAULT nextval('made'), c text, d double precision CHECK (d < 100))")
        statement = """INSERT INTO made_rows VALUES (nextval('made'), nextval('made'), upper(%s), %s + 1), (%s, DEFAULT, %s, NULL), (nextval('made'), nextval('made'), 'x', %s)
                       RETURNING a + 1, c"""
        for first in (1, 6, 11):
            returned = connection.execute(statement, ("a", 1.5, -7, None, 2), prepare=True).fetchall()
            self.assertEqual(returned, [(first + 1, "A"), (-6, None), (first + 4, "x")])
            rows = connection.execute("SELECT a, b, c, d FROM made_rows ORDER BY b").fetchall()
            self.assertEqual(rows, [(first, first + 1, "A", 2.5), (-7, first + 2, None, None), (first + 3, first + 4, "x", 2)])
            with self.assertRaises(psycopg.errors.CheckViolation):
                connection.execute("INSERT INTO made_rows VALUES (1, 1, %s, %s)", ("x", 100), prepare=True)
            connection.execute("DELETE FROM made_rows")
        connection.execute("DROP TABLE made_rows")
        connection.execute("DROP SEQUENCE made")

    def test_many_parameters(self):
        connection = self.connect(autocommit=True)
        connection.execute("CREATE TABLE many(t timestamptz, i int, d double precision, s text, n numeric(6,2), at int DEFAULT 5)")
        statement = "INSERT INTO many(t, i, d, s, n) VALUES " + ", ".join(["(%t, %b, %s, %t, %s + 1)"] * 40)

        def values(first):
            rows = []
            for i in range(first, first + 40):
                s = None if i % 5 == 0 else "" if i % 5 == 1 else f"é{i}"
                rows.append((None if i % 7 == 0 else f"2024-01-01 00:00:{i % 60:02d}+00", None if i % 3 == 0 else i, i / 4, s, decimal.Decimal(i) / 8))
            return rows

        def expected(first):
            return [(r[1], r[2], r[3], (r[4] + 1).quantize(decimal.Decimal("0.01"), decimal.ROUND_HALF_UP), None if r[0] is None else int(r[0][17:19])) for r in values(first)]

        for first in (0, 40):
            connection.execute(statement, [v for row in values(first) for v in row], prepare=True)
            rows = connection.execute("SELECT i, d, s, n, extract(second FROM t)::int FROM many ORDER BY d").fetchall()
            self.assertEqual(rows, expected(first))
            connection.execute("DELETE FROM many")
        bad = [v for row in values(0) for v in row]
        bad[35], bad[50] = "2024-13-01", "nor this"
        with self.assertRaises(psycopg.errors.DatetimeFieldOverflow) as failed:
            connection.execute(statement, bad, prepare=True)
        self.assertEqual(failed.exception.diag.context, "unnamed portal parameter $36")
        connection.execute("ALTER TABLE many ADD COLUMN more text DEFAULT 'm' || 'n'")
        connection.execute("ALTER TABLE many ALTER COLUMN at SET DEFAULT 6")
        connection.execute(statement, [v for row in values(1) for v in row], prepare=True)
        self.assertEqual(connection.execute("SELECT DISTINCT at, more FROM many").fetchall(), [(6, "mn")])
        with self.assertRaises(psycopg.errors.NumericValueOutOfRange):
            connection.execute(statement, [decimal.Decimal(9999) if i == 14 else v for i, v in enumerate(v for row in values(0) for v in row)], prepare=True)
        self.assertEqual(connection.execute("SELECT count(*) FROM many").fetchone(), (40,))
        connection.execute("DROP TABLE many")

    def test_values_come_back_in_both_formats(self):
        connection = self.connect(autocommit=True)
        for binary in (False, True):
            for name, value in VALUES:
                for mark in ("%s", "%b", "%t"):
                    with self.subTest(type=name, value=value, binary=binary, parameter=mark):
                        got = connection.cursor(binary=binary).execute(f"SELECT {mark}::{name}", (value,)).fetchone()[0]
                        self.assertEqual(got, value)
        for binary in (False, True):
            self.assertEqual(connection.execute("SELECT %s::jsonb", (Jsonb({"a": [1, None, "x"]}),), binary=binary).fetchone()[0], {"a": [1, None, "x"]})
            for name in sorted({name for name, _ in VALUES}):
                self.assertIsNone(connection.execute(f"SELECT %s::{name}", (None,), binary=binary).fetchone()[0])
            self.assertEqual(connection.execute("SELECT ROW(1, 'x'::text, NULL)", binary=binary).fetchone()[0], (1, "x", None) if binary else ("1", "x", None))
            self.assertTrue(connection.execute("SELECT 'NaN'::numeric", binary=binary).fetchone()[0].is_nan())

    def test_types_are_inferred(self):
        connection = self.connect(autocommit=True)
        connection.execute("DROP TABLE IF EXISTS t3")
        connection.execute("CREATE TABLE t3(a smallint, b int, c bigint, d real, e double precision, f numeric(10,2), g text, h varchar(5), i timestamptz, j date, k uuid, l bool, m int[])")
        row = (1, 2, 3, 4.5, 5.5, decimal.Decimal("6.25"), "seven", "h", dt.datetime(2024, 1, 1, tzinfo=UTC), dt.date(2024, 1, 2), uuid.UUID(int=1), True, [1, 2])
        connection.execute("INSERT INTO t3 VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", row)
        for binary in (False, True):
            self.assertEqual(connection.execute("SELECT * FROM t3 WHERE a = %s AND c > %s AND g = %s AND i <= %s AND m = %s::int[]", (1, 2, "seven", row[8], [1, 2]), binary=binary).fetchone(), row)
        self.assertEqual(connection.execute("UPDATE t3 SET b = b + %s WHERE a = ANY(%s) RETURNING b", (5, [1, 2])).fetchone()[0], 7)
        cursor = connection.execute("SELECT a, f, h, g AS name FROM t3")
        self.assertEqual([(c.name, c.type_code, c.precision, c.scale, c.display_size) for c in cursor.description],
                         [("a", 21, None, None, None), ("f", 1700, 10, 2, None), ("h", 1043, None, None, 5), ("name", 25, None, None, None)])
        self.assertEqual(connection.execute("SELECT %s + 1, %s || 'x'", (1, "a")).fetchone(), (2, "ax"))
        connection.execute("DROP TABLE t3")

    def test_prepared_statements_and_ddl(self):
        connection = self.connect(autocommit=True, prepare_threshold=2)
        for i in range(20):
            self.assertEqual(connection.execute("SELECT count(*) FROM m WHERE n < %s", (i,)).fetchone()[0], i)
        names = connection.execute("SELECT name FROM pg_prepared_statements", prepare=False).fetchall()
        self.assertTrue(any(name.startswith("_pg3_") for (name,) in names), names)
        connection.execute("CREATE TABLE p3(a int)")
        for _ in range(6):
            connection.execute("INSERT INTO p3 VALUES (%s)", (1,))
        connection.execute("DROP TABLE p3")
        with self.assertRaises(psycopg.errors.UndefinedTable):
            connection.execute("INSERT INTO p3 VALUES (%s)", (1,))
        connection.execute("DEALLOCATE ALL")

    def test_executemany_and_returning(self):
        connection = self.connect()
        connection.execute("CREATE TABLE many(a int, b text)")
        cursor = connection.cursor()
        cursor.executemany("INSERT INTO many VALUES (%s, %s)", [(i, f"t{i}") for i in range(500)])
        self.assertEqual(cursor.rowcount, 500)
        cursor.executemany("INSERT INTO many VALUES (%s, %s) RETURNING a", [(i, None) for i in range(3)], returning=True)
        got = [cursor.fetchone()[0]]
        while cursor.nextset():
            got.append(cursor.fetchone()[0])
        self.assertEqual(got, [0, 1, 2])
        connection.commit()
        self.assertEqual(connection.execute("SELECT count(*), count(b) FROM many").fetchone(), (503, 500))
        connection.execute("DROP TABLE many")
        connection.commit()

    def test_pipeline(self):
        connection = self.connect(autocommit=True)
        if not psycopg.Pipeline.is_supported():
            self.skipTest("this libpq has no pipeline mode")
        connection.execute("DROP TABLE IF EXISTS piped")
        connection.execute("CREATE TABLE piped(a int)")
        with connection.pipeline() as pipeline:
            cursors = [connection.execute("SELECT %s::int * 2", (i,)) for i in range(200)]
            connection.execute("INSERT INTO piped VALUES (1)")
            pipeline.sync()
            self.assertEqual([c.fetchone()[0] for c in cursors], [i * 2 for i in range(200)])
        # Statements between two syncs are one implicit transaction: a failure takes the earlier ones with it and skips the later ones.
        with self.assertRaises(psycopg.errors.DivisionByZero):
            with connection.pipeline() as pipeline:
                connection.execute("INSERT INTO piped VALUES (2)")
                connection.execute("SELECT 1 / %s::int", (0,))
                connection.execute("INSERT INTO piped VALUES (3)")
                pipeline.sync()
        self.assertEqual(connection.execute("SELECT array_agg(a) FROM piped").fetchone()[0], [1])
        with connection.pipeline(), connection.transaction():
            connection.execute("INSERT INTO piped VALUES (4)")
        self.assertEqual(connection.execute("SELECT count(*) FROM piped").fetchone()[0], 2)
        connection.execute("DROP TABLE piped")

    def test_transactions_and_savepoints(self):
        connection = self.connect()
        connection.execute("CREATE TABLE tx(a int)")
        connection.commit()
        with connection.transaction():
            connection.execute("INSERT INTO tx VALUES (1)")
            with self.assertRaises(psycopg.errors.DivisionByZero):
                with connection.transaction():
                    connection.execute("INSERT INTO tx VALUES (2)")
                    connection.execute("SELECT 1/0")
            with connection.transaction(force_rollback=True):
                connection.execute("INSERT INTO tx VALUES (3)")
        self.assertEqual(connection.execute("SELECT array_agg(a) FROM tx").fetchone()[0], [1])
        connection.rollback()
        with self.assertRaises(psycopg.errors.SyntaxError):
            connection.execute("SELEC 1")
        with self.assertRaises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.rollback()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with self.assertRaises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO tx VALUES (9)")
        connection.rollback()
        self.assertEqual(connection.execute("SHOW transaction_isolation").fetchone()[0], "repeatable read")
        connection.rollback()
        connection.read_only = False
        connection.execute("DROP TABLE tx")
        connection.commit()

    def test_copy(self):
        connection = self.connect(autocommit=True)
        connection.execute("DROP TABLE IF EXISTS c3")
        connection.execute("CREATE TABLE c3(time timestamptz NOT NULL, device text, v double precision, n numeric, tags int[])")
        connection.execute("SELECT create_distributed_hypertable('c3', 'time', 'device')")
        rows = [(dt.datetime(2024, 1, 1, tzinfo=UTC) + dt.timedelta(minutes=i), None if i % 7 == 0 else f"d\t{i % 5}\n", i / 3, decimal.Decimal(i) / 4, [i, None]) for i in range(3000)]
        cursor = connection.cursor()
        with cursor.copy("COPY c3 FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self.assertEqual(cursor.rowcount, 3000)
        with cursor.copy("COPY c3 FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["timestamptz", "text", "float8", "numeric", "int4[]"])
            for row in rows:
                copy.write_row(row)
        self.assertEqual(connection.execute("SELECT count(*), count(DISTINCT time), sum(n) FROM c3").fetchone(), (6000, 3000, sum(row[3] for row in rows) * 2))
        for form in ("TEXT", "BINARY"):
            with cursor.copy(f"COPY (SELECT DISTINCT time, device, v, n, tags FROM c3 ORDER BY time) TO STDOUT (FORMAT {form})") as copy:
                copy.set_types(["timestamptz", "text", "float8", "numeric", "int4[]"])
                self.assertEqual(list(copy.rows()), rows)
        with self.assertRaises(psycopg.errors.BadCopyFileFormat) as caught:
            with cursor.copy("COPY c3 FROM STDIN") as copy:
                copy.write("2024-01-01\tx\t1\t1\t{}\n2024-01-01\tx\n")
        self.assertEqual(caught.exception.diag.context, 'COPY c3, line 2: "2024-01-01\tx"')
        # A row that the write path refuses is named by its own line, not by the last of its batch.
        for where, line in (("", 3), (" WHERE v > 0", 3)):
            with self.assertRaises(psycopg.errors.NotNullViolation) as caught:
                with cursor.copy(f"COPY c3 FROM STDIN{where}") as copy:
                    copy.write("2024-01-01\tx\t-1\t1\t{}\n2024-01-01\ta\t1\t1\t{}\n\\N\tb\t1\t1\t{}\n2024-01-01\tx\t1\t1\t{}\n\\N\tc\t1\t1\t{}\n")
            self.assertEqual(caught.exception.diag.context.split(":")[0], f"COPY c3, line {line}")
            self.assertEqual(caught.exception.diag.message_detail, "Failing row contains (null, b, 1, 1, {}).")
        with self.assertRaises(psycopg.errors.QueryCanceled):
            with cursor.copy("COPY c3 FROM STDIN") as copy:
                copy.write("2024-01-01\tx\t1\t1\t{}\n")
                raise psycopg.errors.QueryCanceled("enough")
        self.assertEqual(connection.execute("SELECT count(*) FROM c3").fetchone()[0], 6000)
        connection.execute("DROP TABLE c3")

    def test_cursors_and_streams(self):
        connection = self.connect()
        for binary in (False, True):
            with connection.cursor("big", binary=binary) as cursor:
                cursor.itersize = 700
                self.assertEqual(sum(row[0] for row in cursor.execute("SELECT n FROM m WHERE n >= %s", (0,))), 49995000)
        with connection.cursor("scrolling", scrollable=True) as cursor:
            cursor.execute("SELECT n FROM m ORDER BY n")
            cursor.scroll(100)
            self.assertEqual(cursor.fetchone()[0], 100)
            cursor.scroll(0, mode="absolute")
            self.assertEqual(cursor.fetchmany(2), [(0,), (1,)])
        with connection.cursor("held", withhold=True) as cursor:
            cursor.execute("SELECT n FROM m ORDER BY n")
            connection.commit()
            self.assertEqual(len(cursor.fetchall()), 10000)
        self.assertEqual(sum(1 for _ in connection.cursor().stream("SELECT g, repeat('x', 500) FROM generate_series(1, 20000) g")), 20000)
        connection.rollback()
        self.assertEqual(len(connection.execute("SELECT * FROM m").fetchall()), 10000)

    def test_errors(self):
        connection = self.connect(autocommit=True)
        notices = []
        connection.add_notice_handler(lambda diag: notices.append((diag.severity_nonlocalized, diag.sqlstate, diag.message_primary)))
        connection.execute("DROP TABLE IF EXISTS not_there")
        self.assertEqual(notices, [("NOTICE", "00000", 'table "not_there" does not exist, skipping')])
        with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
            connection.execute("SELECT n, nope FROM m")
        diag = caught.exception.diag
        self.assertEqual((diag.severity, diag.severity_nonlocalized, diag.sqlstate, diag.message_primary, diag.statement_position),
                         ("ERROR", "ERROR", "42703", 'column "nope" does not exist', "11"))
        with self.assertRaises(psycopg.errors.NotNullViolation) as caught:
            connection.execute("INSERT INTO m(time, device) VALUES (%s, 'x')", (None,))
        diag = caught.exception.diag
        self.assertEqual((diag.schema_name, diag.table_name, diag.column_name), ("public", "m", "time"))
        self.assertTrue(diag.message_detail.startswith("Failing row contains (null, x, null, null)"), diag.message_detail)
        for text, error in (("SELECT 1/0", psycopg.errors.DivisionByZero), ("SELECT 'x'::int", psycopg.errors.InvalidTextRepresentation),
                            ("SELECT 2147483647 + 1", psycopg.errors.NumericValueOutOfRange), ("SELECT nof()", psycopg.errors.UndefinedFunction),
                            ("CREATE TABLE m(a int)", psycopg.errors.DuplicateTable), ("SELECT * FROM nowhere", psycopg.errors.UndefinedTable),
                            ("SELECT '2024-02-30'::date", psycopg.errors.DatetimeFieldOverflow)):
            with self.assertRaises(error):
                connection.execute(text)
        with self.assertRaises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT %s::int", ("x",))
        with self.assertRaises(psycopg.OperationalError) as refused:
            psycopg.connect(host="127.0.0.1", port=self.cluster.port, user="nobody_known", dbname="tsdb")
        self.assertIn('role "nobody_known" does not exist', str(refused.exception))

    def test_cancel(self):
        connection = self.connect(autocommit=True)
        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        begin = time.monotonic()
        with self.assertRaises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT count(*) FROM generate_series(1, 100000000000) g")
        timer.join()
        self.assertLess(time.monotonic() - begin, 5)
        connection.execute("SET statement_timeout = 200")
        with self.assertRaises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(10)")
        connection.execute("RESET statement_timeout")
        self.assertEqual(connection.execute("SELECT 1").fetchone()[0], 1)

    def test_introspection(self):
        connection = self.connect(autocommit=True)
        info = psycopg.types.TypeInfo.fetch(connection, "numeric")
        self.assertEqual((info.oid, info.array_oid), (1700, 1231))
        self.assertIsNone(psycopg.types.TypeInfo.fetch(connection, "hstore"))
        self.assertEqual(psycopg.types.range.RangeInfo.fetch(connection, "no_such_range"), None)
        self.assertIsNone(psycopg.types.enum.EnumInfo.fetch(connection, "no_such_enum"))
        self.assertIsNone(psycopg.types.composite.CompositeInfo.fetch(connection, "no_such_type"))
        self.assertEqual(connection.info.server_version // 10000, 15)
        self.assertEqual((connection.info.encoding, connection.info.parameter_status("TimeZone")), ("utf-8", "UTC"))
        connection.execute("SET TIME ZONE 'Europe/Berlin'")
        self.assertEqual(connection.info.parameter_status("TimeZone"), "Europe/Berlin")
        self.assertEqual(connection.execute("SELECT '2024-07-01 12:00+02'::timestamptz").fetchone()[0].utcoffset(), dt.timedelta(hours=2))
        query = sql.SQL("SELECT {} FROM {} WHERE {} = {}").format(sql.Identifier("v"), sql.Identifier("public", "m"), sql.Identifier("n"), sql.Literal(4))
        self.assertEqual(connection.execute(query).fetchone()[0], 2.0)
        self.assertEqual(psycopg.ClientCursor(connection).execute("SELECT %s, %s, %s", (1, "a'b", dt.date(2024, 1, 1))).fetchone(), (1, "a'b", dt.date(2024, 1, 1)))


if __name__ == "__main__":
    unittest.main(verbosity=1)
