"""Cycles are collected, and on Qt's thread alone."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget

from desktop_chat.ui.collector import GarbageCollector
from tests.helpers.qt import on_qt_loop, until


class Cycle(QWidget):
    """A widget that only the collector can free; tells on which thread that was."""

    def __init__(self, freed: list[int]) -> None:
        super().__init__()
        self.me = self
        weakref.finalize(self, lambda: freed.append(threading.get_ident()))


@pytest.fixture
def enabled() -> Iterator[None]:
    gc.enable()
    yield
    gc.disable()


def make_objects() -> None:
    kept = [[number] for number in range(50_000)]
    assert kept


@pytest.mark.usefixtures("enabled")
@on_qt_loop
async def test_other_threads_do_not_collect() -> None:
    freed: list[int] = []
    collector = GarbageCollector()
    Cycle(freed)
    worker = threading.Thread(target=make_objects)
    worker.start()
    worker.join()
    assert freed == []
    kept = [[number] for number in range(5_000)]
    await until(lambda: freed, "a collection")
    assert freed == [threading.get_ident()]
    assert kept
    collector.close()
    assert gc.isenabled()


@pytest.mark.usefixtures("enabled")
@on_qt_loop
async def test_closing_collects_the_rest() -> None:
    freed: list[int] = []
    collector = GarbageCollector()
    Cycle(freed)
    collector.close()
    assert freed == [threading.get_ident()]
