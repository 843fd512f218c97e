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

SELECT 1 UNION SELECT 2 UNION SELECT 1 ORDER BY 1;
----
1
2
----end

SELECT 1 UNION ALL SELECT 1 ORDER BY 1;
----
1
1
----end

SELECT host FROM cpu UNION SELECT name FROM hosts ORDER BY 1;
----
a
b
c
d
e
NULL
----end

SELECT host FROM cpu INTERSECT SELECT name FROM hosts ORDER BY 1;
----
a
b
c
----end

SELECT host FROM cpu EXCEPT SELECT name FROM hosts ORDER BY 1;
----
d
NULL
----end

SELECT host FROM cpu EXCEPT ALL SELECT name FROM hosts ORDER BY 1;
----
a
a
b
b
c
d
NULL
----end

SELECT host FROM cpu INTERSECT ALL SELECT host FROM cpu WHERE load > 2 ORDER BY 1;
----
a
a
b
b
c
d
NULL
----end

SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2.5, NULL ORDER BY a;
----
1|x
2.5|NULL
----end

SELECT NULL UNION SELECT 1;
----
1
NULL
----end

SELECT 1::smallint UNION SELECT 2::bigint ORDER BY 1;
----
1
2
----end

SELECT 'a' UNION SELECT 'b' ORDER BY 1 DESC LIMIT 1;
----
b
----end

(SELECT id FROM hosts ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM hosts ORDER BY id DESC LIMIT 1) ORDER BY 1;
----
1
2
4
----end

SELECT id FROM hosts UNION ALL SELECT load FROM cpu WHERE load > 8 ORDER BY id DESC LIMIT 4;
----
10
9
4
3
----end

SELECT x, count(*) FROM (SELECT host AS x FROM cpu UNION ALL SELECT name FROM hosts) q GROUP BY x ORDER BY x;
----
a|4
b|4
c|3
d|1
e|1
NULL|1
----end

SELECT * FROM (SELECT 1 AS a UNION SELECT 2) q WHERE a > 1;
----
2
----end

SELECT 1 UNION SELECT 2 EXCEPT SELECT 2 ORDER BY 1;
----
1
----end

SELECT 1 UNION (SELECT 2 INTERSECT SELECT 2) ORDER BY 1;
----
1
2
----end

SELECT time::date FROM cpu WHERE host = 'a' UNION SELECT '2024-02-01' ORDER BY 1;
----
2024-01-01
2024-01-02
2024-02-01
----end

SELECT host, load FROM cpu WHERE load < 3 UNION SELECT name, cores FROM hosts WHERE cores > 4 ORDER BY 2, 1;
----
a|1
b|2
b|8
e|16
----end

VALUES (1), (2) UNION ALL VALUES (3) ORDER BY 1;
----
1
2
3
----end

