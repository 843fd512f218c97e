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

SELECT count(*), count(usage), sum(load), avg(load), min(usage), max(usage) FROM cpu;
----
10|9|51|5.6666666666666667|10.5|100
----end

SELECT host, count(*), sum(load), min(time), max(time) FROM cpu GROUP BY host ORDER BY host;
----
a|3|10|2024-01-01 00:00:00+00|2024-01-02 18:00:00+00
b|3|17|2024-01-01 06:00:00+00|2024-01-05 23:59:59+00
c|2|8|2024-01-02 00:00:00+00|2024-01-03 09:00:00+00
d|1|7|2024-01-03 03:00:00+00|2024-01-03 03:00:00+00
NULL|1|9|2024-01-04 00:00:00+00|2024-01-04 00:00:00+00
----end

SELECT host, avg(usage) FROM cpu GROUP BY host ORDER BY 2 DESC NULLS LAST, 1;
----
NULL|90
d|70
c|60.0625
b|60
a|33.583333333333336
----end

SELECT tag, count(*) AS c FROM cpu GROUP BY tag ORDER BY c DESC, tag;
----
x|4
y|2
NULL|2
w|1
z|1
----end

SELECT host, tag, count(*) FROM cpu GROUP BY host, tag ORDER BY host, tag;
----
a|x|2
a|NULL|1
b|x|1
b|y|1
b|z|1
c|x|1
c|NULL|1
d|y|1
NULL|w|1
----end

SELECT host FROM cpu GROUP BY host HAVING count(*) > 2 ORDER BY host;
----
a
b
----end

SELECT host, max(usage) AS m FROM cpu WHERE time >= '2024-01-02' GROUP BY 1 HAVING max(usage) > 50 ORDER BY m;
----
a|60
d|70
c|80.125
NULL|90
b|100
----end

SELECT time::date AS day, sum(load) FROM cpu GROUP BY day ORDER BY day;
----
2024-01-01|6
2024-01-02|11
2024-01-03|15
2024-01-04|9
2024-01-05|10
----end

SELECT date_trunc('day', time) AS day, host, count(*) FROM cpu GROUP BY 1, 2 ORDER BY 1, 2;
----
2024-01-01 00:00:00+00|a|2
2024-01-01 00:00:00+00|b|1
2024-01-02 00:00:00+00|a|1
2024-01-02 00:00:00+00|b|1
2024-01-02 00:00:00+00|c|1
2024-01-03 00:00:00+00|c|1
2024-01-03 00:00:00+00|d|1
2024-01-04 00:00:00+00|NULL|1
2024-01-05 00:00:00+00|b|1
----end

SELECT load % 3 AS m, count(*) FROM cpu GROUP BY load % 3 ORDER BY m;
----
0|3
1|3
2|3
NULL|1
----end

SELECT load % 3 + 1 AS m, count(*) FROM cpu GROUP BY load % 3 ORDER BY m;
----
1|3
2|3
3|3
NULL|1
----end

SELECT count(DISTINCT host), count(DISTINCT tag) FROM cpu;
----
4|4
----end

SELECT host, count(DISTINCT tag) FROM cpu GROUP BY host ORDER BY host;
----
a|1
b|3
c|1
d|1
NULL|1
----end

SELECT count(DISTINCT host) FROM cpu;
----
4
----end

SELECT tag, count(DISTINCT host), sum(DISTINCT load) FROM cpu GROUP BY tag ORDER BY tag;
----
w|0|9
x|3|17
y|2|9
z|1|5
NULL|2|11
----end

SELECT sum(load) FILTER (WHERE host = 'a'), count(*) FILTER (WHERE usage > 50) FROM cpu;
----
10|5
----end

SELECT sum(i), sum(b), sum(s), sum(f), sum(d), sum(m) FROM n;
----
8|90|8|11|14|91.25
----end

SELECT avg(i), avg(b), avg(s), avg(f), avg(d), avg(m) FROM n;
----
2.0000000000000000|22.5000000000000000|2.0000000000000000|2.75|3.5|22.8125000000000000
----end

SELECT min(t), max(t), bool_and(k), bool_or(k), every(k) FROM n;
----
one|two|f|t|f
----end

SELECT string_agg(host, ',' ORDER BY time) FROM cpu;
----
a,b,a,c,b,a,d,c,b
----end

SELECT string_agg(host, ',' ORDER BY time DESC) FROM cpu WHERE load > 4;
----
b,c,d,a,b
----end

SELECT tag, string_agg(host, '-' ORDER BY host) FROM cpu GROUP BY tag ORDER BY tag;
----
w|NULL
x|a-a-b-c
y|b-d
z|b
NULL|a-c
----end

SELECT array_agg(load ORDER BY load DESC) FROM cpu WHERE host = 'a';
----
{6,3,1}
----end

SELECT array_agg(DISTINCT tag ORDER BY tag) FROM cpu;
----
{w,x,y,z,NULL}
----end

SELECT round(stddev(load)::numeric, 6), round(variance(load)::numeric, 6), round(stddev_pop(usage)::numeric, 6) FROM cpu;
----
3.162278|10.000000|30.129799
----end

SELECT count(*) FROM cpu WHERE usage > 1000;
----
0
----end

SELECT sum(load), avg(load), max(load) FROM cpu WHERE usage > 1000;
----
NULL|NULL|NULL
----end

SELECT host, sum(load) FROM cpu WHERE usage > 1000 GROUP BY host;
----
----end

SELECT sum(load) + count(*) AS x, -sum(load) FROM cpu;
----
61|-51
----end

SELECT upper(host) AS u, sum(load) FROM cpu GROUP BY upper(host) ORDER BY u;
----
A|10
B|17
C|8
D|7
NULL|9
----end

SELECT 1 FROM cpu HAVING count(*) > 5;
----
1
----end

SELECT 'x', count(*) FROM cpu GROUP BY 1;
----
x|10
----end

SELECT count(*) FROM cpu GROUP BY ();
----
10
----end

SELECT host, sum(load) FROM cpu GROUP BY host ORDER BY sum(load) DESC NULLS LAST LIMIT 2;
----
b|17
a|10
----end

SELECT host, sum(load) AS s FROM cpu GROUP BY host ORDER BY s NULLS FIRST, host LIMIT 3 OFFSET 1;
----
c|8
NULL|9
a|10
----end

SELECT region, sum(cores), count(*) FROM hosts GROUP BY ROLLUP (region) ORDER BY region, 3;
----
eu|4|2
us|8|1
NULL|16|1
NULL|28|4
----end

SELECT host, tag, count(*), grouping(host), grouping(tag), grouping(host, tag) FROM cpu GROUP BY CUBE (host, tag) ORDER BY 4, 5, 1, 2;
----
a|x|2|0|0|0
a|NULL|1|0|0|0
b|x|1|0|0|0
b|y|1|0|0|0
b|z|1|0|0|0
c|x|1|0|0|0
c|NULL|1|0|0|0
d|y|1|0|0|0
NULL|w|1|0|0|0
a|NULL|3|0|1|1
b|NULL|3|0|1|1
c|NULL|2|0|1|1
d|NULL|1|0|1|1
NULL|NULL|1|0|1|1
NULL|w|1|1|0|2
NULL|x|4|1|0|2
NULL|y|2|1|0|2
NULL|z|1|1|0|2
NULL|NULL|2|1|0|2
NULL|NULL|10|1|1|3
----end

SELECT host, tag, sum(load) FROM cpu GROUP BY GROUPING SETS ((host), (tag), ()) ORDER BY 1, 2, 3;
----
a|NULL|10
b|NULL|17
c|NULL|8
d|NULL|7
NULL|w|9
NULL|x|17
NULL|y|9
NULL|z|5
NULL|NULL|9
NULL|NULL|11
NULL|NULL|51
----end

SELECT DISTINCT count(*) FROM cpu GROUP BY host ORDER BY 1;
----
1
2
3
----end

SELECT max(time) - min(time) FROM cpu;
----
4 days 23:59:59
----end

SELECT host, min(usage) FROM cpu GROUP BY host HAVING min(usage) IS NULL OR min(usage) > 60 ORDER BY host;
----
d|70
NULL|90
----end

SELECT sum(usage) > 100 AND count(*) = 10 FROM cpu;
----
t
----end

SELECT count(*) FROM (SELECT DISTINCT host FROM cpu) q;
----
5
----end

SELECT max(c) FROM (SELECT host, count(*) AS c FROM cpu GROUP BY host) q;
----
3
----end

SELECT avg(usage) FROM (SELECT usage FROM cpu ORDER BY time DESC LIMIT 3) q;
----
90.04166666666667
----end

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY load) FROM cpu;
----
6
----end

SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY load DESC) FROM cpu;
----
6
----end

SELECT mode() WITHIN GROUP (ORDER BY tag) FROM cpu;
----
x
----end

SELECT percentile_disc(0.1) WITHIN GROUP (ORDER BY x DESC), percentile_cont(0.1) WITHIN GROUP (ORDER BY x DESC), mode() WITHIN GROUP (ORDER BY x DESC), percentile_cont(ARRAY[0.1, NULL, 0.9]) WITHIN GROUP (ORDER BY x DESC) FROM generate_series(1, 10) x;
----
10|9.1|10|{9.1,NULL,1.9000000000000004}
----end

SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY x), percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY x DESC), mode() WITHIN GROUP (ORDER BY x) FROM (VALUES ('b'), ('a'), ('c'), ('c'), (NULL)) v(x);
----
a|{c,c,a}|c
----end

SELECT x % 3, percentile_cont(ARRAY[0, 0.3, 1]) WITHIN GROUP (ORDER BY CASE WHEN x = 7 THEN 'NaN' ELSE x::float8 END), percentile_disc(0.7) WITHIN GROUP (ORDER BY x::text) FILTER (WHERE x > 2) FROM generate_series(1, 20) x GROUP BY 1 ORDER BY 1;
----
0|{3,7.5,18}|6
1|{1,8.799999999999999,NaN}|4
2|{2,7.3999999999999995,20}|5
----end

SELECT host, percentile_cont(0.25) WITHIN GROUP (ORDER BY usage) FROM cpu GROUP BY host ORDER BY host;
----
a|20.375
b|40
c|50.03125
d|70
NULL|90
----end

SELECT corr(load, usage) > 0.9, regr_count(load, usage) FROM cpu;
----
t|8
----end

SELECT count(*), sum(1) FROM generate_series(1, 1000);
----
1000|1000
----end

SELECT x % 10 AS d, sum(x) FROM generate_series(1, 10000) x GROUP BY d ORDER BY d;
----
0|5005000
1|4996000
2|4997000
3|4998000
4|4999000
5|5000000
6|5001000
7|5002000
8|5003000
9|5004000
----end

SELECT sum(x::numeric / 3) FROM generate_series(1, 10) x;
----
18.33333333333333330000
----end

SELECT CASE WHEN count(*) > 0 THEN sum(load) / count(*) END FROM cpu;
----
5
----end

SELECT count(*) FROM cpu c1 WHERE load > 2 AND host <> 'zzz';
----
6
----end

SELECT bit_and(i), bit_or(i) FROM n;
----
0|3
----end

SELECT host, time::date, max(usage) FROM cpu WHERE host IS NOT NULL GROUP BY host, time::date ORDER BY host, 2;
----
a|2024-01-01|30.25
a|2024-01-02|60
b|2024-01-01|20
b|2024-01-02|NULL
b|2024-01-05|100
c|2024-01-02|40
c|2024-01-03|80.125
d|2024-01-03|70
----end

