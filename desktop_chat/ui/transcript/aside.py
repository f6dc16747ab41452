"""What threads beside the UI thread have to keep to."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_count = 0
_was_on = False


@contextmanager
def collector_off() -> Iterator[None]:
    """Hold off the cyclic garbage collector of the process while a thread makes objects.

    A collection that starts in a thread would end widgets in it, and with them the process.
    Several threads may be inside at a time; the last one out sets the collector as it was.
    """
    global _count, _was_on
    with _lock:
        if _count == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _count += 1
    try:
        yield
    finally:
        with _lock:
            _count -= 1
            if _count == 0 and _was_on:
                gc.enable()
