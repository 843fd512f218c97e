"""A relay in front of a data node. It keeps the HELLO and a sample of the requests that the access node sends through it."""
import socket
import struct
import threading

KEEP_PER_METHOD = 40


class RpcRecorder:
    def __init__(self, target_port):
        self.target_port = target_port
        self.hello = None
        self.opens = {}  # method -> OPEN payloads
        self.data = []   # DATA payloads
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                return
            self.sockets += [client, server]
            threading.Thread(target=self._relay, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._relay, args=(server, client, False), daemon=True).start()

    def _relay(self, source, target, keep):
        seen = b""
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
                if keep:
                    seen = self._record(seen + data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _record(self, seen):
        if seen.startswith(b"TSDRPC1\n"):
            seen = seen[8:]
        while len(seen) >= 9:
            length, kind, _ = struct.unpack("<IBI", seen[:9])
            if len(seen) < 4 + length:
                break
            payload = seen[9:4 + length - 8]
            if kind == 1:
                self.hello = payload
            elif kind == 3 and payload and len(payload) < 1 << 16:
                kept = self.opens.setdefault(payload[0], [])
                if len(kept) < KEEP_PER_METHOD:
                    kept.append(payload)
            elif kind == 4 and len(self.data) < KEEP_PER_METHOD and len(payload) < 1 << 16:
                self.data.append(payload)
            seen = seen[4 + length:]
        return seen

    def close(self):
        self.listener.close()
        for end in self.sockets:
            end.close()
