"""The sidebar: search, a new chat, the history by day, and the way to the settings."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from desktop_chat.chat.history import History
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import SearchHit
from desktop_chat.ui import icons
from desktop_chat.ui.activity import Activity
from desktop_chat.ui.bridge import Bridge, Relay
from desktop_chat.ui.controls.buttons import Button, IconButton, PaintedButton
from desktop_chat.ui.controls.fields import SearchField
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.controls.paint import blend, clear, paint_box, paint_hairline
from desktop_chat.ui.controls.popup import Menu
from desktop_chat.ui.history_list import HistoryList, history_rows, hit_rows
from desktop_chat.ui.keys import hint
from desktop_chat.ui.line_text import paint_line
from desktop_chat.ui.theme import Theme

WIDTH: Final = 264
NARROWEST: Final = 200
WIDEST: Final = 360
_SEARCH_DELAY_MS: Final = 150
_BAR_HEIGHT: Final = 44
_HANDLE: Final = 6


class _NewChatRow(PaintedButton):
    """The row that begins a chat: an icon, words in the accent, and the key."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = self.theme.tokens
        painter = QPainter(self)
        ground = blend(clear(tokens.hover), tokens.hover, self.hover)
        paint_box(painter, self.rect(), self.radius, tokens.selected if self.isDown() else ground)
        icons.paint(painter, "note-pencil", QRect(8, 8, 16, 16), tokens.accent, 16)
        painter.setFont(self.theme.font(13, bold=True))
        painter.setPen(tokens.accent)
        paint_line(painter, self.rect().adjusted(32, 0, -8, 0), self.text())
        painter.setFont(self.theme.font(12))
        painter.setPen(tokens.text3)
        paint_line(painter, self.rect().adjusted(0, 0, -8, 0), hint("new_chat"), right=True)
        painter.end()


class _Handle(QWidget):
    """The right edge: drag it to make the sidebar wider, or use the arrow keys on it."""

    moved = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            parent = self.parentWidget()
            assert parent is not None
            self.moved.emit(parent.mapFromGlobal(event.globalPosition()).toPoint().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -8, Qt.Key.Key_Right: 8}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.moved.emit(self.x() + self.width() + step)

    def focusInEvent(self, _event: object) -> None:
        self.update()

    def focusOutEvent(self, _event: object) -> None:
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.fillRect(self.rect().adjusted(_HANDLE - 2, 0, 0, 0), self._theme.tokens.accent)
            painter.end()


class _NoMatches(QWidget):
    """What stands in the list's place when a search finds nothing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.words = Label(theme, ink="text3")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.clear = Button(theme, small=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 32, 12, 12)
        column.setSpacing(12)
        column.addWidget(self.words)
        column.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)


class Sidebar(QWidget):
    """Everything left of the chats.

    Args:
        theme: colours and fonts.
        bridge: starts searches.
        history: every conversation there is.
        activity: which ones stream or are unread.
        parent: the window.
    """

    new_chat_requested = Signal()
    settings_requested = Signal()
    opened = Signal(str, str)
    """A conversation's id, and a message's id or ""."""
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)
    width_chosen = Signal(int)

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        history: History,
        activity: Activity,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bridge = bridge
        self._history = history
        self._asked = 0
        self.searches = 0
        """How many searches have been shown."""
        self._today = datetime.now().astimezone().date()
        self.search = SearchField(theme, "", shortcut=hint("search"))
        self._new = _NewChatRow(theme)
        self.list = HistoryList(theme, activity)
        self.nothing_found = _NoMatches(theme)
        self._pages = QStackedWidget()
        self._gear = IconButton(theme, "gear-six", "")
        self._handle = _Handle(theme, self)
        self._pause = QTimer(self, interval=_SEARCH_DELAY_MS, singleShot=True)
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._midnight = QTimer(self, interval=60_000)
        self._lay_out()
        self._connect()
        self.retranslate()
        self.refresh()

    def _lay_out(self) -> None:
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.nothing_found)
        head = QVBoxLayout()
        head.setContentsMargins(12, 8, 12, 0)
        head.setSpacing(4)
        head.addWidget(self.search)
        head.addWidget(self._new)
        self._foot = QHBoxLayout()
        self._foot.setContentsMargins(12, 1, 9, 0)
        self._foot.addStretch(1)
        self._foot.addWidget(self._gear)
        foot = QWidget()
        foot.setFixedHeight(_BAR_HEIGHT)
        foot.setLayout(self._foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._pages, 1)
        column.addWidget(foot)
        QWidget.setTabOrder(self.search, self._new)
        QWidget.setTabOrder(self._new, self.list)

    def _connect(self) -> None:
        self._new.clicked.connect(self.new_chat_requested)
        self._gear.clicked.connect(self.settings_requested)
        self.nothing_found.clear.clicked.connect(self.clear_search)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self._pause.timeout.connect(self._search)
        self.list.opened.connect(self.opened)
        self.list.delete_requested.connect(self.delete_requested)
        self.list.menu_requested.connect(self._open_menu)
        self.list.rows.rename_requested.connect(self.rename_requested)
        self._handle.moved.connect(self.resize_to)
        self._midnight.timeout.connect(self._look_at_clock)
        self._midnight.start()
        self._theme.changed.connect(self.update)
        # Many changes in one turn of the loop are shown once.
        self._soon.timeout.connect(self.refresh)

        def subscribe(listener: Callable[[object], None]) -> Callable[[], None]:
            return self._history.subscribe(lambda: listener(None))

        Relay(subscribe, self).received.connect(lambda _nothing: self._soon.start())

    def retranslate(self) -> None:
        """Set every sentence anew."""
        self.search.setAccessibleName(tr("Search"))
        self.search.setPlaceholderText(tr("Search chats"))
        self._new.setText(tr("New chat"))
        self._new.setAccessibleName(tr("New chat"))
        self._gear.set_name(tr("Settings"))
        self._handle.setAccessibleName(tr("Sidebar width"))
        self.nothing_found.words.setText(tr("No matches"))
        self.nothing_found.clear.setText(tr("Clear search"))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
            self.refresh()
        super().changeEvent(event)

    def resize_to(self, width: int) -> None:
        """Ask for a width, within the bounds."""
        self.width_chosen.emit(min(max(width, NARROWEST), WIDEST))

    def add_button(self, icon: str, title: str, slot: Callable[[], object]) -> IconButton:
        """Add a way to a panel at the left of the foot."""
        button = IconButton(self._theme, icon, title)
        button.clicked.connect(lambda: slot())
        self._foot.insertWidget(self._foot.count() - 2, button)
        return button

    def refresh(self) -> None:
        """Show the history as it is now, or search it again."""
        if self.search.text().strip():
            self._pause.start()
            return
        groups = self._history.groups(datetime.now().astimezone())
        self.list.show_rows(history_rows([(group.title(), chats) for group, chats in groups]))
        self._pages.setCurrentWidget(self.list)

    def set_active(self, conversation_id: str) -> None:
        """Show which conversation is being read."""
        self.list.set_active(conversation_id)

    def focus_search(self) -> None:
        """Put the caret into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def clear_search(self) -> None:
        """Show the history again."""
        self.search.clear()
        self.refresh()
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def rename(self, conversation_id: str) -> bool:
        """Let a title be changed in place; False when the conversation has no row yet."""
        if self.search.text():
            self.search.clear()
            self.refresh()
        return self.list.rename(conversation_id)

    def _look_at_clock(self) -> None:
        """Move yesterday's chats to their group when a day begins."""
        today = datetime.now().astimezone().date()
        if today != self._today:
            self._today = today
            self.refresh()

    def _search(self) -> None:
        query = self.search.text().strip()
        self._asked += 1
        if not query:
            self.refresh()
            return
        self._bridge.start(self._find(query, self._asked), "search")

    async def _find(self, query: str, asked: int) -> None:
        hits = await self._history.search(query)
        if asked == self._asked:
            self._show_hits(hits, query)

    def _show_hits(self, hits: Sequence[SearchHit], query: str) -> None:
        self.searches += 1
        if hits:
            self.list.show_rows(hit_rows(hits, query))
            self.list.scrollToTop()
        self._pages.setCurrentWidget(self.list if hits else self.nothing_found)

    def _open_menu(self, conversation_id: str, place: QPoint) -> None:
        menu = Menu(self._theme, self)
        menu.add(tr("Open"), "chat-text", slot=lambda: self.opened.emit(conversation_id, ""))
        menu.add(
            tr("Rename"), "pencil-simple", hint("rename"), slot=lambda: self.rename(conversation_id)
        )
        menu.add_separator()
        menu.add(
            tr("Delete chat"),
            "trash",
            hint("delete"),
            danger=True,
            slot=lambda: self.delete_requested.emit(conversation_id),
        )
        menu.closed.connect(menu.deleteLater)
        menu.open_at(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from the search to the list on Down."""
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.list.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, _event: object) -> None:
        """Keep the handle at the right edge."""
        self._handle.setGeometry(self.width() - _HANDLE, 0, _HANDLE, self.height())
        self._handle.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground, the right edge and the line above the foot."""
        painter = QPainter(self)
        tokens = self._theme.tokens
        painter.fillRect(self.rect(), tokens.window)
        right, foot = self.width() - 1, self.height() - _BAR_HEIGHT
        paint_hairline(painter, QPointF(right, 0), QPointF(right, self.height()), tokens.line)
        paint_hairline(painter, QPointF(0, foot), QPointF(right, foot), tokens.line)
        painter.end()
