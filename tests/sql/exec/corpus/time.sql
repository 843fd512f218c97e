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

SELECT date_trunc('hour', time), sum(load) FROM cpu GROUP BY 1 ORDER BY 1;
----
2024-01-01 00:00:00+00|1
2024-01-01 06:00:00+00|2
2024-01-01 12:00:00+00|3
2024-01-02 00:00:00+00|NULL
2024-01-02 06:00:00+00|5
2024-01-02 18:00:00+00|6
2024-01-03 03:00:00+00|7
2024-01-03 09:00:00+00|8
2024-01-04 00:00:00+00|9
2024-01-05 23:00:00+00|10
----end

SELECT date_trunc('day', time) AS d, host, max(usage) FROM cpu WHERE time BETWEEN '2024-01-01' AND '2024-01-03' GROUP BY d, host ORDER BY d, host;
----
2024-01-01 00:00:00+00|a|30.25
2024-01-01 00:00:00+00|b|20
2024-01-02 00:00:00+00|a|60
2024-01-02 00:00:00+00|b|NULL
2024-01-02 00:00:00+00|c|40
----end

SELECT time FROM cpu WHERE time > '2024-01-02 06:00:00+00' ORDER BY time LIMIT 1;
----
2024-01-02 18:00:00+00
----end

SELECT time FROM cpu WHERE time <= '2024-01-02 06:00:00+00' ORDER BY time DESC LIMIT 1;
----
2024-01-02 06:00:00+00
----end

SELECT time, host FROM cpu WHERE time = '2024-01-03 03:00:00+00';
----
2024-01-03 03:00:00+00|d
----end

SELECT host FROM cpu WHERE time IN ('2024-01-01 00:00:00+00', '2024-01-05 23:59:59+00') ORDER BY host;
----
a
b
----end

SELECT count(*) FROM cpu WHERE time < '2000-01-01';
----
0
----end

SELECT count(*) FROM cpu WHERE time > '2024-01-01' AND time < '2024-01-02' AND host = 'b';
----
1
----end

SELECT count(*) FROM cpu WHERE '2024-01-02' <= time;
----
7
----end

SELECT count(*) FROM cpu WHERE time >= '2024-01-02'::timestamp;
----
7
----end

SELECT count(*) FROM cpu WHERE time >= '2024-01-02'::date AND time::date <= '2024-01-03';
----
5
----end

SELECT host, time FROM cpu ORDER BY time DESC, host LIMIT 4;
----
b|2024-01-05 23:59:59+00
NULL|2024-01-04 00:00:00+00
c|2024-01-03 09:00:00+00
d|2024-01-03 03:00:00+00
----end

SELECT host, time FROM cpu WHERE load > 3 ORDER BY time LIMIT 3;
----
b|2024-01-02 06:00:00+00
a|2024-01-02 18:00:00+00
d|2024-01-03 03:00:00+00
----end

SELECT host, time FROM cpu WHERE host = 'a' ORDER BY time DESC LIMIT 1;
----
a|2024-01-02 18:00:00+00
----end

SELECT time + interval '1 day' AS t FROM cpu ORDER BY t LIMIT 2;
----
2024-01-02 00:00:00+00
2024-01-02 06:00:00+00
----end

SELECT max(time) FROM cpu WHERE host = 'a';
----
2024-01-02 18:00:00+00
----end

SELECT extract(dow FROM time) AS dow, count(*) FROM cpu GROUP BY dow ORDER BY dow;
----
1|3
2|3
3|2
4|1
5|1
----end

SELECT host, count(*) FROM cpu WHERE time >= '2024-01-01' AND time < '2024-01-03' GROUP BY host HAVING count(*) >= 2 ORDER BY count(*) DESC, host;
----
a|3
b|2
----end

SELECT host, min(time), max(time) FROM cpu WHERE host IN ('a', 'b') GROUP BY host ORDER BY host;
----
a|2024-01-01 00:00:00+00|2024-01-02 18:00:00+00
b|2024-01-01 06:00:00+00|2024-01-05 23:59:59+00
----end

SELECT host FROM cpu WHERE host IS NULL;
----
NULL
----end

SELECT time FROM cpu WHERE time > '2024-01-04' OR time < '2024-01-01 01:00' ORDER BY 1;
----
2024-01-01 00:00:00+00
2024-01-05 23:59:59+00
----end

SELECT DISTINCT date_trunc('day', time) AS d FROM cpu ORDER BY d DESC;
----
2024-01-05 00:00:00+00
2024-01-04 00:00:00+00
2024-01-03 00:00:00+00
2024-01-02 00:00:00+00
2024-01-01 00:00:00+00
----end

SELECT count(*) FROM cpu WHERE time > now();
----
0
----end

SELECT c.time, h.id FROM cpu c JOIN hosts h ON h.name = c.host WHERE c.time > '2024-01-02' ORDER BY c.time LIMIT 2;
----
2024-01-02 06:00:00+00|2
2024-01-02 18:00:00+00|1
----end

