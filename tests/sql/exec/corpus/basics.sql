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

SELECT 1;
----
1
----end

SELECT 1 + 1 AS two, 'x' || 'y', NULL, true AND NULL;
----
2|xy|NULL|NULL
----end

SELECT 2147483647 + 0, -2147483648, 9223372036854775807, 1.50 * 2;
----
2147483647|-2147483648|9223372036854775807|3.00
----end

SELECT * FROM hosts ORDER BY id;
----
1|a|eu|4
2|b|us|8
3|c|eu|NULL
4|e|NULL|16
----end

SELECT name, cores * 2 AS c2 FROM hosts WHERE region = 'eu' ORDER BY name DESC;
----
c|NULL
a|8
----end

SELECT h.name, h.* FROM hosts h WHERE h.id IN (1, 3) ORDER BY 1;
----
a|1|a|eu|4
c|3|c|eu|NULL
----end

SELECT id FROM hosts WHERE region IS NULL;
----
4
----end

SELECT id FROM hosts WHERE cores BETWEEN 4 AND 8 ORDER BY id;
----
1
2
----end

SELECT id FROM hosts WHERE NOT (cores > 4) ORDER BY id;
----
1
----end

SELECT id FROM hosts WHERE name LIKE 'a%' OR name ILIKE 'B' ORDER BY id;
----
1
2
----end

SELECT * FROM cpu ORDER BY time;
----
2024-01-01 00:00:00+00|a|10.5|1|x
2024-01-01 06:00:00+00|b|20|2|y
2024-01-01 12:00:00+00|a|30.25|3|NULL
2024-01-02 00:00:00+00|c|40|NULL|x
2024-01-02 06:00:00+00|b|NULL|5|z
2024-01-02 18:00:00+00|a|60|6|x
2024-01-03 03:00:00+00|d|70|7|y
2024-01-03 09:00:00+00|c|80.125|8|NULL
2024-01-04 00:00:00+00|NULL|90|9|w
2024-01-05 23:59:59+00|b|100|10|x
----end

SELECT time, host FROM cpu ORDER BY time DESC LIMIT 3;
----
2024-01-05 23:59:59+00|b
2024-01-04 00:00:00+00|NULL
2024-01-03 09:00:00+00|c
----end

SELECT time, host FROM cpu ORDER BY time LIMIT 2 OFFSET 3;
----
2024-01-02 00:00:00+00|c
2024-01-02 06:00:00+00|b
----end

SELECT host, usage FROM cpu WHERE time >= '2024-01-02' AND time < '2024-01-03' ORDER BY time;
----
c|40
b|NULL
a|60
----end

SELECT host, usage FROM cpu WHERE host = 'a' ORDER BY time DESC;
----
a|60
a|30.25
a|10.5
----end

SELECT host, usage FROM cpu WHERE host IN ('a', 'c') AND usage > 35 ORDER BY usage;
----
c|40
a|60
c|80.125
----end

SELECT host FROM cpu ORDER BY host NULLS FIRST, time LIMIT 2;
----
NULL
a
----end

SELECT host FROM cpu ORDER BY host DESC, time LIMIT 2;
----
NULL
d
----end

SELECT DISTINCT host FROM cpu ORDER BY host;
----
a
b
c
d
NULL
----end

SELECT DISTINCT host, tag FROM cpu ORDER BY 1, 2;
----
a|x
a|NULL
b|x
b|y
b|z
c|x
c|NULL
d|y
NULL|w
----end

SELECT DISTINCT ON (host) host, time, usage FROM cpu ORDER BY host, time DESC;
----
a|2024-01-02 18:00:00+00|60
b|2024-01-05 23:59:59+00|100
c|2024-01-03 09:00:00+00|80.125
d|2024-01-03 03:00:00+00|70
NULL|2024-01-04 00:00:00+00|90
----end

SELECT DISTINCT ON (host) host, usage FROM cpu WHERE host IS NOT NULL ORDER BY host, usage DESC NULLS LAST;
----
a|60
b|100
c|80.125
d|70
----end

SELECT count(*) FROM cpu WHERE false;
----
0
----end

SELECT usage + load AS total FROM cpu WHERE host = 'a' ORDER BY total;
----
11.5
33.25
66
----end

SELECT CASE WHEN load > 5 THEN 'high' WHEN load > 2 THEN 'mid' ELSE 'low' END AS level, load FROM cpu ORDER BY load;
----
low|1
low|2
mid|3
mid|5
high|6
high|7
high|8
high|9
high|10
low|NULL
----end

SELECT CASE host WHEN 'a' THEN 1 WHEN 'b' THEN 2 END FROM cpu ORDER BY time;
----
1
2
1
NULL
2
1
NULL
NULL
NULL
2
----end

SELECT coalesce(usage, -1), nullif(load, 5), greatest(load, 4), least(load, 4) FROM cpu ORDER BY time;
----
10.5|1|4|1
20|2|4|2
30.25|3|4|3
40|NULL|4|4
-1|NULL|5|4
60|6|6|4
70|7|7|4
80.125|8|8|4
90|9|9|4
100|10|10|4
----end

SELECT (VALUES (1));
----
1
----end

VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC;
----
2|b
1|a
----end

SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS v(n, t) ORDER BY n;
----
1|a
2|NULL
----end

SELECT x FROM generate_series(1, 5) AS x WHERE x % 2 = 1 ORDER BY x;
----
1
3
5
----end

SELECT g, g * 2 FROM generate_series(1, 3) g ORDER BY 1;
----
1|2
2|4
3|6
----end

SELECT generate_series(1, 3) AS g, 'x' ORDER BY g;
----
1|x
2|x
3|x
----end

SELECT unnest(ARRAY[3, 1, 2]) AS u ORDER BY u;
----
1
2
3
----end

SELECT * FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS t(v, o) ORDER BY o;
----
a|1
b|2
----end

SELECT generate_series(1, 2), generate_series(1, 3) ORDER BY 2;
----
1|1
2|2
NULL|3
----end

SELECT id, generate_series(1, id) FROM hosts WHERE id <= 2 ORDER BY 1, 2;
----
1|1
2|1
2|2
----end

SELECT ARRAY[1, 2, 3], (ARRAY[1, 2, 3])[2], 2 = ANY(ARRAY[1, 2]), 5 > ALL(ARRAY[1, 2]);
----
{1,2,3}|2|t|t
----end

SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), (2, 1) < (1, 3), (1, 2) <> (1, 3);
----
t|t|f|t
----end

SELECT 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, (1 = 2) IS FALSE, NULL::boolean IS UNKNOWN;
----
t|t|t|t
----end

SELECT 3 NOT IN (1, 2, NULL), 3 IN (3, NULL), 3 NOT IN (1, 2);
----
NULL|t|t
----end

SELECT h.name AS x FROM hosts h ORDER BY x LIMIT 1;
----
a
----end

SELECT name FROM hosts ORDER BY cores NULLS FIRST, id;
----
c
a
b
e
----end

SELECT name FROM hosts ORDER BY id + 0 DESC;
----
e
c
b
a
----end

SELECT name n, id + 1 FROM hosts ORDER BY 2 DESC, n;
----
e|5
c|4
b|3
a|2
----end

SELECT time::date AS d, host FROM cpu WHERE host = 'b' ORDER BY d;
----
2024-01-01|b
2024-01-02|b
2024-01-05|b
----end

SELECT id FROM hosts ORDER BY id FETCH FIRST 2 ROWS ONLY;
----
1
2
----end

SELECT cores FROM hosts ORDER BY cores FETCH FIRST 1 ROW WITH TIES;
----
4
----end

SELECT load % 2 AS p FROM cpu WHERE load IS NOT NULL ORDER BY p FETCH FIRST 1 ROW WITH TIES;
----
0
0
0
0
----end

SELECT id FROM hosts ORDER BY id LIMIT 0;
----
----end

SELECT id FROM hosts ORDER BY id LIMIT ALL OFFSET 2;
----
3
4
----end

SELECT id FROM hosts ORDER BY id LIMIT NULL;
----
1
2
3
4
----end

SELECT id FROM hosts ORDER BY id LIMIT 1 + 1;
----
1
2
----end

SELECT 'abc'::varchar(2), '3'::int + 1, '1.5'::numeric, 'true'::bool;
----
ab|4|1.5|t
----end

SELECT i, b, s, f, d, m, t, k FROM n ORDER BY i, b;
----
1|10|1|1.5|2.5|10.25|one|t
2|20|2|2.5|3.5|20.50|two|f
2|20|2|2.5|3.5|20.50|two|f
3|NULL|3|NULL|4.5|NULL|three|NULL
NULL|40|NULL|4.5|NULL|40.00|NULL|t
----end

SELECT t FROM n WHERE k ORDER BY t;
----
one
NULL
----end

SELECT t FROM n WHERE NOT k ORDER BY t;
----
two
two
----end

SELECT i FROM n WHERE b = 20;
----
2
2
----end

SELECT i FROM n WHERE m > 20 ORDER BY i;
----
2
2
NULL
----end

SELECT DISTINCT i FROM n;
----
NULL
3
2
1
----end

SELECT t FROM n WHERE t ~ '^t' ORDER BY t;
----
three
two
two
----end

SELECT id FROM hosts WHERE (id, name) IN ((1, 'a'), (2, 'x'));
----
1
----end

SELECT 1 WHERE false;
----
----end

SELECT 1 AS one WHERE 2 > 1;
----
1
----end

SELECT count(*) FROM (SELECT FROM hosts) q;
----
4
----end

TABLE hosts ORDER BY id LIMIT 1;
----
1|a|eu|4
----end

SELECT hosts FROM hosts ORDER BY id LIMIT 2;
----
(1,a,eu,4)
(2,b,us,8)
----end

SELECT count(h) FROM hosts h;
----
4
----end

SELECT 'now'::timestamptz IS NOT NULL, current_date IS NOT NULL, now() = current_timestamp;
----
t|t|t
----end

SELECT sum(x.a) FROM (SELECT 1 AS a UNION ALL SELECT 2) x;
----
3
----end

