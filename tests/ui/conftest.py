"""What a test of the window gets: the application, and a failure for every message of Qt."""

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from tests.helpers.qt import application, close_windows

ALLOWED = (
    # The offscreen platform has no such thing; the window does not need it there.
    "This plugin does not support",
)


@pytest.fixture(autouse=True)
def qt_app() -> Iterator[QApplication]:
    """The application; fails the test on a Qt message that is not allowed above."""
    messages: list[str] = []

    def receive(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not any(part in text for part in ALLOWED):
            messages.append(f"{kind.name}: {text}")

    previous = qInstallMessageHandler(receive)
    # As in the program (ui/collector.py): a widget must not be collected on another thread.
    gc.disable()
    try:
        yield application()
        close_windows()
    finally:
        gc.enable()
        qInstallMessageHandler(previous)
    assert not messages, messages
