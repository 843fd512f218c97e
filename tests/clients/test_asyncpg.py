"""asyncpg: everything in binary, prepared ahead with Flush; introspection of types, cursors over portals, COPY, pools, cancel."""
import asyncio
import datetime as dt
import decimal
import io
import os
import sys
import unittest
import uuid

import asyncpg

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402

UTC = dt.timezone.utc
VALUES = [
    ("bool", True), ("int2", -7), ("int4", 2147483647), ("int8", -9223372036854775808), ("float4", 1.5), ("float8", 1e300), ("float8", float("-inf")),
    ("numeric", decimal.Decimal("-12345678901234567890.000123")), ("numeric", decimal.Decimal("1E+10")), ("text", "ünï\n"), ("varchar(4)", "abcd"), ("char(3)", "a  "),
    ("bytea", b"\x00\xff"), ("timestamptz", dt.datetime(2024, 2, 29, 1, 2, 3, 4, UTC)), ("timestamp", dt.datetime(1999, 12, 31, 23, 59, 59, 999999)),
    ("timestamp", dt.datetime.max), ("date", dt.date(1, 1, 1)), ("time", dt.time(1, 2, 3, 4)), ("interval", dt.timedelta(days=400, seconds=5, microseconds=6)), ("uuid", uuid.UUID(int=7)),
    ("json", '{"a": 1}'), ("jsonb", '{"a": [1, 2]}'), ("int4[]", [1, None, 3]), ("text[]", ["a", None, ""]), ("int8[]", [[1, 2], [3, 4]]), ("timestamptz[]", [dt.datetime(2024, 1, 1, tzinfo=UTC)]),
    ("numeric[]", [decimal.Decimal("1.5")]), ("float8[]", []), ("name", "abc"), ("oid", 5),
]


class AsyncpgTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(data_nodes=2)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()
        cls.cluster.sql("CREATE TABLE m(time timestamptz NOT NULL, device text, v double precision, n bigint)")
        cls.cluster.sql("SELECT create_distributed_hypertable('m', 'time', 'device', chunk_time_interval => interval '1 day')")
        cls.cluster.sql("INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '1 minute', 'd' || g % 10, g * 0.5, g FROM generate_series(0, 9999) g")

    async def connect(self, **options):
        connection = await asyncpg.connect(host="127.0.0.1", port=self.cluster.port, user="tsdbadmin", database="tsdb", timeout=20, **options)
        self.addAsyncCleanup(connection.close)
        return connection

    async def test_values_come_back(self):
        connection = await self.connect()
        for name, value in VALUES:
            with self.subTest(type=name, value=value):
                self.assertEqual(await connection.fetchval(f"SELECT $1::{name}", value), value)
                self.assertIsNone(await connection.fetchval(f"SELECT $1::{name}", None))
        self.assertEqual(await connection.fetchval("SELECT '1 mon 2 days'::interval"), dt.timedelta(days=32))
        self.assertEqual(await connection.fetchval("SELECT 'infinity'::timestamptz"), dt.datetime.max)
        self.assertEqual(tuple(await connection.fetchval("SELECT ROW(1::int, 'x'::text, NULL::int, 2.5::float8)")), (1, "x", None, 2.5))

    async def test_introspection_of_types(self):
        connection = await self.connect()
        # A codec of one's own makes asyncpg look the type up in the catalogs, with its recursive query.
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=lambda text: ("decoded", text), format="text")
        self.assertEqual(await connection.fetchval("SELECT '[1]'::jsonb"), ("decoded", "[1]"))
        with self.assertRaises(ValueError):
            await connection.set_type_codec("hstore", encoder=str, decoder=str)
        statement = await connection.prepare("SELECT relname, oid, relkind, 'm'::regclass FROM pg_class WHERE relname = $1")
        self.assertEqual([(a.name, a.type.name) for a in statement.get_attributes()],
                         [("relname", "name"), ("oid", "oid"), ("relkind", "char"), ("regclass", "regclass")])
        self.assertEqual((await statement.fetchrow("m"))["relkind"], b"r")
        self.assertEqual(connection.get_server_version().major, 15)
        self.assertEqual(connection.get_settings().TimeZone, "UTC")

    async def test_parameters_are_inferred(self):
        connection = await self.connect()
        statement = await connection.prepare("INSERT INTO m(time, device, v, n) VALUES ($1, $2, $3, $4 + 1)")
        self.assertEqual([p.name for p in statement.get_parameters()], ["timestamptz", "text", "float8", "int4"])
        statement = await connection.prepare("SELECT count(*) FROM m WHERE time >= $1 AND device = ANY($2) AND v BETWEEN $3 AND $4 AND n IN ($5, $6) LIMIT $7")
        self.assertEqual([p.name for p in statement.get_parameters()], ["timestamptz", "text[]", "float8", "float8", "int8", "int8", "int8"])
        self.assertEqual(await statement.fetchval(dt.datetime(2024, 1, 1, tzinfo=UTC), ["d1", "d2"], 0.0, 10.0, 1, 3, 5), 1)
        statement = await connection.prepare("SELECT time_bucket($1, time) AS b, max(v) FROM m WHERE time < $2::timestamptz - $3::interval GROUP BY b ORDER BY b LIMIT 1")
        self.assertEqual([p.name for p in statement.get_parameters()], ["interval", "timestamptz", "interval"])
        self.assertEqual(await statement.fetchval(dt.timedelta(hours=1), dt.datetime(2024, 1, 2, tzinfo=UTC), dt.timedelta(hours=1), column=1), 29.5)
        with self.assertRaises(asyncpg.DataError):
            await connection.fetchval("SELECT $1::int", "x")

    async def test_statements_and_tags(self):
        connection = await self.connect()
        await connection.execute("DROP TABLE IF EXISTS tags_of_commands; CREATE TABLE tags_of_commands(a int, b text)")
        self.assertEqual(await connection.execute("INSERT INTO tags_of_commands VALUES ($1, $2), ($3, $4)", 1, "x", 2, None), "INSERT 0 2")
        self.assertEqual(await connection.execute("UPDATE tags_of_commands SET b = $1", "z"), "UPDATE 2")
        self.assertEqual(await connection.execute("SELECT * FROM tags_of_commands"), "SELECT 2")
        await connection.executemany("INSERT INTO tags_of_commands VALUES ($1, $2)", [(i, str(i)) for i in range(1000)])
        self.assertEqual(await connection.fetchrow("SELECT count(*), max(a) FROM tags_of_commands"), (1002, 999))
        with self.assertRaises(asyncpg.NotNullViolationError):
            await connection.executemany("INSERT INTO m(time, n) VALUES ($1, $2)", [(dt.datetime(2025, 1, 1, tzinfo=UTC), 1), (None, 2)])
        self.assertEqual(await connection.fetchval("SELECT count(*) FROM m WHERE time >= '2025-01-01'"), 0)
        rows = await connection.fetch("DELETE FROM tags_of_commands WHERE a < $1 RETURNING *", 3)
        self.assertEqual(sorted(row["a"] for row in rows), [0, 1, 1, 2, 2])
        await connection.execute("DROP TABLE tags_of_commands")

    async def test_cursors(self):
        connection = await self.connect()
        async with connection.transaction():
            seen = [row["n"] async for row in connection.cursor("SELECT n FROM m WHERE n < $1 ORDER BY n", 1234, prefetch=50)]
            self.assertEqual(seen, list(range(1234)))
            cursor = await connection.cursor("SELECT n FROM m ORDER BY n")
            self.assertEqual(await cursor.forward(10), 10)
            self.assertEqual([row["n"] for row in await cursor.fetch(3)], [10, 11, 12])
            self.assertEqual((await cursor.fetchrow())["n"], 13)
        self.assertEqual(len(await connection.fetch("SELECT * FROM m")), 10000)

    async def test_transactions(self):
        connection = await self.connect()
        await connection.execute("CREATE TABLE IF NOT EXISTS atx(a int)")
        with self.assertRaises(asyncpg.DivisionByZeroError):
            async with connection.transaction():
                await connection.execute("INSERT INTO atx VALUES (1)")
                await connection.fetchval("SELECT 1 / $1::int", 0)
        async with connection.transaction(isolation="repeatable_read"):
            await connection.execute("INSERT INTO atx VALUES (2)")
            with self.assertRaises(asyncpg.UndefinedTableError):
                async with connection.transaction():
                    await connection.execute("INSERT INTO atx VALUES (3)")
                    await connection.execute("INSERT INTO nowhere VALUES (3)")
            await connection.execute("INSERT INTO atx VALUES (4)")
        self.assertEqual(await connection.fetchval("SELECT array_agg(a ORDER BY a) FROM atx"), [2, 4])
        with self.assertRaises(asyncpg.ReadOnlySQLTransactionError):
            async with connection.transaction(readonly=True):
                await connection.execute("INSERT INTO atx VALUES (5)")
        await connection.execute("DROP TABLE atx")

    async def test_copy(self):
        connection = await self.connect()
        await connection.execute("DROP TABLE IF EXISTS ac")
        await connection.execute("CREATE TABLE ac(time timestamptz NOT NULL, device text, v double precision, n numeric, tags text[])")
        await connection.execute("SELECT create_distributed_hypertable('ac', 'time', 'device')")
        rows = [(dt.datetime(2024, 1, 1, tzinfo=UTC) + dt.timedelta(minutes=i), f"d{i % 5}", i / 7, decimal.Decimal(i), [str(i), None]) for i in range(5000)]
        self.assertEqual(await connection.copy_records_to_table("ac", records=rows), "COPY 5000")
        self.assertEqual([tuple(row) for row in await connection.fetch("SELECT * FROM ac ORDER BY time")], rows)
        out = io.BytesIO()
        self.assertEqual(await connection.copy_from_table("ac", output=out, format="csv", columns=["time", "v"]), "COPY 5000")
        self.assertEqual(out.getvalue().count(b"\n"), 5000)
        out = io.BytesIO()
        await connection.copy_from_query("SELECT n, tags FROM ac WHERE device = $1 ORDER BY n LIMIT 2", "d3", output=out, format="csv", header=True)
        self.assertEqual(out.getvalue(), b'n,tags\n3,"{3,NULL}"\n8,"{8,NULL}"\n')
        self.assertEqual(await connection.copy_to_table("ac", source=io.BytesIO(b"2025-01-01,x,1,2,{}\n"), format="csv"), "COPY 1")
        with self.assertRaises(asyncpg.NotNullViolationError):
            await connection.copy_records_to_table("ac", records=[rows[0], (None, *rows[0][1:])])
        self.assertEqual(await connection.fetchval("SELECT count(*) FROM ac"), 5001)
        await connection.execute("DROP TABLE ac")

    async def test_errors_and_notices(self):
        connection = await self.connect()
        notices = []
        connection.add_log_listener(lambda _, message: notices.append(message.message))
        await connection.execute("DROP TABLE IF EXISTS not_there")
        await asyncio.sleep(0)
        self.assertEqual(notices, ['table "not_there" does not exist, skipping'])
        with self.assertRaises(asyncpg.UndefinedColumnError) as caught:
            await connection.fetch("SELECT n, nope FROM m")
        self.assertEqual((caught.exception.sqlstate, caught.exception.position), ("42703", "11"))
        with self.assertRaises(asyncpg.PostgresSyntaxError):
            await connection.fetch("SELEC 1")
        with self.assertRaises(asyncpg.NumericValueOutOfRangeError):
            await connection.fetch("SELECT 2147483647 + 1")

    async def test_cancel_and_timeout(self):
        connection = await self.connect()
        with self.assertRaises(asyncio.TimeoutError):
            await connection.fetchval("SELECT count(*) FROM generate_series(1, 100000000000) g", timeout=0.3)
        self.assertEqual(await connection.fetchval("SELECT 1"), 1)
        task = asyncio.ensure_future(connection.fetchval("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.2)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(await connection.fetchval("SELECT 2"), 2)

    async def test_pool(self):
        async with asyncpg.create_pool(host="127.0.0.1", port=self.cluster.port, user="tsdbadmin", database="tsdb", min_size=2, max_size=5,
                                       server_settings={"application_name": "pool"}) as pool:
            async def one(i):
                async with pool.acquire() as connection:
                    await connection.execute("SET TIME ZONE 'Asia/Tokyo'")
                    return await connection.fetchval("SELECT $1::int + count(*) FROM m WHERE n < 10", i)
            self.assertEqual(await asyncio.gather(*(one(i) for i in range(40))), [i + 10 for i in range(40)])
            async with pool.acquire() as connection:
                self.assertEqual(await connection.fetchval("SHOW TimeZone"), "UTC")  # the pool's reset query undid it
                self.assertEqual(await connection.fetchval("SHOW application_name"), "pool")

    async def test_ddl_under_a_prepared_statement(self):
        connection = await self.connect()
        other = await self.connect()
        await connection.execute("CREATE TABLE changes(a int)")
        self.assertEqual(await connection.fetch("SELECT * FROM changes"), [])
        await other.execute("DROP TABLE changes; CREATE TABLE changes(a int, b text); INSERT INTO changes VALUES (1, 'x')")
        # asyncpg hears 0A000 "cached plan must not change result type", forgets the statement and tries again.
        self.assertEqual([tuple(row) for row in await connection.fetch("SELECT * FROM changes")], [(1, "x")])
        await connection.execute("DROP TABLE changes")


if __name__ == "__main__":
    unittest.main(verbosity=1)
