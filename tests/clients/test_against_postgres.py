"""The same statements on a PostgreSQL 15 and on tsd (distributed over three data nodes): equal answers, doubles to 1e-9. PostgreSQL runs
as a scratch instance of its own."""
import csv
import io
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cluster import Cluster  # noqa: E402
from oracle import Postgres, first_difference, rows_of  # noqa: E402


def readings(count):
    """A data set of our own: several series, gaps, ties, NULLs, special values."""
    chooser = random.Random(5)
    out = io.StringIO()
    writer = csv.writer(out)
    for i in range(count):
        time = f"2024-{1 + i % 3:02d}-{1 + i // 40 % 28:02d} {i % 24:02d}:{i * 7 % 60:02d}:00+00"
        value = chooser.choice(["", f"{chooser.gauss(0, 100):.6f}", str(chooser.randint(-5, 5)), "1e-7"])
        writer.writerow([time, f"s{chooser.randint(0, 12)}", value, chooser.randint(-1000, 1000), chooser.choice(["", "a", "B", "ü", "a b"]),
                         f"{chooser.randint(-99999, 99999) / 100:.2f}"])
    return out.getvalue()


QUERIES = [
    "SELECT count(*), count(v), count(DISTINCT series), sum(n), min(n), max(n) FROM r",
    "SELECT sum(v), avg(v), min(v), max(v), stddev(v), variance(v), stddev_pop(v), var_pop(v) FROM r",
    "SELECT avg(n), stddev(n), sum(n::bigint), sum(d), avg(d), min(d), max(d) FROM r",
    "SELECT series, count(*), sum(v), avg(n) FROM r GROUP BY series ORDER BY series",
    "SELECT label, count(*) FROM r GROUP BY label ORDER BY label NULLS FIRST",
    "SELECT date_trunc('day', time) AS day, count(*), avg(v) FROM r GROUP BY day ORDER BY day",
    "SELECT series, date_trunc('month', time), sum(n) FROM r GROUP BY 1, 2 HAVING sum(n) > 0 ORDER BY 1, 2",
    "SELECT extract(dow FROM time) AS d, count(*) FROM r GROUP BY 1 ORDER BY 1",
    "SELECT extract(hour FROM time) AS h, extract(isodow FROM time), count(*), sum(n) FROM r WHERE extract(minute FROM time) BETWEEN 7 AND 40 GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT extract(month FROM time AT TIME ZONE 'America/St_Johns'), extract(hour FROM time AT TIME ZONE 'Asia/Kathmandu') h, count(*) FROM r GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT series, label, count(*), avg(n) FROM r GROUP BY series, label ORDER BY 1, 2 NULLS FIRST",
    "SELECT n % 10, label, count(*) FROM r GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST",
    "SELECT date_trunc('hour', time), series, sum(n) FROM r GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 200",
    "SELECT upper(series) || '!' AS u, count(*), count(DISTINCT label) FROM r WHERE series <> 's3' AND series NOT LIKE '%1' GROUP BY 1 ORDER BY 1",
    "SELECT count(*), count(DISTINCT series), count(DISTINCT length(series)) FROM r WHERE series ~ '[24]$' OR upper(label) = 'A'",
    "SELECT s.part, count(*), sum(r.n) FROM r JOIN (SELECT 's' || g AS name, 'part ' || g % 3 AS part FROM generate_series(0, 11) g) s ON s.name = r.series GROUP BY 1 ORDER BY 1",
    "SELECT series, percentile_cont(0.9) WITHIN GROUP (ORDER BY v DESC), percentile_disc(0.2) WITHIN GROUP (ORDER BY n), percentile_disc(0.7) WITHIN GROUP (ORDER BY d DESC), mode() WITHIN GROUP (ORDER BY n DESC) FROM r GROUP BY series ORDER BY series",
    "SELECT DISTINCT series FROM r ORDER BY 1 DESC",
    "SELECT DISTINCT ON (series) series, time, n FROM r ORDER BY series, time DESC, n",
    "SELECT time, series, n FROM r WHERE v > 100 AND time >= '2024-02-01' ORDER BY time, series, n LIMIT 20 OFFSET 5",
    "SELECT time, series, n FROM r ORDER BY n DESC, time, series LIMIT 10",
    "SELECT count(*) FROM r WHERE series IN ('s1', 's2', 's3') AND n BETWEEN -100 AND 100",
    "SELECT count(*) FROM r WHERE label LIKE 'a%' OR label IS NULL",
    "SELECT count(*) FROM r WHERE label IS DISTINCT FROM 'a'",
    "SELECT count(*) FILTER (WHERE n > 0), sum(n) FILTER (WHERE label = 'B') FROM r",
    "SELECT series, max(n) - min(n) AS span FROM r GROUP BY series ORDER BY span DESC, series LIMIT 5",
    "SELECT CASE WHEN n < 0 THEN 'neg' WHEN n = 0 THEN 'zero' ELSE 'pos' END AS sign, count(*) FROM r GROUP BY 1 ORDER BY 1",
    "SELECT bool_and(n > -2000), bool_or(n > 999) FROM r",
    "SELECT a.series, a.c, b.m FROM (SELECT series, count(*) c FROM r GROUP BY 1) a JOIN (SELECT series, max(n) m FROM r GROUP BY 1) b USING (series) ORDER BY 1",
    "SELECT a.series, b.x FROM (SELECT DISTINCT series FROM r) a LEFT JOIN (VALUES ('s1', 1), ('s99', 2)) b(series, x) ON a.series = b.series ORDER BY 1",
    "SELECT count(x.*), count(y.*), count(*), count(y) FILTER (WHERE y.* IS NULL) FROM (VALUES (1), (2), (NULL)) x(a) LEFT JOIN (VALUES (1, 10), (3, 30)) y(a, c) USING (a)",
    "SELECT x.a, y, coalesce(y::text, 'none'), row_to_json(y), to_jsonb(y.*), y.* IS NULL, y IS NOT NULL FROM (VALUES (1), (2)) x(a) LEFT JOIN (VALUES (1, 10), (3, 30)) y(a, c) USING (a) ORDER BY 1",
    "SELECT x, y, x.* IS NULL FROM (VALUES (1), (2)) x(a) FULL JOIN (VALUES (1, 10), (3, 30)) y(a, c) USING (a) ORDER BY a",
    "SELECT json_agg(y ORDER BY x.a), count(DISTINCT y) FROM (VALUES (1), (2)) x(a) LEFT JOIN (VALUES (1, 10), (3, 30)) y(a, c) USING (a)",
    "SELECT x.a, (SELECT count(*) FROM (SELECT y.*) q), z.* FROM (VALUES (1), (2)) x(a) LEFT JOIN (VALUES (1, 10)) y(a, c) ON y.a = x.a, LATERAL (SELECT x.*, y.*) z ORDER BY 1",
    "SELECT series, n, rank() OVER (PARTITION BY series ORDER BY n DESC, time) FROM r WHERE n > 950 ORDER BY 1, 3, 2",
    "WITH t AS (SELECT series, sum(n) s FROM r GROUP BY 1) SELECT count(*), sum(s) FROM t WHERE s > (SELECT avg(s) FROM t)",
    "SELECT count(*) FROM r WHERE series IN (SELECT series FROM r GROUP BY series HAVING count(*) > 300)",
    "SELECT n, -n, n * 2, n / 7, n % 7, n::numeric / 7, abs(n), n + 0.5, n::text || 'x' FROM r ORDER BY n, time, series LIMIT 10",
    "SELECT round(v::numeric, 2), floor(v), ceil(v), sign(v), power(v, 2), sqrt(abs(v)) FROM r WHERE v IS NOT NULL ORDER BY v, time, series LIMIT 20",
    "SELECT upper(label), length(label), substr(label, 1, 1), coalesce(label, '-'), replace(label, 'a', 'z') FROM r ORDER BY time, series, n LIMIT 20",
    "SELECT time + interval '1 month', time - interval '90 minutes', time::date, (time::date - date '2024-01-01'), age(time, '2023-12-31') FROM r ORDER BY time, series, n LIMIT 10",
    "SELECT to_char(time, 'YYYY-MM-DD HH24:MI'), extract(epoch FROM time), date_part('hour', time) FROM r ORDER BY time, series, n LIMIT 10",
    "SELECT 1e15::float8, 1e14::float8, 0.1::float8 + 0.2, 1.0/3, 2::float4/3, 'NaN'::float8, '-Infinity'::float8, 1e-5::float8",
    "SELECT NULL AND false, NULL OR true, NOT NULL::bool, NULL = NULL, 1 IN (2, NULL), 1 NOT IN (2, NULL)",
    "SELECT '2024-02-30'::date", "SELECT 2147483647 + 1", "SELECT 1 / 0", "SELECT 'x'::int", "SELECT nope FROM r", "SELECT series, n FROM r GROUP BY series",
    "SELECT * FROM nowhere", "SELECT count(*) FROM r WHERE sum(n) > 1", "SELECT 'abc'::varchar(2), 'abc'::char(5) || '|'", "SELECT 1 +", "SELECT foo(1)",
    "SELECT string_agg(series, ',' ORDER BY series) FROM (SELECT DISTINCT series FROM r) s",
    "SELECT array_agg(n ORDER BY n) FROM r WHERE n > 990",
    "SELECT generate_series(1, generate_series(1, 3))", "SELECT generate_series(1, 2), generate_series(5, generate_series(5, 7))",
    "SELECT unnest(ARRAY[generate_series(1, 2), 9]), generate_series(1, 3)", "SELECT * FROM generate_series(1, generate_series(1, 2))",
    "SELECT generate_series(1, 3), 'x' UNION ALL SELECT 9, 'y' ORDER BY 1",
    "SET datestyle = 'Postgres, DMY'; SET timezone = 'America/New_York'; SELECT series, min(time)::text, min(time), max(time::date)::text, min(time - timestamptz '2024-01-01 00:00+00') FROM r GROUP BY 1 ORDER BY 1",
    "SET datestyle = 'SQL'; SET intervalstyle = 'postgres_verbose'; SELECT time, time::date, (time - timestamptz '2024-01-01')::text FROM r WHERE time::text LIKE '01/0%' ORDER BY time, series, n LIMIT 5",
    "SET datestyle = 'German'; SHOW datestyle; SELECT count(*) FROM r WHERE time::date < '03.02.2024'",
    "SET intervalstyle = 'iso_8601'; SELECT max(time) - min(time) FROM r",
    "SET extra_float_digits = -3; SELECT v::text, v FROM r WHERE v IS NOT NULL ORDER BY time, series, n LIMIT 5",
    "SELECT json_agg(x ORDER BY x.series) FROM (SELECT series, count(*) AS c FROM r GROUP BY 1) x",
    "SELECT percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY n) FROM r",
    "SELECT series, n FROM r ORDER BY n, time, series LIMIT (SELECT count(DISTINCT series) FROM r)",
    "SELECT series FROM r EXCEPT SELECT 's1' ORDER BY 1", "SELECT 's1' INTERSECT SELECT series FROM r",
    "SELECT series, sum(n), count(*) FROM r GROUP BY GROUPING SETS ((), series, (), ROLLUP(series)) ORDER BY 1 NULLS FIRST, 2",
    "SELECT sum(v), count(*) FROM r WHERE false GROUP BY GROUPING SETS ((), ())",
    "SELECT series, label, grouping(series, label) AS g, count(*) FROM r GROUP BY CUBE (series, label), ROLLUP (label) ORDER BY 3, 1, 2, 4",
    # VARIADIC arrays of functions that take anything.
    "SELECT concat(VARIADIC ARRAY[1, 2, NULL, 3]), concat_ws('-', 'a', VARIADIC ARRAY['b', NULL, 'c']), format('%2$s %1$s|%s', VARIADIC ARRAY['x', 'y'])",
    "SELECT concat(VARIADIC NULL::int[]) IS NULL, format('plain', VARIADIC NULL::text[]), num_nulls(VARIADIC ARRAY[1, NULL]), concat('a', VARIADIC ARRAY[]::int[])",
    "SELECT json_build_array(VARIADIC ARRAY[1, 2]), jsonb_build_object(VARIADIC ARRAY['a', 'b']), jsonb_extract_path_text('{\"a\": [1, {\"b\": 2}]}', 'a', '1', 'b')",
    "SELECT concat_ws(',', VARIADIC 10)", "SELECT format('%s %s', VARIADIC ARRAY['x'])",
    # Date templates.
    "SELECT to_timestamp('1,582nd VIII 21', 'Y,YYYth FMRM DD'), to_timestamp('2005426', 'YYYYWWD'), to_timestamp('005527', 'IYYIWID'), to_timestamp('2005364', 'IYYYIDDD')",
    "SELECT to_timestamp('2011-12-18 11:38 -05:20', 'YYYY-MM-DD HH12:MI TZH:TZM'), to_timestamp('2011-12-18 11:38-05', 'YYYY-MM-DD HH12:MITZH'), to_date('20 1997', 'CC YYYY')",
    "SELECT i, to_timestamp('2018-11-02 12:34:56.123456', 'YYYY-MM-DD HH24:MI:SS.FF' || i) FROM generate_series(1, 6) i",
    "SELECT to_timestamp('2018-11-02 12:34:56.123456789', 'YYYY-MM-DD HH24:MI:SS.US')", "SELECT to_timestamp('2011-12-18 PST', 'YYYY-MM-DD TZ')",
    "SELECT to_timestamp('97/Feb/16', 'YY/MonDD')", "SELECT to_date('2011 x1 x18', 'YYYY xMM xDD'), to_date('21 01', 'CC YY'), to_date('19', 'CC'), to_date('2024 5', 'YYYY W')",
    "SELECT i, to_char(make_interval(months => i), 'RM'), to_char(make_interval(years => i / 5, months => i), 'rm|FMRM') FROM generate_series(-13, 13) i",
    "SELECT to_char(12345, E'99999 \"a \\\\\"b\" 9'), to_char(0.00996::numeric, '9.9EEEE'), to_char(-99996::numeric, '9.999EEEE'), to_char('1.2345e131071'::numeric, '9.999EEEE'), to_char(0::numeric, '9.99EEEE')",
    # Zones and dates in their many spellings.
    "SELECT '20011227T040506-08'::timestamptz, '20011227 040506.5+0530'::timestamptz, '2001-12-27 040506-08:30'::timestamptz",
    "SET datestyle = 'ISO, YMD'; SELECT date 'January 8, 1999', date '08-Jan-1999', date 'Jan 08 1999', date '99 Jan 08'", "SET datestyle = 'ISO, YMD'; SELECT date '99-08-Jan'",
    "SET timezone = '04:30'; SELECT to_char(timestamptz '2024-01-01 00:00+00', 'HH24:MI OF TZH:TZM')",
    "SELECT make_timestamptz(1973, 7, 15, 8, 15, 55.33, '+2'), make_timestamptz(1973, 7, 15, 8, 15, 55.33, '-2:30'), make_timestamptz(2010, 2, 27, 3, 45, 0, '+1030'), make_timestamptz(2010, 2, 27, 3, 45, 0, 'Europe/Berlin')",
    "SELECT make_timestamptz(1973, 7, 15, 8, 15, 55.33, '2')", "SELECT make_timestamptz(1973, 7, 15, 8, 15, 55.33, '+16')",
    "SELECT date_bin('15 minutes', timestamp '294276-12-30', timestamp '4000-12-20 BC')", "SELECT date_bin('200000000 days', timestamp '2024-02-01', timestamp '2024-01-01')",
    "SELECT '2001-02-03T04:05:06'::time", "SELECT '2001-02-03 04:05:06'::time, 'T040506'::time, 'T04:05:06.5'::time", "SELECT '2001-02-03T04:05:06'::timestamp::time",
    # Digests, bytes, numbers at their limits.
    "SELECT sha224('abc'), sha256(''), sha384('abc'), sha512(''), md5('abc'), md5('abc'::bytea)",
    "SELECT overlay('\\x0102030405'::bytea PLACING '\\xffff' FROM 2), overlay('\\x0102030405'::bytea PLACING '\\xffff' FROM 2 FOR 3), overlay('\\x01'::bytea PLACING '\\xff' FROM 9)",
    "SELECT overlay('\\x01'::bytea PLACING '\\xff' FROM 0)", "SELECT unistr('x\\+2FFFFF')",
    "SELECT round(4.4e131071, -131071) = 4e131071, round(4.5e131071, -131072), trunc(9.9e131071, -131073), round(5e-16383, 16383) = 5e-16383, round(1250, -2), round(-1250.5, -1)",
    "SELECT round(5.5e131071, -131072)", "SELECT to_char(1, 'FM9.9EEEE')",
]

# Whole sessions, errors and warnings included: (statements).
SCRIPTS = {
    "savepoints and settings": """
        BEGIN; SAVEPOINT a; SET extra_float_digits = 0; SET LOCAL datestyle = 'German'; SHOW extra_float_digits; ROLLBACK TO a; SHOW extra_float_digits; SHOW datestyle;
        SET TRANSACTION READ ONLY; SHOW transaction_read_only; ROLLBACK TO a; SHOW transaction_read_only; COMMIT;
        BEGIN READ ONLY; SAVEPOINT a; SET TRANSACTION READ WRITE; ROLLBACK;
        BEGIN READ ONLY; SELECT 1; SET TRANSACTION READ WRITE; ROLLBACK;
        BEGIN; SET TRANSACTION READ ONLY; SET TRANSACTION READ WRITE; SHOW transaction_read_only; COMMIT;""",
    "chains": """
        COMMIT AND CHAIN; ROLLBACK AND CHAIN; SELECT 1\\; COMMIT AND CHAIN; SET TRANSACTION READ ONLY\\; COMMIT AND CHAIN; SHOW transaction_read_only;
        START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY, DEFERRABLE; COMMIT AND CHAIN;
        SHOW transaction_isolation; SHOW transaction_read_only; SHOW transaction_deferrable; ROLLBACK AND CHAIN; SHOW transaction_deferrable; SELECT 1/0; ROLLBACK AND CHAIN;
        SHOW transaction_isolation; COMMIT; SHOW transaction_deferrable; ROLLBACK;""",
    "cursors under savepoints": """
        BEGIN; DECLARE outside CURSOR FOR SELECT generate_series(1, 9); SAVEPOINT a; DECLARE inside CURSOR FOR SELECT 1; FETCH inside; FETCH outside; ROLLBACK TO a;
        FETCH 2 FROM outside; FETCH inside; ROLLBACK TO a; DECLARE kept CURSOR FOR SELECT generate_series(1, 3); RELEASE a; FETCH kept; SAVEPOINT b;
        DECLARE bad CURSOR FOR SELECT 1 / (2 - x) FROM generate_series(1, 5) x; FETCH ALL FROM bad; ROLLBACK TO b; FETCH bad; ROLLBACK TO b; FETCH ALL FROM kept; COMMIT;""",
    "cursor directions": """
        BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT generate_series(1, 20); FETCH ABSOLUTE 3 FROM c; FETCH RELATIVE 2 FROM c; FETCH FORWARD 2 FROM c; MOVE 3 FROM c; FETCH NEXT FROM c;
        FETCH ABSOLUTE 19 FROM c; FETCH ALL FROM c; FETCH c; SAVEPOINT s; FETCH PRIOR FROM c; ROLLBACK TO s; FETCH ABSOLUTE 2 FROM c; ROLLBACK;
        BEGIN; DECLARE c SCROLL CURSOR FOR SELECT generate_series(1, 5); FETCH LAST FROM c; FETCH PRIOR FROM c; FETCH ABSOLUTE -2 FROM c; FETCH BACKWARD ALL FROM c; FETCH 2 FROM c; MOVE ALL FROM c; FETCH PRIOR FROM c; COMMIT;""",
    "prepared statements see changes": """
        CREATE TABLE pt(a int, b timestamptz); PREPARE i AS INSERT INTO pt VALUES ($1, $2) RETURNING *; PREPARE s AS SELECT * FROM pt; PREPARE n(int) AS SELECT count(*), sum(a) FROM pt WHERE a > $1;
        SET timezone = 'UTC'; EXECUTE i(1, '2024-01-02 03:04'); EXECUTE s; SET timezone = 'Asia/Tokyo'; EXECUTE i(2, '2024-01-02 03:04'); EXECUTE s; SET datestyle = 'SQL, DMY'; EXECUTE i(3, '02/01/2024'); EXECUTE n(1);
        SET datestyle = 'ISO, MDY'; SET timezone = 'UTC'; ALTER TABLE pt ALTER a SET DEFAULT 9; EXECUTE n(0); EXECUTE n(NULL); EXECUTE n('2'); EXECUTE n(1.6);
        BEGIN; DROP TABLE pt; EXECUTE n(0); ROLLBACK; EXECUTE n(0); BEGIN; CREATE TEMP TABLE pt(a int, b timestamptz); EXECUTE n(0); EXECUTE i(7, 'epoch'); SELECT * FROM public.pt ORDER BY a; ROLLBACK; EXECUTE n(0);
        DROP TABLE pt; EXECUTE n(0); EXECUTE i(1, NULL); CREATE TABLE pt(a int, b timestamptz); EXECUTE n(0); EXECUTE i(1, NULL); EXECUTE n(0); EXECUTE s;
        CREATE SCHEMA other; CREATE TABLE other.pt(a int, b timestamptz); SET search_path = other, public; EXECUTE i(50, NULL); EXECUTE n(0); SET search_path = public; EXECUTE n(0); DROP TABLE other.pt; DROP SCHEMA other; DROP TABLE pt; DEALLOCATE ALL;""",
    "numbers that a limit leaves out are not taken": """
        CREATE SEQUENCE sq; SELECT nextval('sq') FROM generate_series(1, 10) LIMIT 2; SELECT currval('sq'); SELECT x, nextval('sq') FROM generate_series(1, 9) x LIMIT 1; SELECT currval('sq');
        SELECT nextval('sq') FROM generate_series(1, 5) ORDER BY 1 LIMIT 2; SELECT currval('sq'); DROP SEQUENCE sq;""",
    "pg_cursors": """
        BEGIN; DECLARE one SCROLL CURSOR WITH HOLD FOR SELECT 1; DECLARE two NO SCROLL CURSOR FOR SELECT 2; DECLARE three BINARY NO SCROLL CURSOR FOR SELECT 3;
        SELECT name, is_holdable, is_binary, is_scrollable, creation_time = now() FROM pg_cursors ORDER BY 1; COMMIT; SELECT name FROM pg_cursors; CLOSE one; SELECT name FROM pg_cursors; CLOSE one;""",
}


class AgainstPostgresTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.cluster = Cluster(data_nodes=3)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.__enter__()
        cls.cluster.setup()
        table = "CREATE TABLE r(time timestamptz NOT NULL, series text, v double precision, n int, label text, d numeric(12,2))"
        cls.cluster.sql(table)
        cls.cluster.sql("SELECT create_distributed_hypertable('r', 'time', 'series')")
        data = readings(5000)
        copy = "COPY r FROM STDIN WITH (FORMAT csv)"
        loaded = cls.cluster.psql("-c", copy, stdin=data)
        assert loaded.returncode == 0, loaded.stderr
        for result in (cls.postgres.psql(table), cls.postgres.psql(copy, stdin=data)):
            assert result.returncode == 0, result.stderr

    def tsd(self, text):
        return self.cluster.psql("-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "--csv", "-t", "-c", text)

    def error_of(self, stderr):
        line = next((line for line in stderr.splitlines() if "ERROR:" in line), stderr)
        return line.split("ERROR:", 1)[-1].strip()

    def test_queries(self):
        self.compare_queries()

    def test_queries_from_files(self):
        self.assertEqual(self.tsd("SELECT count(*) > 0 FROM (SELECT compress_chunk(chunk, true) FROM show_chunks('r') chunk) c").returncode, 0)
        self.compare_queries()

    def compare_queries(self):
        for query in QUERIES:
            with self.subTest(query=query):
                expected, got = self.postgres.psql(query), self.tsd(query)
                if expected.returncode != 0:
                    self.assertNotEqual(got.returncode, 0, got.stdout)
                    self.assertEqual(self.error_of(got.stderr)[:5], self.error_of(expected.stderr)[:5])
                    continue
                self.assertEqual(got.returncode, 0, got.stderr)
                self.assertIsNone(first_difference(rows_of(got.stdout), rows_of(expected.stdout)))

    def test_scripts(self):
        for name, script in SCRIPTS.items():
            with self.subTest(script=name):
                answers = []
                for result in (self.postgres.script(script), self.cluster.psql("-q", "-A", "-t", "-v", "VERBOSITY=verbose", stdin=script)):
                    said = [line.split(":", 1)[1].strip() if line.startswith("psql:") else line for line in result.stderr.splitlines()]
                    answers.append((result.stdout.splitlines(), [line for line in said if "ERROR:" in line or "WARNING:" in line]))
                self.assertEqual(answers[1], answers[0])

    def test_copy_out_is_the_same(self):
        for options in ("", "WITH (FORMAT csv, HEADER)", "WITH (FORMAT csv, FORCE_QUOTE *, NULL 'nil', DELIMITER ';')"):
            text = f"COPY (SELECT * FROM r ORDER BY time, series, n, v, label LIMIT 500) TO STDOUT {options}"
            self.assertEqual(self.cluster.psql("-q", "-c", text).stdout, self.postgres.psql(text).stdout)

    def test_copy_in_is_the_same(self):
        """Inputs of several pieces (net/pg/copy_splitter.h), which are read side by side: rows, errors and their lines."""
        table = "CREATE TABLE c(id int NOT NULL, v text, x double precision, CHECK (id < 90000))"
        checks = "SELECT count(*), sum(id), min(v), max(v), count(v), sum(length(v)), round(sum(x)::numeric, 3) FROM c"
        for server in (self.postgres.psql, self.tsd):
            self.assertEqual(server(table).returncode, 0)
        for name, (options, lines) in copy_inputs().items():
            with self.subTest(input=name):
                told = []
                for server in (self.postgres.psql, self.cluster.psql):
                    arguments = ("-q", "-v", "VERBOSITY=verbose", "--csv", "-t", "-c") if server == self.cluster.psql else ()
                    self.assertEqual(server(*arguments, "TRUNCATE c").returncode, 0)
                    copied = server(*arguments, f"COPY c FROM STDIN WITH ({options})", stdin="".join(lines))
                    told.append(([line.split(":", 1)[1].strip() for line in copied.stderr.splitlines() if "ERROR:" in line or "CONTEXT:" in line],
                                 server(*arguments, checks).stdout))
                self.assertEqual(told[1], told[0])


def copy_inputs():
    """{name: (options, lines)}: good ones, and some whose first wrong row is not the one that is found first."""
    chooser = random.Random(11)
    count = 30_000
    plain = [f"{i},{chooser.choice(['a', 'bb', 'ü', ''])},{chooser.randint(0, 999) / 8}\n" for i in range(count)]
    endings = ["value", "two\nlines", "three\n\nlines"]
    quoted = [f'{i},"a ""quoted"", {chooser.choice(endings)}",{i % 7}\n' for i in range(count)]
    values = ["plain", "tab\\t", "line\\nend", "line\\\nend", "\\N"]
    text = [f"{i}\t{chooser.choice(values)}\t{i % 9}\n" for i in range(count)]

    def wrong(lines, **changes):
        return [changes.get(f"at{i}", line) for i, line in enumerate(lines)]

    return {
        "csv": ("FORMAT csv", plain),
        "csv with returns": ("FORMAT csv, HEADER", ["id,v,x\r\n"] + [line.replace("\n", "\r\n") for line in plain]),
        "csv with quotes": ("FORMAT csv", quoted),
        "text": ("FORMAT text", text),
        "a malformed number": ("FORMAT csv", wrong(plain, at20000="20000,a,x7\n")),
        "two malformed rows": ("FORMAT csv", wrong(quoted, at9000="9000,a\n", at20000="x,a,1\n")),
        "a violated check before a malformed row": ("FORMAT csv", wrong(plain, at12000="95000,a,1\n", at12001="x,a,1\n")),
        "a violated check pieces before a malformed row": ("FORMAT csv", wrong(plain, at2000="95000,a,1\n", at25000="x,a,1\n")),
        "a malformed row before a NULL": ("FORMAT text", wrong(text, at15000="15000\ta\n", at15100="\\N\ta\t1\n")),
        "a NULL before a malformed row": ("FORMAT text", wrong(text, at15000="\\N\ta\t1\n", at15001="15000\ta\n")),
        "another line end": ("FORMAT csv", wrong(plain, at22222="22222,a,1\r\n")),
        "an open quote": ("FORMAT csv", wrong(quoted, at17000='17000,"open,1\n')),
        "bytes after the last line end": ("FORMAT csv", plain + ["30000,a"]),
    }


if __name__ == "__main__":
    unittest.main(verbosity=1)
