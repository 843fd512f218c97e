"""Hostile clients against an access node and data nodes over real sockets: broken start-up packets, broken messages, broken COPY data,
broken RPC, slow and vanishing clients. After every round a normal client must be served at once and right; at the end memory, threads
and file descriptors must be where they were. TSD_FUZZ_MESSAGES (default 20000) and TSD_FUZZ_SEED govern the random rounds."""
import os
import random
import struct
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "fuzz")]
from cluster import Cluster  # noqa: E402
from rpc_recorder import RpcRecorder  # noqa: E402
import wire  # noqa: E402
from wire import Client, Gone, SYNC, bind, describe, execute, message, parse, query, startup  # noqa: E402

SEED = int(os.environ.get("TSD_FUZZ_SEED", time.time_ns() % 1_000_000_000))
MESSAGES = int(os.environ.get("TSD_FUZZ_MESSAGES", 20000))
ANSWER_SECONDS = 2
MAX_GROWTH_KIB = 200 << 10

QUERIES = [
    b"SELECT 1", b"", b";", b"SELECT 1; SELECT 2", b"SELECT count(*) FROM m", b"SELECT device, avg(v) FROM m GROUP BY 1 ORDER BY 2 DESC LIMIT 3",
    b"SELECT time_bucket('1 day', time) AS d, last(n, time), max(v) FROM m WHERE device = 'd1' AND n BETWEEN 3 AND 700 GROUP BY d",
    b"SELECT * FROM m ORDER BY time DESC, n LIMIT 7 OFFSET 2", b"INSERT INTO scratch VALUES (1, 'a', 2.5), (2, NULL, 'NaN') RETURNING a + 1",
    b"WITH x AS (SELECT n % 7 AS k, sum(v) AS s FROM m GROUP BY 1) SELECT * FROM x a JOIN x b USING (k) WHERE a.s > 1",
    b"SELECT row_number() OVER (PARTITION BY device ORDER BY n), lag(v) OVER (ORDER BY n) FROM m WHERE n < 20", b"SELECT 1/0", b"SELECT nope",
    b"SELECT '{\"a\": [1, 2, {\"b\": null}]}'::jsonb -> 'a' ->> 1", b"SELECT ARRAY[1,2,3]::int[], ARRAY['a', NULL]", b"SELECT E'\\x41\\u00e9' || $$q$$",
    b"SELECT '2024-02-30'::date", b"SELECT interval '1 mon 3 days' * 1.5, now() - interval '1 year'", b"SELECT 99999999999999999999999::numeric * 3",
    b"SELECT regexp_replace('aaaaaaaaaaaaaaaaaaaaaaaa', '(a+)+b', 'x'), 'abc' LIKE '%b_', substring('abc' from 2)", b"SHOW all", b"BEGIN", b"ROLLBACK", b"COMMIT",
    b"SAVEPOINT s; ROLLBACK TO s", b"SET application_name = 'x'", b"EXPLAIN (VERBOSE) SELECT count(*) FROM m", b"SELECT to_char(time, 'YYYY-MM-DD HH24:MI') FROM m LIMIT 2",
    b"PREPARE p AS SELECT $1::int; EXECUTE p(3); DEALLOCATE p", b"DECLARE c CURSOR FOR SELECT n FROM m; FETCH 3 FROM c; CLOSE c",
    b"SELECT relname FROM pg_class WHERE relkind = 'r' LIMIT 3", b"SELECT CASE WHEN n > 3 THEN 'x' ELSE NULL END FROM m WHERE n IN (1,2,3) OR n IS NULL",
    b"UPDATE scratch SET c = c + 1 WHERE a = 1", b"DELETE FROM scratch WHERE a < 100", b"SELECT $1::int + $2::bigint, $3::text",
]


class HostileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"TSD_FUZZ_SEED={SEED} TSD_FUZZ_MESSAGES={MESSAGES}", file=sys.stderr)
        cls.cluster = Cluster(data_nodes=2)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.close)
        cls.recorder = RpcRecorder(cls.cluster.nodes["dn2"].port)
        cls.addClassCleanup(cls.recorder.close)
        cls.cluster.sql(f"SELECT add_data_node('dn1', host => '127.0.0.1', port => {cls.cluster.nodes['dn1'].port})")
        cls.cluster.sql(f"SELECT add_data_node('dn2', host => '127.0.0.1', port => {cls.recorder.port})")
        cls.cluster.sql("CREATE TABLE m(time timestamptz NOT NULL, device text, v double precision, n bigint)")
        cls.cluster.sql("SELECT create_distributed_hypertable('m', 'time', 'device', chunk_time_interval => interval '1 day')")
        cls.cluster.sql("INSERT INTO m SELECT '2024-01-01'::timestamptz + g * interval '10 minutes', 'd' || g % 20, g * 0.5, g FROM generate_series(0, 999) g")
        cls.cluster.sql("CREATE TABLE scratch(a int, b text, c double precision)")
        for text in ("SELECT device, avg(v), last(n, time) FROM m WHERE n > 5 GROUP BY 1", "SELECT * FROM m WHERE device LIKE 'd1%' ORDER BY v LIMIT 5"):
            cls.cluster.sql(text)
        for _ in range(20):
            cls.serves()
        cls.before = {name: cls.usage(name) for name in cls.cluster.nodes}

    def setUp(self):
        begin = time.monotonic()
        self.addCleanup(lambda: print(f"{time.monotonic() - begin:.1f} s ", end="", file=sys.stderr))
        self.random = random.Random(f"{SEED}/{self.id()}")

    def tearDown(self):
        self.serves()

    @classmethod
    def usage(cls, name):
        pid = cls.cluster.nodes[name].process.pid
        sockets = files = 0
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            sockets += target.startswith("socket:")
            files += not target.startswith("socket:")
        with open(f"/proc/{pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return {"sockets": sockets, "files": files, "rss_kib": int(fields["VmRSS"].split()[0]), "threads": int(fields["Threads"])}

    @classmethod
    def serves(cls):
        """Every process lives, and a normal client gets right answers at once."""
        for name, node in cls.cluster.nodes.items():
            if node.process.poll() is not None:
                raise AssertionError(f"{name} ended with {node.process.returncode}: {cls.cluster.tail(name, 60)}")
        for name, texts in (("an", (("SELECT 1", "1"), ("SELECT count(*) FROM m", "1000"))), ("dn1", (("SELECT 1", "1"),)), ("dn2", (("SELECT 1", "1"),))):
            begin = time.monotonic()
            with Client(cls.cluster.nodes[name].port, timeout=20) as client:
                client.login()
                for text, answer in texts:
                    got = client.rows(text)
                    if got != [answer]:
                        raise AssertionError(f"{name}: {text} gave {got}")
            if (took := time.monotonic() - begin) > ANSWER_SECONDS:
                raise AssertionError(f"{name}: a normal client waited for {took:.1f} s")

    def ports(self):
        return [self.cluster.nodes["an"].port, self.cluster.nodes["dn1"].port]

    def throw(self, port, data, seconds=0.05):
        """Sends and takes what comes; True if the server has closed."""
        with Client(port) as client:
            try:
                client.send(data)
            except Gone:
                return True
            return client.drain(seconds)

    def login(self, node="an", timeout=30):
        client = Client(self.cluster.nodes[node].port, timeout)
        self.addCleanup(client.socket.close)
        return client.login()

    # ---- before the login ----

    def test_startup_packets(self):
        for port in self.ports():
            for length in list(range(9)) + [9, 0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 10001, 10000]:
                for rest in (b"", b"\0\3\0\0", b"\0\3\0\0user\0x\0\0", bytes(20)):
                    closed = self.throw(port, struct.pack(">I", length) + rest, 0.02)
                    if length < 8 or length > 10000:
                        self.assertTrue(closed or self.throw(port, struct.pack(">I", length) + rest, 2), f"length {length} is waited for")
            for version in (0, 1, 2 << 16, (3 << 16) + 1, (3 << 16) + 65535, 4 << 16, 0xFFFFFFFF, 80877105, 80877101):
                self.throw(port, startup(version=version))
            user, end = (b"user", b"tsdbadmin"), b"\0"
            many = [(b"p%d" % i, b"") for i in range(10000)]
            for packet in (startup([]), startup([(b"database", b"tsdb")]), startup([user, *many]), startup([user, *many[:1000]]), startup(end=b""),
                           startup(end=b"user"), startup(end=b"\0\0\0"), startup([user] * 300), startup([(b"user", b"\xff\xfe")]),
                           startup([user, (b"options", b"-c work_mem=x -c \\")]), startup([user, (b"client_encoding", b"LATIN1")]),
                           startup([user, (b"replication", b"true")]), startup([user, (b"_pq_.x", b"1")]), startup([user, (b"", b"x")]),
                           startup([user, (b"database", b"a" * 9000)]), startup([user, (b"DateStyle", b"nope")]), startup([user], end=end * 2)):
                self.throw(port, packet)

    def test_other_protocols(self):
        hello = bytes.fromhex("16030100c8010000c40303") + self.random.randbytes(190)
        for port in self.ports():
            for data in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n\r\n", hello, b"SSH-2.0-x\r\n", b"\0", b"T", b"TSDRPC", b"TSDRPC2\n",
                         wire.SSL_REQUEST * 2, wire.SSL_REQUEST * 500, wire.GSS_REQUEST + wire.SSL_REQUEST, wire.SSL_REQUEST + hello,
                         wire.SSL_REQUEST + startup() + query("SELECT 1"), startup() + wire.SSL_REQUEST, startup() + startup(), message(b"p", b"secret\0")):
                self.throw(port, data)
            with Client(port) as client:  # plain after 'N' is allowed
                client.send(wire.SSL_REQUEST)
                self.assertEqual(client.socket.recv(1), b"N")
                client.login()
                self.assertEqual(client.rows("SELECT 7"), ["7"])

    def test_cancel_with_wrong_keys(self):
        victim = self.login()
        pid, secret = victim.key
        for _ in range(200):
            for port in self.ports():
                self.throw(port, wire.cancel(self.random.choice((pid, pid + 1, 0, -1)), secret ^ (1 << self.random.randrange(32))), 0.002)
        for size in (0, 1, 3, 5, 256, 257, 5000):
            self.throw(self.cluster.port, struct.pack(">III", 12 + size, 80877102, pid) + bytes(size))
        self.throw(self.cluster.port, wire.cancel(pid, secret))  # right, but nothing runs
        self.assertEqual(victim.rows("SELECT sum(n) FROM m"), ["499500"])

    def test_random_bytes(self):
        for _ in range(150):
            data = self.random.randbytes(self.random.choice((1, 3, 4, 7, 8, 9, 30, 1000, 20000)))
            self.throw(self.random.choice(self.ports()), data, 0.005)
            packet = wire.mutate(self.random, startup())
            self.throw(self.random.choice(self.ports()), packet + data, 0.005)

    # ---- after the login ----

    def random_message(self):
        r = self.random
        name = r.choice((b"", b"", b"s", b"t", b"nope", b"x" * 300))
        text = r.choice(QUERIES)
        if r.random() < 0.4:
            text = wire.mutate(r, text).replace(b"\0", b" ")
        values = [r.choice((None, b"", b"1", b"-5", b"x", b"\0\0\0\7", b"\xff", b"9" * 400, r.randbytes(8))) for _ in range(r.choice((0, 0, 1, 2, 3, 7)))]
        codes = [r.choice((0, 1, 0, 1, 2, -1)) for _ in range(r.choice((0, 0, 1, 2, 3)))]
        return r.choice((
            lambda: parse(name, text, [r.choice((0, 20, 23, 25, 701, 1700, 1184, 1007, 17, 114, 4294967295, 1)) for _ in range(r.choice((0, 0, 1, 3, 9)))]),
            lambda: bind(r.choice((b"", b"p")), name, values, codes, codes), lambda: execute(r.choice((b"", b"p", b"nope")), r.choice((0, 1, 2, -1, 2147483647))),
            lambda: describe(r.choice((b"S", b"P", b"P", b"x")), name), lambda: message(b"C", r.choice((b"S", b"P", b"\0")) + name + b"\0"),
            lambda: message(b"H"), lambda: SYNC, lambda: SYNC + query(text), lambda: message(r.choice((b"d", b"c", b"f")), r.randbytes(9) + b"\0"),
            lambda: message(b"F", r.randbytes(12)), lambda: message(r.choice((b"P", b"B", b"E", b"D", b"C", b"Q")), r.randbytes(r.randrange(40)))))()

    def test_valid_streams_get_one_ready_each(self):
        """Whole messages of known types with any content. A Sync, and a Query behind a Sync, is answered by one ReadyForQuery."""
        sent = 0
        while sent < MESSAGES // 2:
            with Client(self.cluster.port, timeout=30) as client:
                client.login()
                for _ in range(10):
                    stream, expected, behind_sync = b"", 0, True
                    for _ in range(self.random.randrange(1, 12)):
                        data = self.random_message()
                        for kind in self.kinds(data):
                            if kind == b"S":
                                expected, behind_sync = expected + 1, True
                            elif kind in (b"Q", b"F"):
                                if not behind_sync:  # it might be skipped
                                    stream, expected = stream + SYNC, expected + 1
                                expected, behind_sync = expected + 1, True
                            else:
                                behind_sync = False
                        # A Query that needs a Sync in front was counted above; the Sync lies in front of the whole piece.
                        stream += data
                        sent += 1
                    mark = f"end {self.random.random()}"
                    client.send(stream + SYNC + query(f"ROLLBACK; SELECT '{mark}'"))
                    try:
                        answers, found = 0, False
                        while not found or answers < expected + 2:
                            kind, body = client.read()
                            answers += kind == b"Z"
                            found = found or (kind == b"D" and body[6:] == mark.encode())
                            if kind == b"D" and answers != expected + 1 and found:
                                self.fail(f"{answers} ReadyForQuery, {expected + 1} expected for {stream!r}")
                            if answers > expected + 2:
                                self.fail(f"too many ReadyForQuery for {stream!r}")
                    except (Gone, TimeoutError) as error:
                        self.fail(f"{error!r} after {answers} of {expected + 2} ReadyForQuery for {stream!r}")
        self.serves()

    @staticmethod
    def kinds(data):
        while data:
            yield data[:1]
            data = data[1 + struct.unpack(">I", data[1:5])[0]:]

    def test_mutated_messages(self):
        """Anything goes: the server may answer, close, or wait for more."""
        sent = 0
        while sent < MESSAGES // 2:
            with Client(self.random.choice(self.ports())) as client:
                client.login()
                try:
                    for _ in range(self.random.choice((3, 10, 30))):
                        data = self.random_message() + self.random_message()
                        client.send(wire.mutate(self.random, data) if self.random.random() < 0.7 else data)
                        sent += 2
                    client.send(SYNC)
                    client.drain(0.001)
                except Gone:
                    pass

    def test_bad_lengths_and_counts(self):
        bodies = [b"", b"\0", b"\0\0", b"\0\0\0\0\xff\xff", b"\0\0\xff\xff" + bytes(40), b"\0\0\0\0\0\1\xff\xff\xff\xfe\0\0", b"\0\0\0\0\0\1\x7f\xff\xff\xff\0\0",
                  b"\0\0\0\0" + b"\xff\xff" + struct.pack(">i", -1) * 65535 + b"\0\0", b"\0SELECT 1\0\xff\xff" + bytes(4 * 65535), b"\0SELECT 1\0\xff\xff",
                  b"SELECT 1", b"SELECT 1\0\0", b"SELECT '\xff\xfe'\0", b"\xc3\x28\0", b"S", b"Pnope\0", b"S\0x"]
        known = b"QPBEDCHSXFdcfp"
        for kind in [bytes([k]) for k in known] + [bytes([self.random.choice([k for k in range(256) if k not in known])]) for _ in range(12)]:
            for length in (None, 0, 3, 4, 5, 0xFFFFFFFF, 0x7FFFFFFF, 0x3FFFFFFF, 0x40000000, 10001):
                if length is not None and length > 4 and kind not in known:
                    continue
                with Client(self.cluster.port) as client:
                    client.login()
                    try:
                        for body in bodies if length is None and kind in b"PBEDCQF" else bodies[:1] + bodies[-1:]:
                            client.send(message(kind, body, length))
                        client.send(SYNC)
                    except Gone:
                        pass
                    client.drain(0.001)
        with self.login() as client:  # 65535 parameters that are right, where none is wanted
            client.send(parse(b"", b"SELECT 1") + bind(b"", b"", [b"1"] * 65535) + SYNC)
            self.assertEqual([kind for kind, _ in client.until_ready()], [b"1", b"E", b"Z"])
            client.send(parse(b"", b"SELECT $65535::int") + describe(b"S", b"") + SYNC)
            client.until_ready()
            client.send(parse(b"", b"SELECT $99999999999::int") + parse(b"", b"SELECT $0") + SYNC)
            client.until_ready()

    def test_huge_and_deep_queries(self):
        deep = 100000
        numbers = ",".join(map(str, range(20000)))
        texts = ["SELECT " + "(" * deep + "1" + ")" * deep, "SELECT " + "(" * deep, "SELECT " + "-" * 1 + "- 1\n" * 10 + "1", "SELECT " + "NOT " * deep + "true",
                 "SELECT " + "+ " * deep + "1", "SELECT 1" + "+1" * deep, "SELECT 1" + "||'a'" * 20000, "SELECT " + "(SELECT " * 20000 + "1" + ")" * 20000,
                 "SELECT 1" + " UNION ALL SELECT 1" * 5000, "SELECT " + "ARRAY[" * 50000, "SELECT " + "CASE WHEN true THEN " * 30000 + "1" + " END" * 30000,
                 "SELECT 1" + "::int" * 50000, "SELECT true" + " AND true" * 50000, "SELECT * FROM " + "(" * 50000 + "m", "SELECT 1" + "[1]" * 50000,
                 "WITH " + ",".join(f"a{i} AS (SELECT 1)" for i in range(3000)) + " SELECT 1", "/*" * deep, "SELECT '" + "x" * (1 << 20) + "'", "SELECT " + "x" * (1 << 20), " " * (1 << 20), ";" * (1 << 20),
                 "SELECT '" + "[" * deep + "'::jsonb", "SELECT '" + "{" * deep + "'::int[]", "SELECT repeat('(', 50000) ~ repeat('(', 50000)",
                 "SELECT 'a' ~ repeat('(a*)*', 5000)", "SELECT 'a' LIKE repeat('%', 100000)", "SELECT " + "abs(" * 50000 + "1" + ")" * 50000,
                 "SELECT $tag" + "x" * deep, "EXPLAIN " * 20000 + "SELECT 1", "SELECT 1 FROM m" + ", m" * 3000 + " LIMIT 0",
                 "SELECT 1e999999999::numeric", "SELECT repeat('x', 2000000000)", "SELECT lpad('x', 2147483647)",
                 "SELECT factorial(100000)", "SELECT to_char(1, repeat('9', 100000))", "SELECT interval '" + "1 day " * 20000 + "'"]
        slow = []
        for text in texts:
            with self.login() as client:
                begin = time.monotonic()
                try:
                    client.send(query(text))
                    client.until_ready()
                    client.send(parse(b"", text.encode()) + bind(b"", b"") + execute(b"") + SYNC)
                    client.until_ready()
                    self.assertEqual(client.rows("SELECT 1"), ["1"])
                except Gone as gone:
                    self.fail(f"{gone} at {text[:60]}")
                except TimeoutError:
                    self.fail(f"no answer in 30 s: {text[:60]}")
                if (took := time.monotonic() - begin) > 15:  # planned three times, on a busy machine
                    slow.append(f"{took:.1f} s: {text[:60]}")
            self.serves()
        self.assertEqual(slow, [])
        with self.login() as client:
            self.assertEqual(client.rows(f"SELECT count(*) FROM m WHERE n IN ({numbers})"), ["1000"])
            self.assertEqual(client.rows(f"SELECT count(*) FROM m WHERE n NOT IN ({numbers})"), ["0"])

    def test_too_wide_rows_are_refused(self):
        """A row's column count has 16 bits on the wire; PostgreSQL refuses more than 1664."""
        with self.login() as client:
            for count in (1665, 70000):
                client.send(query("SELECT " + ",".join(["1"] * count)))
                answer = client.until_ready()
                self.assertEqual([kind for kind, _ in answer], [b"E", b"Z"])
                self.assertIn(b"C54011\0", answer[0][1])

    def test_long_numbers_do_not_stop_the_server(self):
        """One value that takes long to compute holds a worker; as many as there are workers must not hold the server."""
        texts = ["SELECT 10::numeric ^ 100000", "SELECT 99999999999999999999999::numeric ^ 3999"]
        clients = []
        for i in range(2 * os.cpu_count()):
            clients.append(self.login())
            clients[-1].send(query(texts[i % 2]))
        time.sleep(0.2)
        try:
            self.serves()
        except TimeoutError:
            self.fail("two statements that compute long numbers stop the whole server")
        finally:
            for client in clients:
                client.socket.close()

    # ---- COPY ----

    def copy(self, options, pieces, end):
        with self.login() as client:
            client.send(query(f"COPY scratch FROM STDIN {options}"))
            kind, body = client.read()
            if kind == b"E":
                self.fail(f"{options}: {body!r}")
            try:
                client.send(b"".join(message(b"d", piece) for piece in pieces) + end)
                client.send(SYNC + query("SELECT 'after'"))
                found = ready = 0
                while not (found and kind == b"Z"):
                    kind, body = client.read()
                    ready += kind == b"Z"
                    found = found or (kind == b"D" and body[6:] == b"after")
                self.assertIn(ready, (2, 3))  # the COPY, the Sync unless the COPY took it, the query
            except Gone:
                self.assertNotIn(end[:1], (b"c", b"f"), f"closed in the middle of {options} {pieces!r}")

    def test_copy_garbage(self):
        header = b"PGCOPY\n\377\r\n\0" + bytes(8)
        row = struct.pack(">hiiibid", 3, 4, 7, 1, 65, 8, 1.5)
        good = {"": b"1\ta\\tb\t2.5\n\\N\t\\N\t\\N\n", "(FORMAT csv)": b'1,"a ""q"", x",2.5\n,,\n', "(FORMAT csv, HEADER, DELIMITER '|', NULL 'x')": b"a|b|c\n1|x|2\n",
                "(FORMAT binary)": header + row * 3 + b"\xff\xff"}
        bad = [b"", b"\0", b"\\.", b"\\.\n1", b'"', b"\n" * 50, b"\\", b"1\t2\t3\t4\t5", b"\xff\xfe\t\t", b"x" * 100000, b'"' * 999, header[:11] + b"\xff" * 8,
               header + b"\x7f\xff", header + b"\x80\0", header + struct.pack(">hi", 3, -2), header + struct.pack(">hi", 3, 0x7FFFFFFF), header + struct.pack(">hi", 3, 3) + b"abc",
               header[:15] + b"\x7f\xff\xff\xff", b"PGCOPY\n"]
        ends = (message(b"c"), message(b"f", b"no\0"), message(b"f", b"\xff"), b"", message(b"Q", b"SELECT 1\0"), message(b"P", b"\0\0\0\0"), message(b"d", b"", 3), b"\x01\2\3", message(b"X"))
        for options, data in good.items():
            for piece in bad:
                self.copy(options, [piece], ends[0])
            for _ in range(40):
                text = wire.mutate(self.random, data * self.random.choice((1, 1, 50)))
                cut = sorted(self.random.randrange(len(text) + 1) for _ in range(self.random.choice((0, 1, 3))))
                pieces = [text[a:b] for a, b in zip([0, *cut], [*cut, len(text)])]
                self.copy(options, pieces, self.random.choice(ends[:3]))
            for end in ends[3:]:
                try:
                    with self.login() as client:
                        client.send(query(f"COPY scratch FROM STDIN {options}"))
                        client.read()
                        client.send(message(b"d", data) + end)
                        client.drain(0.02)
                except Gone:
                    pass

    # ---- slow clients and clients that vanish ----

    def test_idle_and_slow_connections(self):
        idle = []
        try:
            for i in range(200):
                client = Client(self.ports()[i % 2])
                client.send((b"", b"\0\0", startup()[:20], b"TSDRPC1\n", b"TSD")[i % 5])
                idle.append(client)
            self.serves()
            packet = startup()
            slow = [Client(port) for port in self.ports()]
            idle += slow
            for at in range(4):
                for client in slow:
                    client.send(packet[at:at + 1])
                time.sleep(1)
            for client in slow:
                client.send(packet[4:])
                client.until_ready()
                self.assertEqual(client.rows("SELECT 3"), ["3"])
            self.serves()
        finally:
            for client in idle:
                client.socket.close()

    def test_too_many_logins(self):
        clients = []
        refused = False
        try:
            for _ in range(150):
                client = Client(self.cluster.port)
                clients.append(client)
                try:
                    client.login()
                except Gone as gone:
                    self.assertIn("53300", str(gone))
                    refused = True
                    break
        finally:
            for client in clients:
                client.socket.close()
        self.assertTrue(refused or len(clients) == 150)
        # A slot is free again once the server has seen its client go, which may take a moment on a busy machine.
        for _ in range(100):
            try:
                with Client(self.cluster.port) as client:
                    client.login()
                break
            except Gone as gone:
                self.assertIn("53300", str(gone))
                time.sleep(0.1)

    def test_vanishing_clients(self):
        big = "SELECT g, repeat('x', 100) FROM generate_series(1, 3000000) g"
        wide = "SELECT a.time, b.device FROM m a CROSS JOIN m b"
        for i in range(24):
            client = self.login(("an", "dn1")[i % 2] if i % 3 else "an")
            choice = i % 6
            if choice == 0:
                client.send(query(big))
                client.read()
            elif choice == 1:
                client.send(query(f"COPY ({big}) TO STDOUT"))
                client.read()
            elif choice == 2:
                client.send(query("CREATE TEMP TABLE x(a int)") + query(big))
            elif choice == 3:
                client = self.login()
                client.send(query("COPY m FROM STDIN"))
                client.send(message(b"d", b"2030-01-01\tv\t1\t1\n" * 2000))
            elif choice == 4:
                client = self.login()
                client.send(query("BEGIN; INSERT INTO m VALUES ('2031-01-01', 'v', 1, 1)") + query(wide))
            else:
                client = self.login()
                client.send(parse(b"", wide.encode()) + bind(b"", b"") + execute(b"", 10) + message(b"H"))
                client.read()
            if i % 2:  # a reset instead of an orderly end
                client.socket.setsockopt(wire.socket.SOL_SOCKET, wire.socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
            self.serves()
        # One that stays but does not read: the server holds back instead of piling up.
        readers = [self.login() for _ in range(4)]
        for client in readers:
            client.send(query(big))
        time.sleep(1.5)
        self.serves()
        self.assertLess(self.usage("an")["rss_kib"], self.before["an"]["rss_kib"] + MAX_GROWTH_KIB)
        for client in readers:
            client.socket.close()

    def test_one_that_does_not_read_holds_back_its_own_query_only(self):
        """Over data nodes: neither they nor the access node pile up what a client does not take, and others are answered meanwhile."""
        self.cluster.sql("CREATE TABLE wide(time timestamptz NOT NULL, device text, pad text)")
        self.cluster.sql("SELECT create_distributed_hypertable('wide', 'time', 'device', chunk_time_interval => interval '1 day')")
        self.addCleanup(self.cluster.sql, "DROP TABLE wide")
        rows = 100000
        # Text that does not get much smaller: 50 MB of it a reader.
        self.cluster.sql("INSERT INTO wide SELECT '2024-01-01'::timestamptz + g * interval '1 second', 'd' || g % 20, "
                         f"(SELECT string_agg(md5((g * 16 + i)::text), '') FROM generate_series(1, 16) i) FROM generate_series(1, {rows}) g", timeout=300)
        self.assertEqual(self.cluster.sql("SELECT sum(length(pad)) FROM wide"), str(rows * 512))  # what it leaves in caches is no growth
        before = {name: self.usage(name)["rss_kib"] for name in self.cluster.nodes}
        readers = [self.login() for _ in range(8)]
        for client in readers:
            client.send(query("SELECT * FROM wide"))
        for _ in range(10):
            time.sleep(0.2)
            self.serves()
            self.assertEqual(self.cluster.sql("SELECT count(*) FROM wide"), str(rows))
        grown = {name: self.usage(name)["rss_kib"] - before[name] for name in self.cluster.nodes}
        for name, kib in grown.items():
            self.assertLess(kib, MAX_GROWTH_KIB, grown)
        # Each goes on where it was.
        self.assertEqual(sum(kind == b"D" for kind, _ in readers[0].until_ready()), rows)
        for client in readers:
            client.socket.close()

    # ---- RPC ----

    def test_rpc(self):
        if wire.XXH3 is None:
            self.skipTest("libxxhash is not there")
        r = self.random
        self.assertIsNotNone(self.recorder.hello)
        targets = [self.cluster.nodes[name].port for name in ("dn2", "dn2", "dn1", "an")]
        # Membership and commits are left alone: a peer that may say them could end the cluster by right.
        methods = {method: payloads for method, payloads in self.recorder.opens.items() if method not in (6, 7, 10, 14, 15, 16)}
        self.assertIn(12, methods)  # fragments
        for _ in range(max(150, MESSAGES // 40)):
            data = wire.RPC_MAGIC
            hello = self.recorder.hello
            if r.random() < 0.15:
                hello = wire.mutate(r, hello)
            data += wire.frame(1, 0, hello, length=r.choice((None, None, None, None, None, None, None, 0, 12, 0xFFFFFFFF, 70000)), spoil=r.random() < 0.03)
            for stream in range(1, r.choice((2, 5, 20))):
                choice = r.randrange(10)
                method = r.choice(list(methods))
                payload = r.choice(methods[method])
                if choice < 5:
                    data += wire.frame(3, stream, payload[:6] + wire.mutate(r, payload[6:]))
                elif choice == 5:
                    data += wire.frame(3, stream, bytes([r.choice((0, 1, 2, 3, 4, 5, 8, 9, 11, 12, 13, 17, 255)), r.randrange(3)]) + bytes(4) + r.randbytes(r.randrange(60)))
                elif choice == 6:
                    data += wire.frame(3, stream, payload)
                elif choice == 7:
                    data += wire.frame(r.choice((4, 5, 6, 7, 8, 9)), r.choice((0, stream, stream - 1, 0xFFFFFFFF)), r.choice((b"", r.randbytes(4), r.randbytes(50))))
                elif choice == 8:
                    data += wire.frame(r.randrange(256), r.randrange(20), r.randbytes(r.randrange(30)), spoil=r.random() < 0.5)
                else:
                    data += r.choice((b"", r.randbytes(r.randrange(20)), wire.frame(4, stream, bytes(3000), length=r.choice((0, 12, 1 << 25, 0xFFFFFFFF)))))
            self.throw(r.choice(targets), data, 0.01)
        for port in targets:
            self.throw(port, wire.RPC_MAGIC + r.randbytes(100000))
            self.throw(port, wire.RPC_MAGIC + struct.pack("<IB", 0x7FFFFFFF, 1))

    def test_zz_nothing_leaks(self):
        end = time.monotonic() + 10
        while True:
            after = {name: self.usage(name) for name in self.cluster.nodes}
            grown = [name for name in after if after[name]["sockets"] > self.before[name]["sockets"] + 2 or after[name]["files"] > self.before[name]["files"] + 8
                     or after[name]["threads"] > self.before[name]["threads"]]
            if not grown or time.monotonic() > end:
                break
            time.sleep(0.2)
        print(f"before {self.before}\nafter  {after}", file=sys.stderr)
        self.assertEqual(grown, [], f"before {self.before}, after {after}")
        for name in after:
            self.assertLess(after[name]["rss_kib"], self.before[name]["rss_kib"] + MAX_GROWTH_KIB, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
