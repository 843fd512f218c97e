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

SELECT (SELECT max(load) FROM cpu);
----
10
----end

SELECT host FROM cpu WHERE load = (SELECT max(load) FROM cpu);
----
b
----end

SELECT host, load FROM cpu c WHERE load = (SELECT max(load) FROM cpu WHERE host = c.host) ORDER BY host;
----
a|6
b|10
c|8
d|7
----end

SELECT name FROM hosts WHERE name IN (SELECT host FROM cpu) ORDER BY 1;
----
a
b
c
----end

SELECT name FROM hosts WHERE name NOT IN (SELECT host FROM cpu) ORDER BY 1;
----
----end

SELECT name FROM hosts WHERE name NOT IN (SELECT host FROM cpu WHERE host IS NOT NULL) ORDER BY 1;
----
e
----end

SELECT name FROM hosts h WHERE EXISTS (SELECT 1 FROM cpu WHERE host = h.name AND usage > 50) ORDER BY 1;
----
a
b
c
----end

SELECT name FROM hosts h WHERE NOT EXISTS (SELECT 1 FROM cpu WHERE host = h.name) ORDER BY 1;
----
e
----end

SELECT name FROM hosts h WHERE EXISTS (SELECT 1 FROM cpu WHERE host = h.name) AND region = 'eu' ORDER BY 1;
----
a
c
----end

SELECT name, EXISTS (SELECT 1 FROM cpu WHERE host = h.name) AS e FROM hosts h ORDER BY 1;
----
a|t
b|t
c|t
e|f
----end

SELECT name, name IN (SELECT host FROM cpu WHERE host IS NOT NULL) FROM hosts ORDER BY 1;
----
a|t
b|t
c|t
e|f
----end

SELECT name, name IN (SELECT host FROM cpu) FROM hosts ORDER BY 1;
----
a|t
b|t
c|t
e|NULL
----end

SELECT id, id > ALL (SELECT load FROM cpu WHERE load < 3), id = ANY (SELECT load FROM cpu) FROM hosts ORDER BY 1;
----
1|f|t
2|f|t
3|t|t
4|t|NULL
----end

SELECT id, id > ALL (SELECT load FROM cpu WHERE load > 100), id < ANY (SELECT load FROM cpu WHERE load > 100) FROM hosts ORDER BY 1;
----
1|t|f
2|t|f
3|t|f
4|t|f
----end

SELECT ARRAY(SELECT load FROM cpu WHERE host = 'a' ORDER BY load DESC);
----
{6,3,1}
----end

SELECT name, ARRAY(SELECT load FROM cpu WHERE host = h.name ORDER BY time) FROM hosts h ORDER BY 1;
----
a|{1,3,6}
b|{2,5,10}
c|{NULL,8}
e|{}
----end

SELECT name, (SELECT region FROM hosts WHERE id = h.id + 1) AS next FROM hosts h ORDER BY 1;
----
a|us
b|eu
c|NULL
e|NULL
----end

SELECT (SELECT 1 WHERE false), (SELECT name FROM hosts WHERE id = 1);
----
NULL|a
----end

SELECT host, count(*), (SELECT region FROM hosts WHERE name = host) FROM cpu GROUP BY host ORDER BY 1;
----
a|3|eu
b|3|us
c|2|eu
d|1|NULL
NULL|1|NULL
----end

SELECT host FROM cpu GROUP BY host HAVING count(*) > (SELECT 1) ORDER BY 1;
----
a
b
c
----end

SELECT * FROM (SELECT host, usage FROM cpu WHERE usage > 30) q WHERE q.usage < 70 ORDER BY 2;
----
a|30.25
c|40
a|60
----end

SELECT * FROM (SELECT host, count(*) AS c FROM cpu GROUP BY host) q WHERE c > 1 AND host < 'c' ORDER BY 1;
----
a|3
b|3
----end

SELECT host FROM (SELECT host FROM cpu ORDER BY time DESC LIMIT 4) q WHERE host IS NOT NULL ORDER BY host;
----
b
c
d
----end

WITH q AS (SELECT host, sum(load) AS s FROM cpu GROUP BY host) SELECT * FROM q WHERE s > 7 ORDER BY host;
----
a|10
b|17
c|8
NULL|9
----end

WITH q AS (SELECT host, load FROM cpu), r AS (SELECT host, max(load) AS m FROM q GROUP BY host) SELECT q.host, q.load FROM q JOIN r ON q.host = r.host AND q.load = r.m ORDER BY 1;
----
a|6
b|10
c|8
d|7
----end

WITH q(a, b) AS (SELECT 1, 2) SELECT a + b FROM q;
----
3
----end

WITH q AS MATERIALIZED (SELECT * FROM hosts) SELECT a.id FROM q a JOIN q b ON a.id = b.id ORDER BY 1;
----
1
2
3
4
----end

WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n), count(*) FROM t;
----
55|10
----end

WITH RECURSIVE t(n) AS (VALUES (1) UNION SELECT (n * 2) % 7 FROM t) SELECT n FROM t ORDER BY n;
----
1
2
4
----end

WITH RECURSIVE chain AS (SELECT id, name, 1 AS depth FROM hosts WHERE id = 1 UNION ALL SELECT h.id, h.name, c.depth + 1 FROM hosts h JOIN chain c ON h.id = c.id + 1) SELECT * FROM chain ORDER BY depth;
----
1|a|1
2|b|2
3|c|3
4|e|4
----end

SELECT (WITH q AS (SELECT 5 AS x) SELECT x FROM q);
----
5
----end

SELECT h.name FROM hosts h WHERE h.cores > (SELECT avg(cores) FROM hosts) ORDER BY 1;
----
e
----end

SELECT h.name FROM hosts h WHERE (SELECT count(*) FROM cpu c WHERE c.host = h.name AND c.time > '2024-01-02') >= 1 ORDER BY 1;
----
a
b
c
----end

SELECT a.id FROM hosts a WHERE a.id IN (SELECT b.id FROM hosts b WHERE b.region = a.region) ORDER BY 1;
----
1
2
3
----end

SELECT a.id FROM hosts a WHERE a.id NOT IN (SELECT b.id FROM hosts b WHERE b.region = a.region) ORDER BY 1;
----
4
----end

SELECT name FROM hosts WHERE (id, name) IN (SELECT id, name FROM hosts WHERE id < 3) ORDER BY 1;
----
a
b
----end

SELECT name FROM hosts WHERE (id, name) NOT IN (SELECT id, name FROM hosts WHERE id < 3) ORDER BY 1;
----
c
e
----end

SELECT sum((SELECT id FROM hosts WHERE name = c.host)) FROM cpu c;
----
15
----end

SELECT name FROM hosts h WHERE EXISTS (SELECT 1 FROM cpu c WHERE c.host = h.name AND c.load > h.id) ORDER BY 1;
----
a
b
c
----end

SELECT name FROM hosts h WHERE 2 <= (SELECT count(*) FROM (SELECT DISTINCT tag FROM cpu WHERE host = h.name) q) ORDER BY 1;
----
a
b
c
----end

SELECT name FROM hosts h WHERE EXISTS (SELECT 1 FROM hosts i WHERE i.region = h.region AND EXISTS (SELECT 1 FROM cpu WHERE host = i.name AND load > h.id + 5)) ORDER BY 1;
----
a
b
----end

SELECT count(*) FROM cpu WHERE time > (SELECT min(time) FROM cpu) AND host = (SELECT name FROM hosts WHERE id = 2);
----
3
----end

SELECT x, (SELECT sum(y) FROM generate_series(1, x) y) FROM generate_series(1, 4) x ORDER BY 1;
----
1|1
2|3
3|6
4|10
----end

SELECT CASE WHEN EXISTS (SELECT 1 FROM hosts WHERE id = 99) THEN 'yes' ELSE 'no' END;
----
no
----end

SELECT name FROM hosts ORDER BY (SELECT count(*) FROM cpu WHERE host = name) DESC, name;
----
a
b
c
e
----end

SELECT COALESCE((SELECT max(load) FROM cpu WHERE host = 'nobody'), 0);
----
0
----end

SELECT id FROM hosts WHERE region = ANY (ARRAY(SELECT region FROM hosts WHERE id = 1)) ORDER BY 1;
----
1
3
----end

SELECT * FROM hosts WHERE id = (SELECT min(id) FROM hosts h2 WHERE h2.region = hosts.region) ORDER BY id;
----
1|a|eu|4
2|b|us|8
----end

SELECT q.* FROM (SELECT h.name, (SELECT count(*) FROM cpu WHERE host = h.name) AS c FROM hosts h) q WHERE c > 2;
----
a|3
b|3
----end

