"""The section of the model services: the list, and the service chosen in it."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.ports import Catalogue, KeyPlace
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.controls.dialog import Dialog, ask
from desktop_chat.ui.controls.notice import NoticeBar
from desktop_chat.ui.settings.add_service import AddService
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.form import COLUMN
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.service_detail import ServiceDetail
from desktop_chat.ui.settings.service_list import ServiceList
from desktop_chat.ui.settings.states import ServiceStates
from desktop_chat.ui.settings.words import reason_of
from desktop_chat.ui.theme import Theme


class _ListPane(QWidget):
    def __init__(self, theme: Theme, content: QWidget) -> None:
        super().__init__()
        self._theme = theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, 0)
        column.addWidget(content)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), self._theme.tokens.line)
        painter.end()


class ServicesSection(QWidget):
    """The list of services and the settings of the one chosen.

    Args:
        theme: colours and fonts.
        bridge: starts what takes time, and tells of changes.
        setup: keys, checks.
        lists: the services' own lists of models.
        catalogue: the services.
    """

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        setup: ServiceSetup,
        lists: ModelLists,
        catalogue: Catalogue,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._setup = setup
        self._lists = lists
        self._catalogue = catalogue
        self.jobs = Jobs(bridge, self)
        self.states = ServiceStates(setup, self.jobs, self)
        self.editor = ServiceEditor(catalogue, self)
        self.list = ServiceList(theme, self.states)
        self.detail = ServiceDetail(theme, self.editor, setup, lists, self.states, self.jobs)
        self.add_form = AddService(theme, setup)
        self.notice = NoticeBar(theme)
        self.notice.setMaximumWidth(COLUMN)
        self.dialog: Dialog | None = None
        self._setting_up = ""
        self._pane = _ListPane(theme, self.list)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.detail)
        self._stack.addWidget(self.add_form)
        self._notice_place = QWidget()
        top = QHBoxLayout(self._notice_place)
        top.setContentsMargins(32, 12, 32, 0)
        top.addWidget(self.notice, 1)
        top.addStretch()
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._notice_place)
        right.addWidget(self._stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._pane)
        row.addLayout(right, 1)
        self.set_list_width(272)
        self._hide_notice()
        self._connect(bridge)
        self._reload()

    def _connect(self, bridge: Bridge) -> None:
        self.list.selected.connect(self._choose)
        self.list.add_requested.connect(self.begin_adding)
        self.list.ordered.connect(self.editor.set_order)
        self.add_form.submitted.connect(self._add)
        self.add_form.cancelled.connect(self._stop_adding)
        self.detail.remove_requested.connect(self._ask_to_remove)
        self.states.changed.connect(self._key_known)
        self.editor.failed.connect(self._save_failed)
        self.editor.saved.connect(self._hide_notice)
        self.notice.closed.connect(self._notice_place.hide)
        self.notice.action.connect(self._notice_action)
        bridge.services_changed.connect(self._reload)
        bridge.keyring_changed.connect(self.refresh)

    def set_list_width(self, width: int) -> None:
        """Give the list its width, in pixels."""
        self._pane.setFixedWidth(width)

    # What is shown.

    def refresh(self) -> None:
        """Ask for the state of every key."""
        for service in self._catalogue.services():
            self.states.refresh(service)

    def show_service(self, service_id: str = "", focus_key: bool = False) -> None:
        """Show a service.

        Args:
            service_id: which one; "" keeps the one shown, or takes the first.
            focus_key: the user wants to use it: lets its key be entered, or begins without one
                where it needs none or the environment has it.
        """
        self._setting_up = ""
        known = self._catalogue.service(service_id) if service_id else None
        if known is not None:
            self.list.select(service_id)
            self._choose(service_id)
            if focus_key and not known.configured:
                self._setting_up = service_id
        self.refresh()
        if focus_key:
            self.detail.begin()
        else:
            # Else Qt would take the first there is, the way back, and Enter would leave.
            self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _key_known(self, service_id: str) -> None:
        """Set a service up that the user wants to use and that needs no key to be entered."""
        if service_id != self._setting_up or service_id != self.editor.service.id:
            return
        service, state = self.editor.service, self.states.key(service_id)
        if service.auth == "none":
            self._setting_up = ""
            # It counts as set up once it has answered with its list.
            self._lists.fetch(service)
        elif state is not None:
            self._setting_up = ""
            if state.place is KeyPlace.ENVIRONMENT and self.editor.save(service):
                self.detail.key_row.cancel()
                self._lists.want(service)

    def _reload(self) -> None:
        """Show the services as they are now."""
        services = self._catalogue.services()
        self.list.set_services(services)
        shown = self._catalogue.service(self.editor.service.id)
        if shown is None and services:
            shown = services[0]
        if shown is not None:
            if not self.adding:
                self.list.select(shown.id)
            self.editor.show_service(shown)

    def _choose(self, service_id: str) -> None:
        service = self._catalogue.service(service_id)
        if service is None:
            return
        if service.id != self.editor.service.id:
            self.detail.stop()
            self._hide_notice()
        self._stack.setCurrentWidget(self.detail)
        self.editor.show_service(service)

    # Adding and removing.

    @property
    def adding(self) -> bool:
        """Whether a new service is being entered."""
        return self._stack.currentWidget() is self.add_form

    def begin_adding(self) -> None:
        """Ask for a new service."""
        self.list.clear_selection()
        self._stack.setCurrentWidget(self.add_form)
        self.add_form.begin({service.id for service in self._catalogue.services()})

    def _stop_adding(self) -> None:
        self._stack.setCurrentWidget(self.detail)
        self.list.select(self.editor.service.id)

    def _add(self, service: Service, key: Secret | None) -> None:
        if not self.editor.save(service):
            return
        if key is None:
            self._added(service.id)
            self._lists.want(service)
            return
        self.add_form.add_button.set_busy(True)
        self.jobs.start(
            "save key",
            self._setup.save_key(service, key),
            lambda _place: self._added(service.id),
            lambda error: self._not_kept(service.id, error),
            finish=True,
        )

    def _added(self, service_id: str) -> None:
        self.add_form.begin(())
        self._stack.setCurrentWidget(self.detail)
        self.show_service(service_id)

    def _not_kept(self, service_id: str, error: Exception) -> None:
        self._added(service_id)
        title = tr("The key was not saved: {reason}. Enter it again.")
        self._warn(title.format(reason=reason_of(error)), retry=False)

    def _ask_to_remove(self) -> None:
        service = self.editor.service
        name = service.title(language())
        if service.builtin:
            title = tr("Reset “{service}”?").format(service=name)
            text = tr("Your changes and the saved key go. Chats stay.")
            verb = tr("Reset")
        else:
            title = tr("Remove “{service}”?").format(service=name)
            text = tr("Its settings and the saved key go. Chats stay.")
            verb = tr("Remove")
        self.dialog = ask(self, self._theme, title, text, verb, danger=True)
        self.dialog.accepted.connect(lambda: self._remove(service))
        self.dialog.destroyed.connect(self._dialog_gone)

    def _dialog_gone(self) -> None:
        self.dialog = None

    def _remove(self, service: Service) -> None:
        self.detail.stop()
        self._lists.forget(service.id)
        self.states.set_check(service.id, None)
        self.jobs.start(
            "remove key",
            self._setup.forget_keys(service),
            lambda _none: self._forget(service),
            lambda error: self._not_removed(service, error),
            finish=True,
        )

    def _forget(self, service: Service) -> None:
        if self.editor.remove(service.id):
            self.refresh()

    def _not_removed(self, service: Service, error: Exception) -> None:
        """Keep the service while its key cannot be deleted: it could not be found again."""
        name = service.title(language())
        text = tr("{service} stays, because its key was not deleted: {reason}.")
        self._warn(text.format(service=name, reason=reason_of(error)), retry=False)

    # What went wrong.

    def _save_failed(self, text: str) -> None:
        self._warn(text, retry=True)
        # What was typed but not saved must not look as if it were.
        self.editor.changed.emit()

    def _warn(self, text: str, *, retry: bool) -> None:
        actions = [("retry", tr("Try again"))] if retry else []
        self._notice_place.show()
        self.notice.show_notice("danger", "warning-circle", tr("Not saved"), text, actions)

    def _hide_notice(self) -> None:
        self.notice.hide()
        self._notice_place.hide()

    def _notice_action(self, _name: str) -> None:
        self.editor.retry()

    def stop(self) -> None:
        """Give up what runs, and save what waits."""
        self.detail.address_row.commit()
        self.detail.stop()
        self.jobs.cancel_all()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._hide_notice()
