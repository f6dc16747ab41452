"""A full session in the real window with a real keyring; run by test_keyring_session as a child.

The argument says what to do: ``save`` a key and ask, ``use`` the saved one, or ask ``elsewhere``,
where the saved key must not go. Prints ``ok`` at the end.
"""

import asyncio
import os
import sys
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QWidget

from desktop_chat.app import Desk, make_application, run_on_loop
from desktop_chat.chat.session_events import MessageFinished
from desktop_chat.core.messages import Message, MessageState
from desktop_chat.wiring import build
from tests.helpers.qt import until

KEY = "sk-" + "the0key1that2nobody3may4see5" * 2
QUESTION = "Is this key safe?"

W = TypeVar("W", bound=QWidget)


def find(root: QWidget, kind: type[W], name: str) -> W | None:
    """Return the visible widget of a kind with an accessible name or text."""
    for widget in root.findChildren(kind):
        words = widget.accessibleName() or (
            widget.text() if isinstance(widget, QAbstractButton) else ""
        )
        if words == name and widget.isVisible():
            return widget
    return None


async def wait_find(root: QWidget, kind: type[W], name: str) -> W:
    """Return such a widget once it is there."""
    await until(lambda: find(root, kind, name), f"{kind.__name__} {name!r}")
    found = find(root, kind, name)
    assert found is not None
    return found


async def save_key(desk: Desk) -> None:
    """Type the key into the settings and save it, as a user would."""
    window = desk.window
    window.open_settings("local", True)
    field = await wait_find(window, QLineEdit, "API key")
    QTest.keyClicks(field, KEY)
    button = await wait_find(window, QAbstractButton, "Save")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    await wait_find(window, QAbstractButton, "Replace")
    for line in window.findChildren(QLineEdit):
        assert KEY not in line.text(), "a saved key is not shown"
    window.show_chats()


async def ask(desk: Desk) -> Message:
    """Type a question, press Enter, and return the answer."""
    page = desk.window.current_page()
    finished: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    def hear(event: object) -> None:
        if isinstance(event, MessageFinished):
            finished.set_result(event.message)

    unsubscribe = page.session.subscribe(hear)
    box = await wait_find(desk.window, QPlainTextEdit, "Message")
    box.setFocus()
    QTest.keyClicks(box, QUESTION)
    QTest.keyClick(box, Qt.Key.Key_Return)
    answer = await finished
    unsubscribe()
    return answer


async def session(app: QApplication, what: str) -> None:
    """Open the house and the window, do one thing, and close both."""
    house = build(os.environ)
    await house.open()
    desk = Desk(app, house)
    try:
        desk.window.tabs.restore()
        desk.window.show()
        if what == "save":
            await save_key(desk)
        answer = await ask(desk)
        wanted = MessageState.FAILED if what in ("elsewhere", "refused") else MessageState.DONE
        assert answer.state is wanted, answer
        assert house.secrets.problem() == ""
    finally:
        desk.close()
        await house.aclose()


def main() -> None:
    """Run one session."""
    app = make_application()
    run_on_loop(app, lambda: session(app, sys.argv[1]))
    app.shutdown()
    print("ok")
