CREATE TABLE m (time timestamptz NOT NULL, host text, v int, w double precision);
----
----end

-- hypertable m time 86400000000 host 3
INSERT INTO m VALUES ('2024-01-01 00:00+00', 'a', 1, 1.5), ('2024-01-01 06:00+00', 'b', 2, 2.5), ('2024-01-02 00:00+00', 'a', 3, 3.5),
 ('2024-01-02 06:00+00', 'c', 2, NULL), ('2024-01-03 00:00+00', 'b', NULL, 5.5), ('2024-01-04 00:00+00', 'a', 7, 6.5);
----
----end

CREATE TABLE p (a int DEFAULT 10, b int, c text);
----
----end

SELECT v FROM m ORDER BY v LIMIT (SELECT count(*) / 2 FROM m);
----
1
2
2
----end

SELECT v FROM m ORDER BY v LIMIT (SELECT 2) OFFSET (SELECT 1);
----
2
2
----end

SELECT v FROM m ORDER BY v LIMIT (SELECT NULL::int) OFFSET 4;
----
7
NULL
----end

SELECT host, time FROM m ORDER BY time LIMIT v;
----
ERROR: 42P10 argument of LIMIT must not contain variables
----end

INSERT INTO p VALUES (10, 20, '40'), (-1, DEFAULT, NULL), ((SELECT max(v) FROM m), (SELECT i FROM (VALUES (3)) AS f (i)), 'x');
----
----end

SELECT * FROM p ORDER BY a;
----
-1|NULL|NULL
7|3|x
10|20|40
----end

SELECT * FROM (VALUES (1, (SELECT min(v) FROM m)), (2, 5)) t(x, y) ORDER BY x;
----
1|1
2|5
----end

INSERT INTO p (a, b, c) VALUES (1, 2);
----
ERROR: 42601 INSERT has more target columns than expressions
----end

INSERT INTO p (a) VALUES (1, 2);
----
ERROR: 42601 INSERT has more expressions than target columns
----end

UPDATE p SET (b, a) = (SELECT max(v), min(v) FROM m) WHERE c = 'x' RETURNING a, b, c;
----
1|7|x
----end

UPDATE p SET (b, c) = (SELECT count(*), string_agg(host, '' ORDER BY time) FROM m WHERE m.v < p.a) WHERE a > 5 RETURNING *;
----
10|5|abaca
----end

UPDATE p SET (a, b) = (SELECT 1);
----
ERROR: 42601 number of columns does not match number of values
----end

UPDATE p SET (a, b) = (1, 2, 3);
----
ERROR: 42601 number of columns does not match number of values
----end

UPDATE p SET (a, b) = (SELECT v, v FROM m);
----
ERROR: 21000 more than one row returned by a subquery used as an expression
----end

SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t(a, b) ORDER BY a;
----
1|a
2|b
NULL|c
----end

SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) WITH ORDINALITY AS t(a, b, n) ORDER BY n;
----
1|a|1
2|b|2
NULL|c|3
----end

SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS t(a, b) ORDER BY b;
----
1|1
2|2
NULL|3
----end

SELECT host, x, y FROM (SELECT DISTINCT host FROM m) h, unnest(ARRAY[1, 2], ARRAY[h.host, 'z']) u(x, y) ORDER BY 1, 2;
----
a|1|a
a|2|z
b|1|b
b|2|z
c|1|c
c|2|z
----end

INSERT INTO p (a, c) SELECT * FROM unnest('{100,101}'::int[], '{u,v}'::text[]) RETURNING a, c;
----
100|u
101|v
----end

SELECT (m).host, (m).v FROM m ORDER BY time LIMIT 2;
----
a|1
b|2
----end

SELECT (ROW(1, 'x'::text)).f2;
----
x
----end

SELECT (ROW(1, 'x')).f3;
----
ERROR: 42703 could not identify column "f3" in record data type
----end

SELECT (m).nope FROM m;
----
ERROR: 42703 column m.nope does not exist
----end

SELECT * FROM (VALUES (1, 'l')) a(i, j) JOIN (VALUES (1, 'r')) b(i, k) USING (i) AS x WHERE x.i = 1;
----
1|l|r
----end

SELECT x.* FROM (VALUES (1, 'l')) a(i, j) JOIN (VALUES (1, 'r')) b(i, k) USING (i) AS x;
----
1
----end

SELECT x.j FROM (VALUES (1, 'l')) a(i, j) JOIN (VALUES (1, 'r')) b(i, k) USING (i) AS x;
----
ERROR: 42703 column x.j does not exist
----end

SELECT * FROM m a, (SELECT * FROM m b WHERE b.v = a.v) s;
----
ERROR: 42P01 invalid reference to FROM-clause entry for table "a"
----end

SELECT * FROM m a, m b JOIN m c ON a.v = c.v;
----
ERROR: 42P01 invalid reference to FROM-clause entry for table "a"
----end

SELECT * FROM (m JOIN p ON v = a) AS j WHERE m.v = 1;
----
ERROR: 42P01 invalid reference to FROM-clause entry for table "m"
----end

SELECT * FROM m a, m a;
----
ERROR: 42712 table name "a" specified more than once
----end

SELECT 1 FROM (SELECT 1) x(a, b);
----
ERROR: 42P10 table "x" has 1 columns available but 2 columns specified
----end

SELECT * FROM m JOIN p USING (nope);
----
ERROR: 42703 column "nope" specified in USING clause does not exist in left table
----end

SELECT (1, 2) = ANY (SELECT v, v + 1 FROM m), (1, 2) <> ALL (SELECT v, v FROM m WHERE v IS NOT NULL), (1, 1) = ALL (SELECT 1, 1);
----
t|t|t
----end

SELECT array_agg(DISTINCT v), string_agg(DISTINCT host, ','), array_agg(DISTINCT v ORDER BY v DESC NULLS LAST) FROM m;
----
{1,2,3,7,NULL}|a,b,c|{7,3,2,1,NULL}
----end

SELECT host, array_agg(DISTINCT v) FROM m GROUP BY host ORDER BY host;
----
a|{1,3,7}
b|{2,NULL}
c|{2}
----end

SELECT array_agg(DISTINCT v ORDER BY w) FROM m;
----
ERROR: 42P10 in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list
----end

SELECT string_agg(DISTINCT host, ',' ORDER BY host || 'x') FROM m;
----
ERROR: 42P10 in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list
----end

SELECT array_agg(ARRAY[v, v * 2] ORDER BY time) FROM m WHERE v < 3;
----
{{1,2},{2,4},{2,4}}
----end

SELECT array_agg(ARRAY[v]) FROM m WHERE v > 100;
----
NULL
----end

SELECT array_agg('{}'::int[]) FROM m;
----
ERROR: 2202E cannot accumulate empty arrays
----end

SELECT count() FROM m;
----
ERROR: 42809 count(*) must be used to call a parameterless aggregate function
----end

SELECT sum(*) FROM m;
----
ERROR: 42883 function sum() does not exist
----end

SELECT percentile_cont(ARRAY[0, 0.5, 1, NULL]) WITHIN GROUP (ORDER BY w), percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY host) FROM m;
----
{1.5,3.5,6.5,NULL}|{a,b}
----end

SELECT host, percentile_cont(ARRAY[0.5]) WITHIN GROUP (ORDER BY v) FROM m GROUP BY host ORDER BY host;
----
a|{3}
b|{2}
c|{2}
----end

SELECT percentile_cont(ARRAY[0.5, 2]) WITHIN GROUP (ORDER BY w) FROM m;
----
ERROR: 22003 percentile value 2 is not between 0 and 1
----end

SELECT json_agg(v ORDER BY time), jsonb_agg(host ORDER BY time), json_agg(NULL::int) FROM m WHERE v < 3;
----
[1, 2, 2]|["a", "b", "c"]|[null, null, null]
----end

SELECT json_object_agg(time::date, v ORDER BY time), jsonb_object_agg(host, v ORDER BY time) FROM m WHERE host = 'a';
----
{ "2024-01-01" : 1, "2024-01-02" : 3, "2024-01-04" : 7 }|{"a": 7}
----end

SELECT replace(json_agg(t ORDER BY t.host)::text, chr(10), '~') FROM (SELECT DISTINCT host, 'q"' AS k FROM m) t;
----
[{"host":"a","k":"q\""}, ~ {"host":"b","k":"q\""}, ~ {"host":"c","k":"q\""}]
----end

SELECT row_to_json(t), to_jsonb(t) FROM (SELECT 1 AS x, NULL AS y, ARRAY[1, 2] AS z) t;
----
{"x":1,"y":null,"z":[1,2]}|{"x": 1, "y": null, "z": [1, 2]}
----end

SELECT row_to_json(m.*) FROM m ORDER BY time LIMIT 1;
----
{"time":"2024-01-01T00:00:00+00:00","host":"a","v":1,"w":1.5}
----end

SELECT row_to_json(ROW(1, 'a', NULL));
----
{"f1":1,"f2":"a","f3":null}
----end

SELECT json_agg(v) FROM m WHERE false;
----
NULL
----end

SELECT json_object_agg(NULL::text, 1) FROM m;
----
ERROR: 22023 field name must not be null
----end

SELECT '{"a":1,"b":{"c":[1,2]}}'::jsonb @> '{"b":{"c":[2]}}', '[1,[2,3]]'::jsonb @> '[[3]]', '[1,2]'::jsonb @> '1', '{"a":1.0}'::jsonb @> '{"a":1}', '{"a":1}'::jsonb <@ '{"a":1,"b":2}', '"x"'::jsonb @> '"x"', '[1]'::jsonb @> '{"a":1}';
----
t|t|t|t|t|t|f
----end

SELECT '{"a":1}'::jsonb ?| ARRAY['x', 'a'], '{"a":1}'::jsonb ?& ARRAY['a', 'b'], '["a","b"]'::jsonb ?& ARRAY['a', 'b'];
----
t|f|t
----end

SELECT '{"a":1,"b":2}'::jsonb || '{"b":3,"c":4}', '[1]'::jsonb || '2', '1'::jsonb || '{"a":1}', '[1]'::jsonb || '[2]', '{"a":1}'::jsonb || '[2]';
----
{"a": 1, "b": 3, "c": 4}|[1, 2]|[1, {"a": 1}]|[1, 2]|[{"a": 1}, 2]
----end

SELECT '{"a":1,"b":2}'::jsonb - 'a', '["a","b","a"]'::jsonb - 'a', '[1,2,3]'::jsonb - 1, '[1,2,3]'::jsonb - -1, '{"a":1,"b":2,"c":3}'::jsonb - ARRAY['a', 'c'], '{"a":{"b":1,"c":2}}'::jsonb #- '{a,b}', '[1,[2,3]]'::jsonb #- '{1,0}';
----
{"b": 2}|["b"]|[1, 3]|[1, 2]|{"b": 2}|{"a": {"c": 2}}|[1, [3]]
----end

SELECT '1'::jsonb - 'a';
----
ERROR: 22023 cannot delete from scalar
----end

SELECT '{"a":1}'::jsonb - 0;
----
ERROR: 22023 cannot delete from object using integer index
----end

SELECT (ARRAY[1, 2, 3, 4])[:2], (ARRAY[1, 2, 3, 4])[3:], (ARRAY[1, 2, 3])[:], (ARRAY[[1, 2], [3, 4]])[:1][2:];
----
{1,2}|{3,4}|{1,2,3}|{{2}}
----end

SELECT get_byte('\x0a0b'::bytea, 1), set_byte('\x0a0b'::bytea, 0, 255), get_bit('\x01'::bytea, 0), set_bit('\x00'::bytea, 9 - 6, 1), bit_count('\x0f01'::bytea);
----
11|\xff0b|1|\x08|5
----end

SELECT get_byte('\x0a0b'::bytea, 2);
----
ERROR: 2202E index 2 out of valid range, 0..1
----end

SELECT unistr('\0041b\+00006c\u006c\\'), unistr('\d83d\de00');
----
Abll\|😀
----end

SELECT unistr('\zz');
----
ERROR: 42601 invalid Unicode escape
----end

SELECT cotd(45), asind(0.5), acosd(0.5), atand(1), atan2d(1, 1), asind(1);
----
1|30|60|45|45|90
----end

SELECT regexp_instr('abcabcabc', 'a.c', 1, 3), regexp_instr('abcabc', 'b', 3), regexp_instr('abc', 'b', 1, 1, 1), regexp_instr('1234567890', '(123)(4(56)(78))', 1, 1, 0, 'i', 2), regexp_instr('abc', 'x');
----
7|5|3|4|0
----end

SELECT regexp_substr('abcabcabc', 'a.c', 1, 3), regexp_substr('1234567890', '(123)(4(56)(78))', 1, 1, 'i', 4), regexp_substr('abc', 'b', 3);
----
abc|78|NULL
----end

SELECT regexp_instr('abc', 'a.c', 0, 1);
----
ERROR: 22023 invalid value for parameter "start": 0
----end

SELECT regexp_substr('abc', 'a', 1, 1, 'g');
----
ERROR: 22023 regexp_substr() does not support the "global" option
----end

SELECT (timestamp '2000-01-01', interval '1 day') OVERLAPS (timestamp '2000-01-01 12:00', timestamp '2000-01-03'), (time '10:00', interval '1 hour') OVERLAPS (time '11:00', interval '1 hour');
----
t|f
----end

SELECT interval '1 2' day to hour, interval '4 millenniums 1 century', interval '2 microseconds';
----
1 day 02:00:00|4100 years|00:00:00.000002
----end

SELECT rank() OVER (ORDER BY v), count(*) FROM m GROUP BY 1;
----
ERROR: 42P20 window functions are not allowed in GROUP BY
----end

SELECT count(*) OVER w FROM m WINDOW w AS (ORDER BY v), w AS (ORDER BY v);
----
ERROR: 42P20 window "w" is already defined
----end

SELECT count(*) OVER (w PARTITION BY v) FROM m WINDOW w AS (PARTITION BY host);
----
ERROR: 42P20 cannot override PARTITION BY clause of window "w"
----end

SELECT count(*) OVER (w ORDER BY v) FROM m WINDOW w AS (ORDER BY host);
----
ERROR: 42P20 cannot override ORDER BY clause of window "w"
----end

SELECT sum(v) OVER (ORDER BY v RANGE BETWEEN -1 PRECEDING AND 1 FOLLOWING) FROM m;
----
ERROR: 22013 invalid preceding or following size in window function
----end

SELECT sum(v) OVER (ORDER BY host RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM m;
----
ERROR: 0A000 RANGE with offset PRECEDING/FOLLOWING is not supported for column type text
----end

SELECT sum(v) OVER (ORDER BY v RANGE BETWEEN interval '1 day' PRECEDING AND CURRENT ROW) FROM m;
----
ERROR: 0A000 RANGE with offset PRECEDING/FOLLOWING is not supported for column type integer and offset type interval
----end

SELECT sum(v) OVER (ROWS BETWEEN v PRECEDING AND CURRENT ROW) FROM m;
----
ERROR: 42P10 argument of ROWS must not contain variables
----end

SELECT count() OVER () FROM m;
----
ERROR: 42809 count(*) must be used to call a parameterless aggregate function
----end

SELECT rank() OVER (ORDER BY rank() OVER (ORDER BY v)) FROM m;
----
ERROR: 42P20 window functions are not allowed in window definitions
----end

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) OVER () FROM m;
----
ERROR: 0A000 OVER is not supported for ordered-set aggregate percentile_cont
----end

SELECT a.v, b.host FROM m a LEFT JOIN m b ON a.v = b.v AND b.w > (SELECT avg(w) FROM m) ORDER BY 1, 2;
----
1|NULL
2|NULL
2|NULL
3|NULL
7|a
NULL|NULL
----end

SELECT a.v, b.host FROM m a LEFT JOIN m b ON a.v = b.v AND b.host IN (SELECT 'a') AND EXISTS (SELECT 1 FROM p WHERE p.a = a.v) ORDER BY 1, 2;
----
1|a
2|NULL
2|NULL
3|NULL
7|NULL
NULL|NULL
----end

SELECT a.v, b.v FROM m a FULL JOIN (SELECT 2 AS v UNION ALL SELECT 99) b ON a.v = b.v AND b.v < (SELECT 50) ORDER BY 1, 2;
----
1|NULL
2|2
2|2
3|NULL
7|NULL
NULL|99
NULL|NULL
----end

SELECT tand(45), tand(135), tand(180), cotd(225), atand(0.5), btrim('\x00010200'::bytea, '\x00'::bytea), ltrim('\x0001'::bytea, '\x00'), rtrim('\x0100'::bytea, '\x00'), array_to_json(ARRAY[1, NULL, 3]);
----
1|-1|0|1|26.565051177077986|\x0102|\x01|\x01|[1,null,3]
----end

