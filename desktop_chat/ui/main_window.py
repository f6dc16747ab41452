"""The main window. It puts the parts together and lets them speak to each other."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from desktop_chat.core.i18n import tr
from desktop_chat.core.identity import APP_NAME
from desktop_chat.core.settings import SIDEBAR_OPEN, SIDEBAR_WIDTH, WINDOW_GEOMETRY
from desktop_chat.ui import geometry
from desktop_chat.ui.activity import Activity
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.controls.dialog import Dialog, ask
from desktop_chat.ui.deleting import Deleting
from desktop_chat.ui.faults import Faults
from desktop_chat.ui.frame import Frame
from desktop_chat.ui.key_list import KeyList
from desktop_chat.ui.keys import Shortcuts
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.notices import NoticeBoard
from desktop_chat.ui.panels import PANELS, PanelSpec
from desktop_chat.ui.reading import step_text_size
from desktop_chat.ui.settings.page import SettingsPage
from desktop_chat.ui.sidebar import NARROWEST, WIDEST, Sidebar
from desktop_chat.ui.tab_area import TabArea


class MainWindow(QWidget):
    """Sidebar, tabs, and full-window pages over both.

    Args:
        neighbours: what it is built upon.
        panels: further full-window pages.
        parent: or None.
    """

    closed = Signal()

    def __init__(
        self,
        neighbours: Neighbours,
        panels: Sequence[PanelSpec] = PANELS,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        near = self._near = neighbours
        settings = near.settings
        self.board = NoticeBoard(self)
        self.activity = Activity(near.theme, near.sessions, self)
        self.sidebar = Sidebar(near.theme, near.bridge, near.history, self.activity)
        self.tabs = TabArea(near, self.activity, self.board)
        self.frame = Frame(near.theme, self.sidebar, self.tabs)
        self.deleting = Deleting(near, self.board, self.tabs, self)
        self.faults = Faults(near, self.board, self)
        self._settings_page: SettingsPage | None = None
        self._panels: dict[str, QWidget] = {}
        self._panel_buttons: list[tuple[PanelSpec, IconButton]] = []
        self._focus_before: QWidget | None = None
        self._may_lose = False
        self._pages = QStackedWidget()
        self._pages.addWidget(self.frame)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)
        self.shortcuts = Shortcuts(self, self._commands())
        self._add_panels(panels)
        self._connect()
        self.setMinimumSize(geometry.MINIMUM)
        self.frame.set_sidebar_width(min(max(settings.get(SIDEBAR_WIDTH), NARROWEST), WIDEST))
        self.frame.set_docked(settings.get(SIDEBAR_OPEN))
        geometry.restore(self, settings.get(WINDOW_GEOMETRY))
        self.retranslate()

    def _connect(self) -> None:
        sidebar, tabs, frame, near = self.sidebar, self.tabs, self.frame, self._near
        sidebar.new_chat_requested.connect(self.new_chat)
        sidebar.settings_requested.connect(self.open_settings)
        sidebar.opened.connect(self.open_conversation)
        sidebar.rename_requested.connect(
            lambda chat, title: near.bridge.start(near.history.rename(chat, title), "rename chat")
        )
        sidebar.delete_requested.connect(self.deleting.delete)
        sidebar.width_chosen.connect(frame.set_sidebar_width)
        sidebar.width_chosen.connect(partial(near.settings.set, SIDEBAR_WIDTH))
        tabs.current_changed.connect(sidebar.set_active)
        tabs.current_changed.connect(lambda _chat: self.retranslate())
        tabs.retitled.connect(self.retranslate)
        tabs.settings_requested.connect(self.open_settings)
        tabs.return_requested.connect(self.show_chats)
        tabs.strip.sidebar_requested.connect(self.toggle_sidebar)
        frame.docked_changed.connect(partial(near.settings.set, SIDEBAR_OPEN))
        frame.sidebar_changed.connect(lambda seen: tabs.strip.show_sidebar_button(not seen))

    def _commands(self) -> Mapping[str, Callable[[], object]]:
        tabs = self.tabs

        def on_page(method: Callable[[ChatPage], object]) -> Callable[[], object]:
            return lambda: method(tabs.current_page())

        return {
            "new_chat": self.new_chat,
            "search": self.search,
            "rename": self.rename,
            "sidebar": self.toggle_sidebar,
            "new_tab": tabs.new_tab,
            "close_tab": tabs.close_current,
            "reopen_tab": tabs.reopen,
            "next_tab": partial(tabs.step, 1),
            "previous_tab": partial(tabs.step, -1),
            **{f"tab_{number}": partial(tabs.go_to, number) for number in range(1, 10)},
            "composer": on_page(ChatPage.focus_composer),
            "find": on_page(ChatPage.open_find),
            "find_next": on_page(lambda page: page.find_step(1)),
            "find_previous": on_page(lambda page: page.find_step(-1)),
            "review": on_page(lambda page: page.transcript.current.open()),
            "repeat": on_page(lambda page: page.transcript.announcer.repeat()),
            "regenerate": on_page(ChatPage.regenerate_last),
            "copy_answer": on_page(lambda page: page.transcript.copy_last_answer()),
            "copy_code": on_page(lambda page: page.transcript.copy_last_code()),
            "model": on_page(lambda page: page.composer.open_model_picker()),
            "text_larger": partial(step_text_size, self._near.settings, 1),
            "text_smaller": partial(step_text_size, self._near.settings, -1),
            "text_normal": partial(step_text_size, self._near.settings, 0),
            "settings": self.open_settings,
            "keys": self.show_keys,
        }

    def _add_panels(self, panels: Sequence[PanelSpec]) -> None:
        for spec in panels:
            open_panel = partial(self._open_panel, spec)
            button = self.sidebar.add_button(spec.icon, spec.title(), open_panel)
            self._panel_buttons.append((spec, button))
            if spec.shortcut:
                shortcut = QShortcut(QKeySequence(spec.shortcut), self)
                shortcut.activated.connect(open_panel)

    def retranslate(self) -> None:
        """Set every sentence anew."""
        entry = self._near.history.entry(self.sidebar.list.active)
        title = entry.title if entry else ""
        self.setWindowTitle(f"{title} — {APP_NAME}" if title else APP_NAME)
        for spec, button in self._panel_buttons:
            button.set_name(spec.title())

    def changeEvent(self, event: QEvent) -> None:
        """Speak the language that was chosen."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    # What the application asks for

    def current_page(self) -> ChatPage:
        """Return the chat that is looked at."""
        return self.tabs.current_page()

    def open_conversation(self, conversation_id: str, message_id: str = "") -> None:
        """Show a conversation, and scroll to one of its messages if one is named."""
        self.show_chats()
        self.tabs.open(conversation_id, message_id)
        self.frame.put_away()
        self.current_page().focus_composer()

    def new_chat(self) -> None:
        """Show a chat in which nothing was asked yet."""
        self.show_chats()
        self.tabs.new_chat()
        self.frame.put_away()

    def try_demo(self) -> None:
        """Choose the demo service in the chat that is looked at."""
        self.tabs.current_page().choose_demo()

    def save_all(self) -> None:
        """Save, in the background, what is typed, and where the window is."""
        self._near.settings.set(WINDOW_GEOMETRY, geometry.describe(self))
        for page in self.tabs.pages():
            page.keep_draft()

    def finish(self) -> None:
        """Save what is typed and where the window is, and let what is under way end without it."""
        self._near.settings.set(WINDOW_GEOMETRY, geometry.describe(self))
        for page in self.tabs.pages():
            page.leave()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that the window closes; ask first when something could not be saved so far."""
        if self._near.sessions.failing() and not self._may_lose:
            event.ignore()
            self._ask_to_lose()
            return
        super().closeEvent(event)
        if event.isAccepted():
            self.closed.emit()

    def _ask_to_lose(self) -> None:
        if self.findChild(Dialog, "lose") is not None:
            return
        dialog = ask(
            self,
            self._near.theme,
            tr("Close without saving?"),
            tr("The newest text could not be saved yet. It is lost when the window closes."),
            tr("Close anyway"),
            danger=True,
        )
        dialog.setObjectName("lose")
        dialog.accepted.connect(self._lose)

    def _lose(self) -> None:
        self._may_lose = True
        self.close()

    # Full-window pages

    def open_settings(self, service_id: str = "", focus_key: bool = False) -> None:
        """Show the settings.

        Args:
            service_id: the service to show, or "".
            focus_key: lets its key be entered; without a service, one can be added.
        """
        near = self._near
        if self._settings_page is None:
            page = SettingsPage(
                near.theme, near.bridge, near.setup, near.lists, near.catalogue, near.settings
            )
            page.closed.connect(self.show_chats)
            self._settings_page = page
        # First shown, then asked to take the focus: what is not in the window cannot have it.
        self._show_full(self._settings_page)
        self._settings_page.show_services(service_id, focus_key)
        if focus_key and not service_id:
            self._settings_page.services.begin_adding()

    def _open_panel(self, spec: PanelSpec) -> None:
        if spec.icon not in self._panels:
            self._panels[spec.icon] = spec.factory(self._near)
        self._show_full(self._panels[spec.icon])

    def _show_full(self, page: QWidget) -> None:
        if self._pages.currentWidget() is self.frame:
            self._focus_before = QApplication.focusWidget()
        if self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        self.shortcuts.set_chat_visible(False)
        self._pages.setCurrentWidget(page)

    def show_chats(self) -> None:
        """Go back from a full-window page to where one was."""
        if self._pages.currentWidget() is self.frame:
            return
        self._pages.setCurrentWidget(self.frame)
        self.shortcuts.set_chat_visible(True)
        for page in self.tabs.pages():
            page.forget_key_wait()
        before, self._focus_before = self._focus_before, None
        # What was pressed may be gone: the ways to begin are made anew when a service changes.
        there = before is not None and isValid(before) and self.isAncestorOf(before)
        if before is not None and there and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.tabs.current_page().focus_composer()

    # Keys

    def search(self) -> None:
        """Put the caret into the search field."""
        self.frame.reveal()
        self.sidebar.focus_search()

    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar. One that lies over the chats has the keys while it does."""
        self.frame.toggle()
        if self.frame.overlays and self.frame.sidebar_open:
            self.sidebar.list.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.frame.overlays:
            self.current_page().focus_composer()

    def rename(self) -> None:
        """Let the title of the chosen chat be changed."""
        chats = self.sidebar.list
        self.frame.reveal()
        self.sidebar.rename(chats.current_id() if chats.hasFocus() else chats.active)

    def show_keys(self) -> None:
        """Show the list of keys."""
        KeyList(self._near.theme, self).open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc, where nothing in the window wanted it: put the sidebar away, or stop."""
        if event.key() != Qt.Key.Key_Escape or event.modifiers():
            super().keyPressEvent(event)
        elif self._pages.currentWidget() is not self.frame:
            self.show_chats()
        elif self.frame.put_away():
            self.current_page().focus_composer()
        else:
            self.tabs.current_page().escape()
