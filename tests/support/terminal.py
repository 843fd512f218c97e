"""A program on a pseudo terminal: what a person sees and types."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time


class Terminal:
    def __init__(self, command, env=None, columns=100):
        self.seen = ""
        self.fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        environment = dict(os.environ, TERM="xterm", PAGER="cat", LANG="C.UTF-8", **(env or {}))
        self.process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(child)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.send(text + "\r")

    def read(self, seconds):
        """What comes within the time, or nothing."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return ""
        try:
            return os.read(self.fd, 65536).decode(errors="replace")
        except OSError:
            return ""

    def expect(self, pattern, timeout=20):
        """Waits for the pattern and gives what came up to its end; escape sequences are left out."""
        end = time.monotonic() + timeout
        while True:
            plain = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>]|\(B)", "", self.seen).replace("\r\n", "\n")
            if match := re.search(pattern, plain):
                self.seen = plain[match.end():]
                return plain[:match.end()]
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} did not come; there is {plain[-1500:]!r}")
            self.seen += self.read(min(0.2, max(0.0, end - time.monotonic())))

    def interrupt(self):
        self.send("\x03")

    def wait(self, timeout=20):
        """The exit code; takes output meanwhile, which a full terminal would hold up."""
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            self.seen += self.read(0.05)
        return self.process.wait(0.1)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.fd)
