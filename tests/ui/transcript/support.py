"""What the tests of the transcript share: messages, a view that is shown, its frames and paints."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from desktop_chat.core.events import ReasoningDelta, TextDelta
from desktop_chat.core.messages import Message, MessageHead, MessageState, Role
from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.code.layout_code import CodePiece
from desktop_chat.ui.transcript.view import TranscriptView
from tests.helpers.qt import settle

WIDTH, HEIGHT = 1016, 640


def question(name: str, text: str = "How?") -> Message:
    return Message(name, "c", None, Role.USER, text, 1000.0)


def answer(name: str, text: str = "", **more: Any) -> Message:
    return Message(name, "c", None, Role.ASSISTANT, text, 1000.0, **more)


def streaming(name: str, text: str = "") -> Message:
    return answer(name, text, state=MessageState.STREAMING, model="m")


def one(_message_id: str) -> tuple[int, int]:
    return (1, 1)


def shown(
    theme: Theme,
    branch: Sequence[Message | MessageHead] = (),
    siblings: Callable[[str], tuple[int, int]] = one,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> TranscriptView:
    view = TranscriptView(theme)
    view.resize(*size)
    view.set_branch(branch, siblings)
    view.show()
    run(view)
    return view


def run(view: TranscriptView) -> None:
    """Run the frames that the view has asked for, and what Qt has queued, until all is quiet.

    Formulas are drawn by then.
    """
    paint(view)
    while view._frame_timer.isActive() or view.page.formulas.busy:
        if view._frame_timer.isActive():
            view._frame_timer.stop()
            view._frame()
        else:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        paint(view)


def paint(view: TranscriptView) -> None:
    """Paint now what Qt would paint with the screen's next refresh."""
    settle()
    QApplication.sendEvent(view.window(), QEvent(QEvent.Type.UpdateRequest))
    settle()


def send(view: TranscriptView, name: str, text: str, size: int = 7, frame: int = 0) -> None:
    """Stream a text in small pieces.

    Args:
        view: where to.
        name: the message.
        text: of the answer.
        size: characters of a piece.
        frame: so many pieces come before each frame; 0 runs frames at the end only.
    """
    for number, start in enumerate(range(0, len(text), size)):
        view.apply_delta(name, TextDelta(text[start : start + size]))
        if frame and number % frame == frame - 1:
            run(view)
    run(view)


def think(view: TranscriptView, name: str, text: str) -> None:
    view.apply_delta(name, ReasoningDelta(text))
    run(view)


def body(view: TranscriptView, name: str) -> AnswerBody:
    index = view.column.index_of(name)
    assert index is not None
    found = view.column.answer(index)
    assert found is not None
    return found


def come_near(view: TranscriptView, name: str) -> None:
    """Let the pointer be over a message, so that it shows all its buttons."""
    index = view.column.index_of(name)
    assert index is not None
    view.pointer.hovered = index
    view.place_controls()


def button(view: TranscriptView, name: str, what: str) -> QAbstractButton:
    come_near(view, name)
    found = view.overlay.widget((name, what))
    assert found is not None, [w.accessibleName() for w in view.overlay.widgets()]
    assert found.isVisible()
    return found


def press(view: TranscriptView, name: str, what: str) -> None:
    QTest.mouseClick(button(view, name, what), Qt.MouseButton.LeftButton)
    run(view)


def clipboard() -> str:
    return QApplication.clipboard().text()


def unfold(view: TranscriptView, name: str) -> None:
    """Show all lines of a message's code, and its end."""
    for number, piece in enumerate(body(view, name).text.body.pieces):
        if isinstance(piece, CodePiece) and piece.folded:
            view._press_piece(view.column.index_of(name) or 0, number, "more")
    view.scroll_to_end()
    run(view)


def heights(view: TranscriptView, name: str) -> list[int]:
    """The measured heights of a message's pieces."""
    section = body(view, name).text.body
    for index in range(len(section.pieces)):
        section.measure(index, view.page)
    return [section.heights[index] for index in range(len(section.pieces))]


def point_of(view: TranscriptView, name: str, number: int, x: float, y: float) -> QPoint:
    """Where in the viewport a point of a body's piece lies."""
    from desktop_chat.ui.transcript.places import Part

    index = view.column.index_of(name)
    assert index is not None
    drawn = view.column.body(index)
    assert drawn is not None
    at = drawn.piece(view.page, Part.BODY, number)
    assert at is not None
    top = view.column.top_of(index) - view.scroller.top
    return QPoint(int(view.left + at.x + x), int(top + at.y + y))


def place_of(
    view: TranscriptView, name: str, number: int, position: int, *, after: bool = True
) -> QPoint:
    """Where in the viewport a position of a body's piece is, a little to one side of it."""
    from desktop_chat.ui.transcript.places import Part

    index = view.column.index_of(name)
    assert index is not None
    drawn = view.column.body(index)
    assert drawn is not None
    at = drawn.piece(view.page, Part.BODY, number)
    assert at is not None
    rect = at.piece.caret_at(at.page, position)
    return point_of(view, name, number, rect.x() + (1 if after else -1), rect.center().y())


def finish_copy(view: TranscriptView) -> None:
    """Wait until what is copied is on the clipboard."""
    while view.clips.busy:
        settle()


class Paints(QObject):
    """Collects what the viewport is asked to paint."""

    def __init__(self, view: TranscriptView) -> None:
        super().__init__(view)
        self.rects: list[QRect] = []
        view.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.rects.extend(event.region())  # type: ignore[arg-type]
        return False

    def take(self) -> list[QRect]:
        rects, self.rects = self.rects, []
        return rects

    def area(self) -> int:
        return sum(rect.width() * rect.height() for rect in self.take())
