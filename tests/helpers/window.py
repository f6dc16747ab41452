"""The real window over the real house, in the home that the test was given."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop_chat.app import Desk
from desktop_chat.core.identity import DEMO_SERVICE_ID
from desktop_chat.core.messages import ChatOptions, Message
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.main_window import MainWindow
from desktop_chat.wiring import House, build
from tests.helpers.qt import application, until

T = TypeVar("T")

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


@asynccontextmanager
async def open_desk(
    *,
    demo: bool = False,
    size: tuple[int, int] = (1280, 820),
    speed: float = 50.0,
    before: Callable[[House], Awaitable[None]] | None = None,
) -> AsyncIterator[Desk]:
    """Open the window as the application does, and take everything apart after.

    Args:
        demo: choose the demo service first.
        size: of the window, in pixels.
        speed: how many times faster than by nature the demo answers.
        before: called with the open house before there is a window.
    """
    house = build(os.environ)
    house.providers._demo._speed = speed
    try:
        problem = await house.open()
        assert problem is None, problem
        if before is not None:
            await before(house)
        desk = Desk(application(), house)
        try:
            window = desk.window
            window.tabs.restore()
            if demo:
                window.try_demo()
                await until(lambda: window.current_page().composer.isVisibleTo(window), "the demo")
            window.resize(*size)
            window.show()
            window.activateWindow()
            await until(window.isActiveWindow, "an active window")
            yield desk
        finally:
            desk.window.hide()
            desk.close()
    finally:
        await house.aclose()


async def until_read(read: Callable[[], Awaitable[T]], wanted: T) -> None:
    """Read again and again until what is read is what is wanted.

    Raises:
        TimeoutError: it never was; a safety net, not a measure.
    """
    async with asyncio.timeout(20):
        while await read() != wanted:
            await turns()


def press(
    target: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press and release a key in whatever has the focus in a window."""
    QTest.keyClick(target.window().focusWidget() or target, key, modifiers)


def move_pointer(
    target: QWidget, at: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton
) -> None:
    """Move the pointer within a widget. ``QTest.mouseMove`` runs the event loop, and so would
    start a task's step inside the one of the test, which asyncio refuses.
    """
    place = target.mapToGlobal(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(at),
        QPointF(place),
        Qt.MouseButton.NoButton,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, event)


def turn_wheel(
    target: QWidget,
    degrees: int,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Turn the wheel over the middle of a widget by so many eighths of a degree, up is positive."""
    at = QPointF(target.rect().center())
    event = QWheelEvent(
        at,
        target.mapToGlobal(at),
        QPoint(),
        QPoint(0, degrees),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(target, event)


async def turns(count: int = 5) -> None:
    """Let the loop go round, so that what is posted arrives."""
    for _turn in range(count):
        await asyncio.sleep(0)


async def use_model(page: ChatPage, model: str) -> None:
    """Let a chat ask one of the demo's models."""
    await page.session.set_options(ChatOptions(service_id=DEMO_SERVICE_ID, model=model))


async def ask(page: ChatPage, question: str) -> None:
    """Type a question and send it; return as soon as its answer streams."""
    page.composer.edit.setFocus()
    QTest.keyClicks(page.composer.edit, question)
    QTest.keyClick(page.composer.edit, Qt.Key.Key_Return)
    await until(lambda: page.session.running, "a running answer")


async def answered(page: ChatPage) -> Message:
    """Wait for the end of the answer and return it."""
    await page.session.wait()
    await until(lambda: not page.composer.text(), "an empty box")
    last = page.session.branch()[-1]
    assert isinstance(last, Message)
    return last


async def exchange(window: MainWindow, question: str, model: str = "demo-rich") -> ChatPage:
    """Ask in the chat that is looked at, wait for the whole answer, and return the page."""
    page = window.current_page()
    await use_model(page, model)
    await ask(page, question)
    await answered(page)
    return page
