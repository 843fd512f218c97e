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

SELECT c.host, h.region, c.usage FROM cpu c JOIN hosts h ON c.host = h.name ORDER BY c.time;
----
a|eu|10.5
b|us|20
a|eu|30.25
c|eu|40
b|us|NULL
a|eu|60
c|eu|80.125
b|us|100
----end

SELECT c.host, h.region FROM cpu c LEFT JOIN hosts h ON c.host = h.name ORDER BY c.time;
----
a|eu
b|us
a|eu
c|eu
b|us
a|eu
d|NULL
c|eu
NULL|NULL
b|us
----end

SELECT c.host, h.name FROM cpu c RIGHT JOIN hosts h ON c.host = h.name ORDER BY h.name, c.time;
----
a|a
a|a
a|a
b|b
b|b
b|b
c|c
c|c
NULL|e
----end

SELECT c.host, h.name FROM cpu c FULL JOIN hosts h ON c.host = h.name ORDER BY c.host, h.name, c.time;
----
a|a
a|a
a|a
b|b
b|b
b|b
c|c
c|c
d|NULL
NULL|e
NULL|NULL
----end

SELECT a.id, b.id FROM hosts a, hosts b WHERE a.id < b.id ORDER BY 1, 2;
----
1|2
1|3
1|4
2|3
2|4
3|4
----end

SELECT a.id, b.id FROM hosts a CROSS JOIN hosts b ORDER BY 1, 2 LIMIT 5;
----
1|1
1|2
1|3
1|4
2|1
----end

SELECT h.region, sum(c.load) FROM cpu c, hosts h WHERE c.host = h.name AND c.time >= '2024-01-02' GROUP BY h.region ORDER BY 1;
----
eu|14
us|15
----end

SELECT * FROM hosts a JOIN hosts b USING (id) ORDER BY id;
----
1|a|eu|4|a|eu|4
2|b|us|8|b|us|8
3|c|eu|NULL|c|eu|NULL
4|e|NULL|16|e|NULL|16
----end

SELECT id, a.name, b.name FROM hosts a JOIN hosts b USING (id, region) ORDER BY id;
----
1|a|a
2|b|b
3|c|c
----end

SELECT * FROM (SELECT 1 AS x, 2 AS y) a NATURAL JOIN (SELECT 1 AS x, 3 AS z) b;
----
1|2|3
----end

SELECT x, a.x, b.x FROM (SELECT 1 AS x UNION ALL SELECT 2) a FULL JOIN (SELECT 2 AS x UNION ALL SELECT 3) b USING (x) ORDER BY x;
----
ERROR: 42702 ORDER BY "x" is ambiguous
----end

SELECT a.id, b.id FROM hosts a LEFT JOIN hosts b ON a.id = b.id + 1 AND b.region = 'eu' ORDER BY a.id;
----
1|NULL
2|1
3|NULL
4|3
----end

SELECT a.id, b.id FROM hosts a LEFT JOIN hosts b ON a.id > b.id AND a.region = 'eu' ORDER BY a.id, b.id;
----
1|NULL
2|NULL
3|1
3|2
4|NULL
----end

SELECT a.id, b.id FROM hosts a FULL JOIN hosts b ON a.id = b.id AND a.region = 'eu' ORDER BY a.id, b.id;
----
1|1
2|NULL
3|3
4|NULL
NULL|2
NULL|4
----end

SELECT a.id, b.id FROM hosts a LEFT JOIN hosts b ON a.id = b.id WHERE b.id IS NULL OR b.region = 'us';
----
2|2
----end

SELECT count(*) FROM cpu a JOIN cpu b ON a.host = b.host;
----
23
----end

SELECT n.i, h.id FROM n JOIN hosts h ON n.b = h.id * 10 ORDER BY 1, 2;
----
1|1
2|2
2|2
NULL|4
----end

SELECT n.s, h.id FROM n JOIN hosts h ON n.s = h.id ORDER BY 1, 2;
----
1|1
2|2
2|2
3|3
----end

SELECT n.d, h.id FROM n JOIN hosts h ON n.d - 1.5 = h.id ORDER BY 1, 2;
----
2.5|1
3.5|2
3.5|2
4.5|3
----end

SELECT a.name, b.name, c.name FROM hosts a JOIN hosts b ON a.id = b.id - 1 JOIN hosts c ON b.id = c.id - 1 ORDER BY 1;
----
a|b|c
b|c|e
----end

SELECT h.name, x.m FROM hosts h JOIN (SELECT host, max(usage) AS m FROM cpu GROUP BY host) x ON x.host = h.name ORDER BY 1;
----
a|60
b|100
c|80.125
----end

SELECT h.name, l.time FROM hosts h, LATERAL (SELECT time FROM cpu c WHERE c.host = h.name ORDER BY time DESC LIMIT 1) l ORDER BY h.name;
----
a|2024-01-02 18:00:00+00
b|2024-01-05 23:59:59+00
c|2024-01-03 09:00:00+00
----end

SELECT h.name, l.time, l.usage FROM hosts h LEFT JOIN LATERAL (SELECT time, usage FROM cpu c WHERE c.host = h.name ORDER BY time DESC LIMIT 2) l ON true ORDER BY h.name, l.time;
----
a|2024-01-01 12:00:00+00|30.25
a|2024-01-02 18:00:00+00|60
b|2024-01-02 06:00:00+00|NULL
b|2024-01-05 23:59:59+00|100
c|2024-01-02 00:00:00+00|40
c|2024-01-03 09:00:00+00|80.125
e|NULL|NULL
----end

SELECT h.id, g FROM hosts h, generate_series(1, h.id) g WHERE h.id < 4 ORDER BY 1, 2;
----
1|1
2|1
2|2
3|1
3|2
3|3
----end

SELECT h.id, g FROM hosts h LEFT JOIN LATERAL generate_series(1, h.id - 2) g ON g > 1 ORDER BY 1, 2;
----
1|NULL
2|NULL
3|NULL
4|2
----end

SELECT h.id, s.total FROM hosts h CROSS JOIN LATERAL (SELECT sum(load) AS total FROM cpu WHERE host = h.name) s ORDER BY 1;
----
1|10
2|17
3|8
4|NULL
----end

SELECT a.x, b.y FROM (VALUES (1), (2)) a(x) JOIN (VALUES (2, 'q'), (3, 'r')) b(x, y) ON a.x = b.x;
----
2|q
----end

SELECT j.name, j.total FROM (hosts JOIN (SELECT host, count(*) AS total FROM cpu GROUP BY host) q ON name = host) AS j ORDER BY 1;
----
a|3
b|3
c|2
----end

SELECT h.name FROM hosts h JOIN cpu c ON h.name = c.host AND c.usage > 50 AND h.cores > 2 ORDER BY c.time;
----
a
b
----end

SELECT c.host FROM cpu c JOIN hosts h ON lower(c.host) = h.name WHERE h.region = 'us' ORDER BY c.time;
----
b
b
b
----end

SELECT a.id FROM hosts a JOIN hosts b ON (a.id, a.name) = (b.id, b.name) ORDER BY 1;
----
1
2
3
4
----end

SELECT a.id, b.id FROM hosts a JOIN hosts b ON a.cores IS NOT DISTINCT FROM b.cores ORDER BY 1, 2;
----
1|1
2|2
3|3
4|4
----end

SELECT count(*) FROM generate_series(1, 300) a, generate_series(1, 300) b WHERE a = b;
----
300
----end

SELECT count(*) FROM generate_series(1, 3000) a JOIN generate_series(1, 10) b ON a % 10 = b % 10;
----
3000
----end

SELECT h.name, (SELECT count(*) FROM cpu WHERE host = h.name) FROM hosts h ORDER BY 1;
----
a|3
b|3
c|2
e|0
----end

SELECT a.v, b.w FROM (SELECT 1 AS v) a LEFT JOIN (SELECT 1 AS k, 2 AS w WHERE false) b ON a.v = b.k;
----
1|NULL
----end

SELECT t1.name FROM hosts t1 JOIN hosts t2 ON t1.id = t2.id WHERE t2.region IN ('eu') AND t1.id > 0 ORDER BY 1;
----
a
c
----end

