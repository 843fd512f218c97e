"""The wire as raw bytes, for attacks: builders of PostgreSQL messages and RPC frames that let every field be wrong, a client without any
checks, and mutations. Standard library only."""
import ctypes
import ctypes.util
import socket
import struct
import time

RPC_MAGIC = b"TSDRPC1\n"
SSL_REQUEST = struct.pack(">II", 8, 80877103)
GSS_REQUEST = struct.pack(">II", 8, 80877104)


def message(kind, body=b"", length=None):
    return kind + struct.pack(">I", (len(body) + 4 if length is None else length) & 0xFFFFFFFF) + body


def startup(parameters=None, version=196608, end=b"\0"):
    if parameters is None:
        parameters = [(b"user", b"tsdbadmin"), (b"database", b"tsdb")]
    body = struct.pack(">I", version) + b"".join(k + b"\0" + v + b"\0" for k, v in parameters) + end
    return struct.pack(">I", len(body) + 4) + body


def cancel(process_id, secret):
    return struct.pack(">III", 16, 80877102, process_id & 0xFFFFFFFF) + struct.pack(">I", secret & 0xFFFFFFFF)


def query(text):
    return message(b"Q", (text if isinstance(text, bytes) else text.encode()) + b"\0")


def parse(name, text, oids=()):
    return message(b"P", name + b"\0" + text + b"\0" + struct.pack(f">H{len(oids)}I", len(oids), *oids))


def bind(portal, statement, values=(), formats=(), result_formats=()):
    body = portal + b"\0" + statement + b"\0" + struct.pack(f">H{len(formats)}h", len(formats), *formats) + struct.pack(">H", len(values))
    body += b"".join(struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value for value in values)
    return message(b"B", body + struct.pack(f">H{len(result_formats)}h", len(result_formats), *result_formats))


def execute(portal, rows=0):
    return message(b"E", portal + b"\0" + struct.pack(">I", rows & 0xFFFFFFFF))


def describe(kind, name):
    return message(b"D", kind + name + b"\0")


SYNC = message(b"S")


class Gone(Exception):
    """The server has closed the connection."""


class Client:
    """One connection. Every wait ends after `timeout` seconds with an exception."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout = timeout
        self.buffer = b""
        self.key = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionError, BrokenPipeError) as error:
            raise Gone(str(error)) from error

    def fill(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError as error:
            raise Gone(str(error)) from error
        if not data:
            raise Gone("end of stream")
        self.buffer += data

    def read(self):
        """The next message: (type, body)."""
        while len(self.buffer) < 5:
            self.fill()
        length = struct.unpack(">I", self.buffer[1:5])[0] + 1
        if not 5 <= length < 1 << 30:
            raise AssertionError(f"the server sent a message of length {length}: {self.buffer[:40]!r}")
        if len(self.buffer) < length:
            parts, have = [self.buffer], len(self.buffer)
            while have < length:
                self.buffer = b""
                self.fill()
                parts.append(self.buffer)
                have += len(self.buffer)
            self.buffer = b"".join(parts)
        kind, body = self.buffer[:1], self.buffer[5:length]
        self.buffer = self.buffer[length:]
        return kind, body

    def until_ready(self):
        """All messages up to and with the next ReadyForQuery."""
        seen = []
        while True:
            seen.append(self.read())
            if seen[-1][0] == b"Z":
                return seen

    def login(self, parameters=None):
        self.send(startup(parameters))
        kind = b""
        while kind != b"Z":
            kind, body = self.read()
            if kind == b"K":
                self.key = struct.unpack(">iI", body[:8])
            if kind == b"E":
                raise Gone(repr(body))
        return self

    def rows(self, text):
        """The first column of each row."""
        self.send(query(text))
        result = []
        for kind, body in self.until_ready():
            if kind == b"E":
                raise AssertionError(f"{text}: {body!r}")
            if kind == b"D":
                length = struct.unpack(">i", body[2:6])[0]
                result.append(None if length < 0 else body[6:6 + length].decode())
        return result

    def drain(self, seconds):
        """Reads what comes for so long; True if the server has closed."""
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self.socket.recv(1 << 16):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(self.timeout)
        return False


def _load_xxh3():
    name = ctypes.util.find_library("xxhash")
    if name is None:
        return None
    function = ctypes.CDLL(name).XXH3_64bits_withSeed
    function.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    function.restype = ctypes.c_uint64
    return function


XXH3 = _load_xxh3()


def frame(kind, stream, payload=b"", length=None, spoil=0):
    """An RPC frame with a right checksum (if libxxhash is there) unless spoilt."""
    head = struct.pack("<IBI", (len(payload) + 13 if length is None else length) & 0xFFFFFFFF, kind, stream & 0xFFFFFFFF)
    checksum = XXH3(payload, len(payload), XXH3(head, 9, 0)) if XXH3 else 0
    return head + payload + struct.pack("<Q", checksum ^ spoil)


INTERESTING = [b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0", b"\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
               b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\xff" * 8, b"\xff" * 9 + b"\x01", b"'", b'"', b"(", b")", b"$1", b";", b"--", b"\\", b"\xc3\x28"]


def mutate(random, data, limit=1 << 16):
    """A few random changes: bytes set, cut, doubled, or replaced by numbers at the edges."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 8))):
        at = random.randrange(len(data) + 1)
        choice = random.randrange(7)
        if choice == 0 and data:
            data[at % len(data)] = random.randrange(256)
        elif choice == 1 and data:
            data[at % len(data)] ^= 1 << random.randrange(8)
        elif choice == 2:
            del data[at:at + random.choice((1, 2, 4, 8, 100))]
        elif choice == 3:
            data[at:at] = random.choice(INTERESTING)
        elif choice == 4:
            piece = random.choice(INTERESTING)
            data[at:at + len(piece)] = piece
        elif choice == 5:
            end = at + random.randrange(1, 32)
            data[at:at] = data[at:end] * random.choice((1, 2, 20))
        else:
            del data[at:]
    return bytes(data[:limit])
