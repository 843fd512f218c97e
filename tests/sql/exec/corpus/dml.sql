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

INSERT INTO hosts (id, name) VALUES (5, 'f') RETURNING *;
----
5|f|none|NULL
----end

INSERT INTO hosts VALUES (6, 'g', DEFAULT, 2), (7, 'h', 'ap', NULL) RETURNING id, region AS r, cores + 1;
----
6|none|3
7|ap|NULL
----end

INSERT INTO hosts SELECT id + 100, name, region, cores FROM hosts WHERE id < 3;
----
----end

INSERT INTO hosts (name, id) SELECT 'z', 200 RETURNING id, name, region, cores;
----
200|z|none|NULL
----end

INSERT INTO hosts DEFAULT VALUES RETURNING *;
----
NULL|NULL|none|NULL
----end

SELECT * FROM hosts ORDER BY id;
----
1|a|eu|4
2|b|us|8
3|c|eu|NULL
4|e|NULL|16
5|f|none|NULL
6|g|none|2
7|h|ap|NULL
101|a|eu|4
102|b|us|8
200|z|none|NULL
NULL|NULL|none|NULL
----end

UPDATE hosts SET cores = cores + 1 WHERE region = 'eu' RETURNING id, cores;
----
1|5
3|NULL
101|5
----end

UPDATE hosts SET region = DEFAULT, name = upper(name) WHERE id = 4 RETURNING *;
----
4|E|none|16
----end

UPDATE hosts SET (name, cores) = ('q', 3) WHERE id = 5 RETURNING name, cores;
----
q|3
----end

UPDATE hosts h SET cores = x.c FROM (SELECT host, count(*) AS c FROM cpu GROUP BY host) x WHERE x.host = h.name RETURNING h.id, h.cores, x.host;
----
2|3|b
102|3|b
1|3|a
3|2|c
101|3|a
----end

UPDATE hosts SET cores = (SELECT count(*) FROM cpu WHERE host = name) WHERE id = 3 RETURNING id, cores;
----
3|2
----end

SELECT * FROM hosts ORDER BY id;
----
1|a|eu|3
2|b|us|3
3|c|eu|2
4|E|none|16
5|q|none|3
6|g|none|2
7|h|ap|NULL
101|a|eu|3
102|b|us|3
200|z|none|NULL
NULL|NULL|none|NULL
----end

DELETE FROM hosts WHERE id > 100 RETURNING id, name;
----
200|z
102|b
101|a
----end

DELETE FROM hosts USING cpu WHERE cpu.host = hosts.name AND cpu.load = 2 RETURNING hosts.id;
----
2
----end

DELETE FROM hosts WHERE id IN (SELECT id FROM hosts WHERE id = 1);
----
----end

SELECT * FROM hosts ORDER BY id;
----
3|c|eu|2
4|E|none|16
5|q|none|3
6|g|none|2
7|h|ap|NULL
NULL|NULL|none|NULL
----end

UPDATE cpu SET usage = 0 WHERE host = 'a' AND time < '2024-01-02';
----
----end

SELECT host, usage FROM cpu WHERE host = 'a' ORDER BY time;
----
a|0
a|0
a|60
----end

DELETE FROM cpu WHERE time >= '2024-01-03';
----
----end

SELECT count(*) FROM cpu;
----
6
----end

UPDATE hosts SET id = id WHERE false RETURNING *;
----
----end

INSERT INTO cpu (time, host) VALUES ('2024-02-01', 'new') RETURNING time, host, usage;
----
2024-02-01 00:00:00+00|new|NULL
----end

INSERT INTO cpu SELECT '2024-03-01'::timestamptz + x * interval '1 hour', 'gen' || x, x, x, 't' FROM generate_series(1, 5) x;
----
----end

SELECT host, time FROM cpu WHERE host LIKE 'gen%' ORDER BY time;
----
gen1|2024-03-01 01:00:00+00
gen2|2024-03-01 02:00:00+00
gen3|2024-03-01 03:00:00+00
gen4|2024-03-01 04:00:00+00
gen5|2024-03-01 05:00:00+00
----end

WITH q AS (SELECT 77 AS v) INSERT INTO hosts (id, name) SELECT v, 'w' FROM q RETURNING id, name;
----
77|w
----end

WITH q AS (SELECT 77 AS v) DELETE FROM hosts WHERE id IN (SELECT v FROM q) RETURNING id;
----
77
----end

INSERT INTO n (i, m, t) VALUES (10, 1.005, 'x'), (11, '2.5', 'y') RETURNING i, m, t;
----
10|1.01|x
11|2.50|y
----end

INSERT INTO n (s) VALUES (40000);
----
ERROR: 22003 smallint out of range
----end

INSERT INTO n (t, i) VALUES ('text', 3.7) RETURNING i;
----
4
----end

UPDATE n SET b = b * 2 WHERE i = 2 RETURNING b;
----
40
40
----end

SELECT count(*), sum(b) FROM n;
----
8|130
----end

INSERT INTO hosts VALUES (1, 'late') ON CONFLICT DO NOTHING RETURNING id;
----
1
----end

DELETE FROM hosts;
----
----end

SELECT count(*) FROM hosts;
----
0
----end

WITH q AS (SELECT 20 AS v) SELECT i FROM n WHERE b IN (SELECT v FROM q);
----
----end

