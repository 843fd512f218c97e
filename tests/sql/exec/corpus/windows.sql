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

SELECT host, load, row_number() OVER (ORDER BY time) FROM cpu ORDER BY time;
----
a|1|1
b|2|2
a|3|3
c|NULL|4
b|5|5
a|6|6
d|7|7
c|8|8
NULL|9|9
b|10|10
----end

SELECT host, load, row_number() OVER (PARTITION BY host ORDER BY time DESC) AS rn FROM cpu ORDER BY host, rn;
----
a|6|1
a|3|2
a|1|3
b|10|1
b|5|2
b|2|3
c|8|1
c|NULL|2
d|7|1
NULL|9|1
----end

SELECT tag, load, rank() OVER (ORDER BY tag), dense_rank() OVER (ORDER BY tag) FROM cpu ORDER BY tag, load;
----
w|9|1|1
x|1|2|2
x|6|2|2
x|10|2|2
x|NULL|2|2
y|2|6|3
y|7|6|3
z|5|8|4
NULL|3|9|5
NULL|8|9|5
----end

SELECT host, load, sum(load) OVER (PARTITION BY host ORDER BY time) FROM cpu ORDER BY host, time;
----
a|1|1
a|3|4
a|6|10
b|2|2
b|5|7
b|10|17
c|NULL|NULL
c|8|8
d|7|7
NULL|9|9
----end

SELECT host, load, sum(load) OVER (PARTITION BY host) FROM cpu ORDER BY host, time;
----
a|1|10
a|3|10
a|6|10
b|2|17
b|5|17
b|10|17
c|NULL|8
c|8|8
d|7|7
NULL|9|9
----end

SELECT load, avg(load) OVER (ORDER BY time ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM cpu ORDER BY time;
----
1|1.5000000000000000
2|2.0000000000000000
3|2.5000000000000000
NULL|4.0000000000000000
5|5.5000000000000000
6|6.0000000000000000
7|7.0000000000000000
8|8.0000000000000000
9|9.0000000000000000
10|9.5000000000000000
----end

SELECT load, sum(load) OVER (ORDER BY load RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) FROM cpu ORDER BY load;
----
1|1
2|3
3|6
5|8
6|11
7|18
8|21
9|24
10|27
NULL|NULL
----end

SELECT load, count(*) OVER (ORDER BY time RANGE BETWEEN '1 day' PRECEDING AND '12 hours' FOLLOWING) FROM cpu ORDER BY time;
----
1|3
2|3
3|4
NULL|5
5|5
6|4
7|4
8|3
9|3
10|1
----end

SELECT tag, count(*) OVER (ORDER BY tag GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM cpu ORDER BY tag, time;
----
w|1
x|5
x|5
x|5
x|5
y|6
y|6
z|3
NULL|3
NULL|3
----end

SELECT host, lag(load) OVER w, lead(load, 2) OVER w, lag(load, 1, -1) OVER w FROM cpu WINDOW w AS (ORDER BY time) ORDER BY time;
----
a|NULL|3|-1
b|1|NULL|1
a|2|5|2
c|3|6|3
b|NULL|7|NULL
a|5|8|5
d|6|9|6
c|7|10|7
NULL|8|NULL|8
b|9|NULL|9
----end

SELECT host, first_value(load) OVER w, last_value(load) OVER w, nth_value(load, 2) OVER w FROM cpu WINDOW w AS (PARTITION BY host ORDER BY time) ORDER BY host, time;
----
a|1|1|NULL
a|1|3|3
a|1|6|3
b|2|2|NULL
b|2|5|5
b|2|10|5
c|NULL|NULL|NULL
c|NULL|8|8
d|7|7|NULL
NULL|9|9|NULL
----end

SELECT host, last_value(load) OVER (PARTITION BY host ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM cpu ORDER BY host, time;
----
a|6
a|6
a|6
b|10
b|10
b|10
c|8
c|8
d|7
NULL|9
----end

SELECT load, ntile(3) OVER (ORDER BY time) FROM cpu ORDER BY time;
----
1|1
2|1
3|1
NULL|1
5|2
6|2
7|2
8|3
9|3
10|3
----end

SELECT tag, percent_rank() OVER (ORDER BY tag), cume_dist() OVER (ORDER BY tag) FROM cpu WHERE tag IS NOT NULL ORDER BY tag, time;
----
w|0|0.125
x|0.14285714285714285|0.625
x|0.14285714285714285|0.625
x|0.14285714285714285|0.625
x|0.14285714285714285|0.625
y|0.7142857142857143|0.875
y|0.7142857142857143|0.875
z|1|1
----end

SELECT host, sum(load), rank() OVER (ORDER BY sum(load) DESC NULLS LAST) FROM cpu GROUP BY host ORDER BY 3, 1;
----
b|17|1
a|10|2
NULL|9|3
c|8|4
d|7|5
----end

SELECT host, sum(load), sum(sum(load)) OVER () FROM cpu GROUP BY host ORDER BY 1;
----
a|10|51
b|17|51
c|8|51
d|7|51
NULL|9|51
----end

SELECT * FROM (SELECT host, time, row_number() OVER (PARTITION BY host ORDER BY time DESC) AS rn FROM cpu) q WHERE rn = 1 ORDER BY host;
----
a|2024-01-02 18:00:00+00|1
b|2024-01-05 23:59:59+00|1
c|2024-01-03 09:00:00+00|1
d|2024-01-03 03:00:00+00|1
NULL|2024-01-04 00:00:00+00|1
----end

SELECT load, sum(load) OVER (ORDER BY time ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM cpu ORDER BY time;
----
1|NULL
2|1
3|3
NULL|5
5|3
6|5
7|11
8|13
9|15
10|17
----end

SELECT load, sum(load) OVER (ORDER BY time ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) FROM cpu ORDER BY time;
----
1|50
2|48
3|45
NULL|45
5|40
6|34
7|27
8|19
9|10
10|NULL
----end

SELECT tag, load, sum(load) OVER (ORDER BY tag ROWS UNBOUNDED PRECEDING EXCLUDE TIES) IS NOT NULL FROM cpu ORDER BY tag, load;
----
w|9|t
x|1|t
x|6|t
x|10|t
x|NULL|t
y|2|t
y|7|t
z|5|t
NULL|3|t
NULL|8|t
----end

SELECT load, count(*) FILTER (WHERE host = 'a') OVER (ORDER BY time) FROM cpu ORDER BY time;
----
1|1
2|1
3|2
NULL|2
5|2
6|3
7|3
8|3
9|3
10|3
----end

SELECT load - lag(load) OVER (ORDER BY load) AS diff FROM cpu WHERE load IS NOT NULL ORDER BY load;
----
NULL
1
1
2
1
1
1
1
1
----end

SELECT row_number() OVER (), sum(1) OVER () FROM hosts LIMIT 1;
----
1|4
----end

SELECT id, max(cores) OVER (ORDER BY id DESC) FROM hosts ORDER BY id;
----
1|16
2|16
3|16
4|16
----end

SELECT host, avg(usage) OVER (PARTITION BY host ORDER BY time ROWS 1 PRECEDING) FROM cpu ORDER BY host, time;
----
a|10.5
a|20.375
a|45.125
b|20
b|20
b|100
c|40
c|60.0625
d|70
NULL|90
----end

SELECT string_agg(host, ',') OVER (ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM cpu ORDER BY time;
----
a
a,b
b,a
a,c
c,b
b,a
a,d
d,c
c
b
----end

SELECT host, count(*) OVER (PARTITION BY host), rank() OVER (ORDER BY load) FROM cpu ORDER BY time;
----
a|3|1
b|3|2
a|3|3
c|2|10
b|3|4
a|3|5
d|1|6
c|2|7
NULL|1|8
b|3|9
----end

SELECT i, sum(d) OVER (ORDER BY i RANGE BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM n ORDER BY i;
----
1|9.5
2|14
2|14
3|14
NULL|14
----end

