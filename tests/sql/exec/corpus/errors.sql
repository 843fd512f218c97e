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

SELECT * FROM nothing;
----
ERROR: 42P01 relation "nothing" does not exist
----end

SELECT nothing FROM hosts;
----
ERROR: 42703 column "nothing" does not exist
----end

SELECT h.nothing FROM hosts h;
----
ERROR: 42703 column h.nothing does not exist
----end

SELECT x.id FROM hosts h;
----
ERROR: 42P01 missing FROM-clause entry for table "x"
----end

SELECT hosts.id FROM hosts h;
----
ERROR: 42P01 invalid reference to FROM-clause entry for table "hosts"
----end

SELECT id FROM hosts a, hosts b;
----
ERROR: 42702 column reference "id" is ambiguous
----end

SELECT name, count(*) FROM hosts;
----
ERROR: 42803 column "hosts.name" must appear in the GROUP BY clause or be used in an aggregate function
----end

SELECT name, cores FROM hosts GROUP BY name;
----
ERROR: 42803 column "hosts.cores" must appear in the GROUP BY clause or be used in an aggregate function
----end

SELECT h.name, cores FROM hosts h GROUP BY h.name;
----
ERROR: 42803 column "h.cores" must appear in the GROUP BY clause or be used in an aggregate function
----end

SELECT count(*) FROM hosts WHERE count(*) > 1;
----
ERROR: 42803 aggregate functions are not allowed in WHERE
----end

SELECT sum(count(*)) FROM hosts;
----
ERROR: 42803 aggregate function calls cannot be nested
----end

SELECT id FROM hosts GROUP BY count(*);
----
ERROR: 42803 aggregate functions are not allowed in GROUP BY
----end

SELECT id FROM hosts ORDER BY 5;
----
ERROR: 42P10 ORDER BY position 5 is not in select list
----end

SELECT id FROM hosts GROUP BY 7;
----
ERROR: 42P10 GROUP BY position 7 is not in select list
----end

SELECT DISTINCT id FROM hosts ORDER BY name;
----
ERROR: 42P10 for SELECT DISTINCT, ORDER BY expressions must appear in select list
----end

SELECT DISTINCT ON (id) id FROM hosts ORDER BY name;
----
ERROR: 42P10 SELECT DISTINCT ON expressions must match initial ORDER BY expressions
----end

SELECT 1 + 'x';
----
ERROR: 22P02 invalid input syntax for type integer: "x"
----end

SELECT 1 + 'x'::text;
----
ERROR: 42883 operator does not exist: integer + text
----end

SELECT 'a' + 'b'::text;
----
ERROR: 42883 operator does not exist: unknown + text
----end

SELECT foo(1);
----
ERROR: 42883 function foo(integer) does not exist
----end

SELECT upper(1, 2);
----
ERROR: 42883 function upper(integer, integer) does not exist
----end

SELECT 1 / 0;
----
ERROR: 22012 division by zero
----end

SELECT id / 0 FROM hosts WHERE id = 1;
----
ERROR: 22012 division by zero
----end

SELECT 2147483647 + 1;
----
ERROR: 22003 integer out of range
----end

SELECT 'abc'::int;
----
ERROR: 22P02 invalid input syntax for type integer: "abc"
----end

SELECT '2024-13-01'::date;
----
ERROR: 22008 date/time field value out of range: "2024-13-01"
----end

SELECT id FROM hosts WHERE name;
----
ERROR: 42804 argument of WHERE must be type boolean, not type text
----end

SELECT id FROM hosts WHERE id;
----
ERROR: 42804 argument of WHERE must be type boolean, not type integer
----end

SELECT CASE WHEN 1 THEN 2 END;
----
ERROR: 42804 argument of CASE/WHEN must be type boolean, not type integer
----end

SELECT CASE WHEN true THEN 1 ELSE 'x' END;
----
ERROR: 22P02 invalid input syntax for type integer: "x"
----end

SELECT CASE WHEN true THEN 1 ELSE 'x'::text END;
----
ERROR: 42804 CASE types text and integer cannot be matched
----end

SELECT 1 UNION SELECT 'x'::text;
----
ERROR: 42804 UNION types integer and text cannot be matched
----end

SELECT 1, 2 UNION SELECT 1;
----
ERROR: 42601 each UNION query must have the same number of columns
----end

SELECT COALESCE(1, 'x'::text);
----
ERROR: 42804 COALESCE types integer and text cannot be matched
----end

SELECT (SELECT id FROM hosts);
----
ERROR: 21000 more than one row returned by a subquery used as an expression
----end

SELECT (SELECT id, name FROM hosts);
----
ERROR: 42601 subquery must return only one column
----end

SELECT id IN (SELECT id, name FROM hosts) FROM hosts;
----
ERROR: 42601 subquery has too many columns
----end

INSERT INTO hosts (id, nope) VALUES (1, 2);
----
ERROR: 42703 column "nope" of relation "hosts" does not exist
----end

INSERT INTO hosts (id, id) VALUES (1, 2);
----
ERROR: 42701 column "id" specified more than once
----end

INSERT INTO hosts (id) VALUES (1, 2);
----
ERROR: 42601 INSERT has more expressions than target columns
----end

INSERT INTO hosts (id, name) VALUES (1);
----
ERROR: 42601 INSERT has more target columns than expressions
----end

INSERT INTO hosts VALUES (1, 2, 3, 4, 5);
----
ERROR: 42601 INSERT has more expressions than target columns
----end

INSERT INTO hosts (id) VALUES ('x'::text);
----
ERROR: 42804 column "id" is of type integer but expression is of type text
----end

INSERT INTO hosts (cores) SELECT 'x'::text;
----
ERROR: 42804 column "cores" is of type smallint but expression is of type text
----end

INSERT INTO nothing VALUES (1);
----
ERROR: 42P01 relation "nothing" does not exist
----end

UPDATE hosts SET nope = 1;
----
ERROR: 42703 column "nope" of relation "hosts" does not exist
----end

UPDATE hosts SET id = 1, id = 2;
----
ERROR: 42601 multiple assignments to same column "id"
----end

UPDATE hosts SET id = 'x'::text;
----
ERROR: 42804 column "id" is of type integer but expression is of type text
----end

INSERT INTO cpu (host) VALUES ('x');
----
ERROR: 23502 null value in column "time" of relation "cpu" violates not-null constraint
----end

INSERT INTO n (t, k) VALUES ('x', 5);
----
ERROR: 42804 column "k" is of type boolean but expression is of type integer
----end

SELECT id FROM hosts LIMIT -1;
----
ERROR: 2201W LIMIT must not be negative
----end

SELECT id FROM hosts OFFSET -1;
----
ERROR: 2201X OFFSET must not be negative
----end

SELECT id FROM hosts LIMIT 'x';
----
ERROR: 22P02 invalid input syntax for type bigint: "x"
----end

SELECT id FROM hosts LIMIT id;
----
ERROR: 42P10 argument of LIMIT must not contain variables
----end

SELECT row_number() FROM hosts;
----
ERROR: 42809 window function row_number requires an OVER clause
----end

SELECT id FROM hosts WHERE row_number() OVER () = 1;
----
ERROR: 42P20 window functions are not allowed in WHERE
----end

SELECT upper(name) OVER () FROM hosts;
----
ERROR: 42809 OVER specified, but upper is not a window function nor an aggregate function
----end

SELECT sum(DISTINCT id) OVER () FROM hosts;
----
ERROR: 0A000 DISTINCT is not implemented for window functions
----end

SELECT upper(DISTINCT name) FROM hosts;
----
ERROR: 42809 DISTINCT specified, but upper is not an aggregate function
----end

SELECT * FROM hosts a JOIN hosts a ON true;
----
ERROR: 42712 table name "a" specified more than once
----end

SELECT * FROM hosts JOIN n USING (id);
----
ERROR: 42703 column "id" specified in USING clause does not exist in right table
----end

SELECT * FROM (SELECT 1) q(a, b);
----
ERROR: 42P10 table "q" has 1 columns available but 2 columns specified
----end

SELECT cast(1 AS nosuchtype);
----
ERROR: 42704 type "nosuchtype" does not exist
----end

SELECT 1::varchar(0);
----
ERROR: 22023 length for type varchar must be at least 1
----end

SELECT true::timestamptz;
----
ERROR: 42846 cannot cast type boolean to timestamp with time zone
----end

SELECT ARRAY[1, 'x'::text];
----
ERROR: 42804 ARRAY types integer and text cannot be matched
----end

SELECT ARRAY[];
----
ERROR: 42P18 cannot determine type of empty array
----end

SELECT *;
----
ERROR: 42601 SELECT * with no tables specified is not valid
----end

SELECT q.* FROM hosts;
----
ERROR: 42P01 missing FROM-clause entry for table "q"
----end

WITH q AS (SELECT 1), q AS (SELECT 2) SELECT 1;
----
ERROR: 42712 WITH query name "q" specified more than once
----end

WITH q(a, b) AS (SELECT 1) SELECT 1;
----
ERROR: 42P10 WITH query "q" has 1 columns available but 2 columns specified
----end

WITH RECURSIVE q AS (SELECT 1 AS n INTERSECT SELECT n FROM q) SELECT * FROM q;
----
ERROR: 42P19 recursive query "q" does not have the form non-recursive-term UNION [ALL] recursive-term
----end

WITH RECURSIVE q(n) AS (SELECT 1 UNION ALL SELECT n + 1.5 FROM q WHERE n < 3) SELECT * FROM q;
----
ERROR: 42804 recursive query "q" column 1 has type integer in non-recursive term but type numeric overall
----end

SELECT id FROM hosts FETCH FIRST 1 ROW WITH TIES;
----
ERROR: 42601 WITH TIES cannot be specified without ORDER BY clause
----end

SELECT generate_series(1, 2) FROM hosts WHERE generate_series(1, 2) = 1;
----
ERROR: 0A000 set-returning functions are not allowed in WHERE
----end

SELECT grouping(id) FROM hosts;
----
ERROR: 42803 arguments to GROUPING must be grouping expressions of the associated query level
----end

VALUES (1, 2), (3);
----
ERROR: 42601 VALUES lists must all be the same length
----end

SELECT host FROM cpu GROUP BY host HAVING usage > 1;
----
ERROR: 42803 column "cpu.usage" must appear in the GROUP BY clause or be used in an aggregate function
----end

SELECT name, (SELECT max(load) FROM cpu WHERE host = h.region) FROM hosts h GROUP BY name;
----
ERROR: 42803 subquery uses ungrouped column "h.region" from outer query
----end

SELECT 1 FROM hosts ORDER BY 'x';
----
ERROR: 42601 non-integer constant in ORDER BY
----end

SELECT id AS a, name AS a FROM hosts ORDER BY a;
----
ERROR: 42702 ORDER BY "a" is ambiguous
----end

