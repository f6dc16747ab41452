"""The tabs and their pages: opened, closed, reopened, moved, remembered."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from desktop_chat.core.i18n import tr
from desktop_chat.core.settings import ACTIVE_TAB, OPEN_TABS
from desktop_chat.ui.activity import Activity
from desktop_chat.ui.bridge import Relay
from desktop_chat.ui.chat_options import prefer_new
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.money import sums
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.notices import NoticeBoard
from desktop_chat.ui.tabs import TabStrip


@dataclass(frozen=True, slots=True)
class _Closed:
    conversation_id: str
    place: int


class TabArea(QWidget):
    """Everything right of the sidebar. A page is built when its tab is first looked at.

    Args:
        neighbours: what the window is built upon.
        activity: which conversations stream or are unread.
        board: the notices of the window.
        parent: the window.
    """

    current_changed = Signal(str)
    """The id of the conversation that is looked at now."""
    retitled = Signal()
    settings_requested = Signal(str, bool)
    return_requested = Signal()

    def __init__(
        self,
        neighbours: Neighbours,
        activity: Activity,
        board: NoticeBoard,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._near = neighbours
        self._activity = activity
        self._board = board
        self._pages: dict[str, ChatPage] = {}
        self._closed: list[_Closed] = []
        self._moving = False
        self._usable = self._usable_now()
        self.strip = TabStrip(neighbours.theme, activity)
        self.bar = self.strip.bar
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self._stack, 1)
        self.strip.new_tab_requested.connect(self.new_tab)
        self.strip.parameters_requested.connect(lambda: self.current_page().open_parameters())
        self.bar.currentChanged.connect(self._show_current)
        self.bar.tabCloseRequested.connect(self.close_tab)
        self.bar.reordered.connect(self._remember)

        neighbours.bridge.services_changed.connect(self._services_changed)

        def subscribe(listener: Callable[[object], None]) -> Callable[[], None]:
            return neighbours.history.subscribe(lambda: listener(None))

        Relay(subscribe, self).received.connect(lambda _nothing: self._retitle())

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retitle()
        super().changeEvent(event)

    def current_page(self) -> ChatPage:
        """Return the page that is looked at; begin a chat if no tab is open yet."""
        if not self.bar.count():
            self.new_tab()
        page = self._stack.currentWidget()
        assert isinstance(page, ChatPage)
        return page

    def page(self, conversation_id: str) -> ChatPage | None:
        """Return the page of a conversation, if it was built."""
        return self._pages.get(conversation_id)

    def pages(self) -> list[ChatPage]:
        """Return every page that was built."""
        return list(self._pages.values())

    def new_chat(self) -> None:
        """Go to a chat in which nothing was asked yet; begin one if there is none."""
        for index, conversation_id in enumerate(self.bar.ids()):
            page = self._pages.get(conversation_id)
            if page is not None and page.empty:
                self.bar.setCurrentIndex(index)
                page.focus_composer()
                return
        self.new_tab()

    def new_tab(self) -> None:
        """Begin a chat in a tab of its own."""
        page = self._build(None)
        self._append(page.session.conversation.id)
        page.focus_composer()

    def open(self, conversation_id: str, message_id: str = "") -> None:
        """Look at a conversation: in its tab, in the present one if that is empty, or in a new
        one.
        """
        index = self.bar.index_of(conversation_id)
        if index >= 0:
            self.bar.setCurrentIndex(index)
        else:
            empty = self._empty_index()
            self._append(conversation_id)
            if empty is not None:
                self.bar.moveTab(self.bar.count() - 1, empty)
                self._drop(empty + 1)
        if message_id:
            self.current_page().show_message(message_id)

    def close_tab(self, index: int) -> None:
        """Close a tab. Nothing is deleted: an answer goes on, a draft is kept."""
        conversation_id = self.bar.id_at(index)
        if not conversation_id:
            return
        page = self._pages.get(conversation_id)
        if page is None or not page.empty:
            self._closed.append(_Closed(conversation_id, index))
        if self.bar.count() == 1:
            if page is not None and page.empty:
                return
            self.new_tab()
        self._drop(self.bar.index_of(conversation_id))

    def close_current(self) -> None:
        """Close the tab that is looked at."""
        self.close_tab(self.bar.currentIndex())

    def forget(self, conversation_id: str) -> bool:
        """Close the tab of a conversation that was deleted; False when it had none."""
        index = self.bar.index_of(conversation_id)
        if index >= 0:
            self.close_tab(index)
        self._closed = [item for item in self._closed if item.conversation_id != conversation_id]
        return index >= 0

    def reopen(self) -> None:
        """Open the tab that was closed last, where it was."""
        while self._closed:
            closed = self._closed.pop()
            if self.bar.index_of(closed.conversation_id) < 0:
                self.open(closed.conversation_id)
                index = self.bar.index_of(closed.conversation_id)
                self.bar.moveTab(index, min(closed.place, self.bar.count() - 1))
                self._remember()
                self.current_page().focus_composer()
                return

    def step(self, distance: int) -> None:
        """Go to the next tab or the one before, round the ends."""
        count = self.bar.count()
        if count:
            self.bar.setCurrentIndex((self.bar.currentIndex() + distance) % count)

    def go_to(self, number: int) -> None:
        """Go to a tab by its number from 1; 9 is the last one."""
        last = self.bar.count()
        index = (last if number == 9 else number) - 1
        if index < last:
            self.bar.setCurrentIndex(index)

    def restore(self) -> None:
        """Open the tabs of last time; a new chat when there were none."""
        active = self._near.settings.get(ACTIVE_TAB)
        ids = list(dict.fromkeys(self._near.settings.get(OPEN_TABS)))
        self._moving = True
        for conversation_id in ids:
            self.bar.add(conversation_id, self._title(conversation_id))
        self._moving = False
        if ids:
            self.bar.setCurrentIndex(max(0, self.bar.index_of(active)))
            self._show_current()
        else:
            self.new_tab()
        self._near.bridge.start(self._find_drafts(), "find drafts")

    async def _find_drafts(self) -> None:
        """Let chats that hold a draft and nothing else be reopened: no list shows them."""
        for conversation_id in await self._near.sessions.drafts():
            listed = self._near.history.entry(conversation_id) is not None
            if not listed and self.bar.index_of(conversation_id) < 0:
                self._closed.insert(0, _Closed(conversation_id, self.bar.count()))

    # Inside

    def _title(self, conversation_id: str) -> str:
        entry = self._near.history.entry(conversation_id)
        return (entry.title if entry else "") or tr("New chat")

    def _retitle(self) -> None:
        for index, conversation_id in enumerate(self.bar.ids()):
            self.bar.set_title(index, self._title(conversation_id))
        for page in self.pages():
            self._show_cost(page)
        self.retitled.emit()

    def _usable_now(self) -> set[str]:
        return {service.id for service in self._near.setup.usable()}

    def _services_changed(self) -> None:
        prefer_new(self._usable, self._near.setup.usable(), self._near.settings)
        self._usable = self._usable_now()
        for page in self.pages():
            page.services_changed()

    def _empty_index(self) -> int | None:
        page = self._stack.currentWidget()
        if isinstance(page, ChatPage) and page.empty:
            return self.bar.index_of(page.session.conversation.id)
        return None

    def _build(self, conversation_id: str | None) -> ChatPage:
        session = self._near.sessions.session(conversation_id)
        page = ChatPage(self._near, session, self._board)
        page.settings_requested.connect(self.settings_requested)
        page.return_requested.connect(lambda: self._come_back(page))
        page.cost.changed.connect(lambda: self._show_cost(page))
        self._pages[session.conversation.id] = page
        self._stack.addWidget(page)
        return page

    def _show_cost(self, page: ChatPage) -> None:
        costs = page.cost.costs
        words = tr("Cost by the price lists: {cost}").format(cost=sums(costs)) if costs else ""
        self.bar.set_note(page.session.conversation.id, words)

    def _come_back(self, page: ChatPage) -> None:
        self.bar.setCurrentIndex(self.bar.index_of(page.session.conversation.id))
        self.return_requested.emit()

    def _append(self, conversation_id: str) -> None:
        index = self.bar.add(conversation_id, self._title(conversation_id))
        self.bar.setCurrentIndex(index)
        self._show_current()

    def _drop(self, index: int) -> None:
        conversation_id = self.bar.id_at(index)
        page = self._pages.pop(conversation_id, None)
        held = page is not None and self._holds_focus(page)
        if page is not None:
            page.leave()
            self._near.sessions.release(page.session)
            self._stack.removeWidget(page)
            page.deleteLater()
        self.bar.removeTab(index)
        self._show_current()
        if held:
            # Qt would go on to what comes next in the order of Tab: the strip.
            self.current_page().focus_composer()

    @staticmethod
    def _holds_focus(page: ChatPage) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and page.isAncestorOf(focused)

    def _show_current(self) -> None:
        """Show the page of the current tab, built now if it never was."""
        conversation_id = self.bar.id_at(self.bar.currentIndex())
        if self._moving or not conversation_id:
            return
        page = self._pages.get(conversation_id) or self._build(conversation_id)
        self._stack.setCurrentWidget(page)
        self._activity.see(conversation_id)
        self.current_changed.emit(conversation_id)
        self._remember()

    def _remember(self) -> None:
        settings = self._near.settings
        settings.set(OPEN_TABS, tuple(self.bar.ids()))
        settings.set(ACTIVE_TAB, self.bar.id_at(self.bar.currentIndex()))
