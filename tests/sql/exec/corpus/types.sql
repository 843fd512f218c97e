CREATE TABLE cpu (time timestamptz NOT NULL, host text, usage double precision, load int, tag varchar(10));
----
----end

-- hypertable cpu time 86400000000 host 3
INSERT INTO cpu VALUES
 ('2024-01-01 00:00:00+00', 'a', 10.5, 1, 'x'), ('2024-01-01 06:00:00+00', 'b', 20, 2, 'y'),
 ('2024-01-01 12:00:00+00', 'a', 30.25, 3, NULL), ('2024-01-02 00:00:00+00', 'c', 40, NULL, 'x'),
 ('2024-01-02 06:00:00+00', 'b', NULL, 5, 'z'), ('2024-01-02 18:00:00+00', 'a', 60, 6, 'x'),
 ('2024-01-03 03:00:00+00', 'd', 70, 7, 'y'), ('2024-01-03 09:00:00+00', 'c', 80.125, 8, NULL),
 ('2024-01-04 00:00:00+00', NULL, 90, 9, 'w'), ('2024-01-05 23:59:59+00', 'b', 100, 10, 'x');
----
----end

CREATE TABLE hosts (id int, name text, region text DEFAULT 'none', cores smallint);
----
----end

INSERT INTO hosts VALUES (1, 'a', 'eu', 4), (2, 'b', 'us', 8), (3, 'c', 'eu', NULL), (4, 'e', NULL, 16);
----
----end

CREATE TABLE n (i int, b bigint, s smallint, f real, d double precision, m numeric(10,2), t text, k boolean);
----
----end

INSERT INTO n VALUES (1, 10, 1, 1.5, 2.5, 10.25, 'one', true), (2, 20, 2, 2.5, 3.5, 20.50, 'two', false),
 (3, NULL, 3, NULL, 4.5, NULL, 'three', NULL), (NULL, 40, NULL, 4.5, NULL, 40.00, NULL, true), (2, 20, 2, 2.5, 3.5, 20.50, 'two', false);
----
----end

SELECT 1::smallint + 1::smallint, 1::bigint + 1, 1.0 + 1, 1.5::real + 1, 1::numeric + 1.5::float8;
----
2|2|2.0|2.5|2.5
----end

SELECT pg_typeof(1 + 1::bigint), pg_typeof(1.5), pg_typeof(ARRAY[1]);
----
bigint|numeric|integer[]
----end

SELECT '1 day'::interval + '2 hours', interval '1 month' * 2, '2024-01-31'::date + interval '1 month';
----
1 day 02:00:00|2 mons|2024-02-29 00:00:00
----end

SELECT '2024-01-01'::date + 1, '2024-01-02'::date - '2024-01-01'::date, '2024-01-01 10:00'::timestamp - '2024-01-01'::timestamp;
----
2024-01-02|1|10:00:00
----end

SELECT true::int, 1::boolean, 't'::boolean, 'yes'::bool;
----
1|t|t|t
----end

SELECT 'abc' LIKE 'a%', 'abc' NOT LIKE 'b%', 'aBc' ILIKE 'abc', 'abc' ~ 'b', 'abc' !~ 'z', 'ABC' ~* 'abc', 'a_c' LIKE 'a\_c', 'a%c' LIKE 'a#%c' ESCAPE '#';
----
t|t|t|t|t|t|t|t
----end

SELECT length('héllo'), upper('abc'), substring('hello' from 2 for 3), position('l' in 'hello'), trim('  x '), left('abc', 2), repeat('ab', 2);
----
5|ABC|ell|3|x|ab|abab
----end

SELECT round(2.567, 2), round(2.5), ceil(1.2), floor(-1.2), abs(-5), mod(7, 3), power(2, 10), sqrt(16);
----
2.57|3|2|-2|5|1|1024|4
----end

SELECT 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7.0 / 2, 2 ^ 3;
----
3|-3|1|-1|3.5000000000000000|8
----end

SELECT extract(year FROM '2024-05-06'::date), extract(epoch FROM '1970-01-02 00:00:00+00'::timestamptz), date_part('hour', '2024-01-01 13:00'::timestamp);
----
2024|86400.000000|13
----end

SELECT '{1,2,3}'::int[], ARRAY['a', NULL]::text[], array_length(ARRAY[1, 2], 1), ARRAY[1, 2] || 3, ARRAY[[1, 2], [3, 4]];
----
{1,2,3}|{a,NULL}|2|{1,2,3}|{{1,2},{3,4}}
----end

SELECT '00000000-0000-0000-0000-000000000001'::uuid, '\x01ff'::bytea, '{"a": 1}'::json, '{"b":2,"a":1}'::jsonb;
----
00000000-0000-0000-0000-000000000001|\x01ff|{"a": 1}|{"a": 1, "b": 2}
----end

SELECT 'abc'::char(5) || 'x', 'abc'::varchar, 'abc'::name, 'a'::"char";
----
abcx|abc|abc|a
----end

SELECT 1::text || 2::text, 'n=' || 5, concat('a', 1, NULL, true), concat_ws('-', 'a', NULL, 'b');
----
12|n=5|a1t|a-b
----end

SELECT 12345678901234567890::numeric, 1e10, .5, 1e-5::float8, 'NaN'::float8, 'Infinity'::float8;
----
12345678901234567890|10000000000|0.5|1e-05|NaN|Infinity
----end

SELECT i::text, d::int, m::float8, k::text, f::numeric FROM n ORDER BY i, b;
----
1|2|10.25|true|1.5
2|4|20.5|false|2.5
2|4|20.5|false|2.5
3|4|NULL|NULL|NULL
NULL|NULL|40|true|4.5
----end

SELECT CAST('2024-01-01' AS timestamp), timestamp '2024-01-01 12:00', date '2024-02-03', interval '90 minutes', time '10:20:30';
----
2024-01-01 00:00:00|2024-01-01 12:00:00|2024-02-03|01:30:00|10:20:30
----end

SELECT to_char('2024-01-02 03:04:05'::timestamp, 'YYYY-MM-DD HH24:MI:SS'), to_char(1234.5, 'FM9999.00');
----
2024-01-02 03:04:05|1234.50
----end

SELECT '10:00'::time < '11:00'::time, '1 day'::interval = '24 hours'::interval, 'a' < 'b', 'a'::char(3) = 'a';
----
t|t|t|t
----end

SELECT (1, 'a', NULL), ROW(1, 2.5), ROW();
----
(1,a,)|(1,2.5)|()
----end

SELECT coalesce(NULL, NULL, 3), nullif('a', 'a'), greatest(1, NULL, 3), least('b', 'a');
----
3|NULL|3|a
----end

SELECT md5('x'), lower('ABC'), initcap('hello world'), reverse('abc'), split_part('a,b,c', ',', 2), lpad('5', 3, '0');
----
9dd4e461268c8034f5c8564e155c67a6|abc|Hello World|cba|b|005
----end

SELECT 5 BETWEEN 1 AND 10, 5 NOT BETWEEN 6 AND 10, 5 BETWEEN SYMMETRIC 10 AND 1;
----
t|t|t
----end

SELECT NULL = NULL, NULL IS NULL, NOT NULL, NULL AND false, NULL OR true;
----
NULL|t|NULL|f|t
----end

