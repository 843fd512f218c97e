"""What a test has started is also stopped when the test itself is ended by SIGTERM (its time limit): `opened(thing)` and `closed(thing)`
frame the life of anything with a close()."""
import os
import signal

_open = []


def opened(thing):
    _open.append(thing)


def closed(thing):
    if thing in _open:
        _open.remove(thing)


def _end(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for thing in reversed(list(_open)):
        try:
            thing.close()
        except Exception as error:  # the others are stopped all the same
            print(f"not closed: {error}")
    os._exit(143)


signal.signal(signal.SIGTERM, _end)
