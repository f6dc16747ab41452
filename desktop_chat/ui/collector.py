"""Collects garbage on Qt's thread alone.

Python collects cycles on whichever thread happens to allocate. A cycle that holds a widget would
then delete it on the database's or the highlighter's thread, and Qt aborts the process. So the
collector of this process is switched off and called from the event loop, just before it sleeps:
nothing runs while nothing happens.
"""

import gc
import time
from typing import Final

from PySide6.QtCore import QAbstractEventDispatcher, QObject

_YOUNG: Final = 2_000
"""How many more objects than before start a collection of the young ones."""
_OLD: Final = 10
"""How many collections of one generation start one of the next, as in the interpreter."""
_FULL_PAUSE: Final = 30.0
"""Seconds between two collections of everything, which can cost a frame."""


class GarbageCollector(QObject):
    """Stands in for the automatic collector while the application runs.

    Make it on Qt's thread, with an event loop there, and ``close`` it there.
    """

    def __init__(self) -> None:
        super().__init__()
        self._was_enabled = gc.isenabled()
        self._full_at = time.monotonic()
        self._dispatcher = QAbstractEventDispatcher.instance()
        gc.disable()
        # What the modules made stays: it need not be looked through again and again.
        gc.freeze()
        self._dispatcher.aboutToBlock.connect(self._look)

    def _look(self) -> None:
        young, middle, old = gc.get_count()
        if young < _YOUNG:
            return
        if middle < _OLD:
            gc.collect(0)
        elif old < _OLD or time.monotonic() - self._full_at < _FULL_PAUSE:
            gc.collect(1)
        else:
            gc.collect()
            self._full_at = time.monotonic()

    def close(self) -> None:
        """Collect what is left, and give the automatic collector back as it was."""
        self._dispatcher.aboutToBlock.disconnect(self._look)
        gc.unfreeze()
        gc.collect()
        if self._was_enabled:
            gc.enable()
