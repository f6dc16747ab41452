"""What the window has to say above the composer, for all chats or for one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_chat.chat.explain import Tone
from desktop_chat.ui.controls.notice import NoticeBar
from desktop_chat.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A notice in the language in use.

    Attributes:
        tone: its colours.
        icon: a Phosphor name.
        title: what happened.
        text: what it means, or "".
        actions: words and what they do, the primary one last.
        closable: whether a cross takes it away.
    """

    tone: Tone
    icon: str
    title: str
    text: str = ""
    actions: tuple[tuple[str, Callable[[], object]], ...] = ()
    closable: bool = True


class NoticeBoard(QObject):
    """Keeps notices by key. They are made anew whenever they are shown, so they follow the
    language.
    """

    changed = Signal()
    dismissed = Signal(str)
    """The key of a notice that the user closed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices: dict[str, Callable[[], NoticeText]] = {}

    def put(self, key: str, make: Callable[[], NoticeText]) -> None:
        """Show a notice, in place of an earlier one of the same key."""
        self._notices[key] = make
        self.changed.emit()

    def remove(self, key: str) -> None:
        """Take a notice away; no error when there is none."""
        if self._notices.pop(key, None) is not None:
            self.changed.emit()

    def dismiss(self, key: str) -> None:
        """Take a notice away because the user closed it."""
        self.remove(key)
        self.dismissed.emit(key)

    def notices(self) -> list[tuple[str, NoticeText]]:
        """Return the notices, oldest first."""
        return [(key, make()) for key, make in self._notices.items()]


class NoticeArea(QWidget):
    """Shows the notices of several boards, one under the other.

    Args:
        theme: colours and fonts.
        boards: those of the window, then those of the page.
        parent: the page.
    """

    def __init__(
        self, theme: Theme, boards: Sequence[NoticeBoard], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._boards = boards
        self._bars: list[NoticeBar] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        for board in boards:
            board.changed.connect(self._show)
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def bars(self) -> Sequence[NoticeBar]:
        """Return what is shown now."""
        return self._bars

    def _show(self) -> None:
        for bar in self._bars:
            self._column.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        self._bars = []
        for board in self._boards:
            for key, text in board.notices():
                bar = self._bar(board, key, text)
                self._bars.append(bar)
                self._column.addWidget(bar)
        self.setVisible(bool(self._bars))

    def _bar(self, board: NoticeBoard, key: str, text: NoticeText) -> NoticeBar:
        bar = NoticeBar(self._theme, self)
        slots = {str(number): slot for number, (_words, slot) in enumerate(text.actions)}
        bar.action.connect(lambda name: slots[name]())
        bar.closed.connect(lambda: board.dismiss(key))
        bar.show_notice(
            text.tone,
            text.icon,
            text.title,
            text.text,
            [(str(number), words) for number, (words, _slot) in enumerate(text.actions)],
            closable=text.closable,
        )
        return bar
