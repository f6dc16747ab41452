"""Everything that is set for one service."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.buttons import Button, Switch
from desktop_chat.ui.controls.labels import ElidedLabel, Label, Line
from desktop_chat.ui.controls.tile import Tile
from desktop_chat.ui.settings.address_row import AddressRow
from desktop_chat.ui.settings.backup_row import BackupRow
from desktop_chat.ui.settings.check_row import CheckRow
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.fold import Fold
from desktop_chat.ui.settings.form import Column
from desktop_chat.ui.settings.jobs import Jobs
from desktop_chat.ui.settings.key_row import KeyRow
from desktop_chat.ui.settings.kinds import kind_title
from desktop_chat.ui.settings.limits_row import LimitsRow
from desktop_chat.ui.settings.models_box import ModelsBox
from desktop_chat.ui.settings.proxy_row import ProxyRow
from desktop_chat.ui.settings.request_fold import RequestFold
from desktop_chat.ui.settings.states import DEMO, ServiceStates
from desktop_chat.ui.settings.switch_rows import CacheRow, PrivacyRow
from desktop_chat.ui.settings.time_row import TimeRow
from desktop_chat.ui.settings.way_box import WayBox
from desktop_chat.ui.settings.words import host_in
from desktop_chat.ui.theme import Theme


class ServiceDetail(Column):
    """The settings of one service.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        setup: keys, checks.
        lists: the services' own lists of models.
        states: what is known of keys and checks.
        jobs: run what takes time.
    """

    remove_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        editor: ServiceEditor,
        setup: ServiceSetup,
        lists: ModelLists,
        states: ServiceStates,
        jobs: Jobs,
    ) -> None:
        super().__init__(theme)
        self._editor = editor
        self._states = states
        self._lists = lists
        self._shown = ""
        self.tile = Tile(size=36)
        self.name = ElidedLabel(theme, pixels=18, bold=True)
        self.protocol = ElidedLabel(theme, pixels=12, ink="text3")
        self.enabled_label = Label(theme, ink="text2")
        self.enabled = Switch(theme, "")
        self.enabled.clicked.connect(self._enable)
        self.way = WayBox(theme, editor, self._way_changed)
        self.key_row = KeyRow(theme, editor, setup, states, jobs)
        self.address_row = AddressRow(theme, editor, setup, states, lists)
        self.check_row = CheckRow(theme, editor, setup, states, lists, jobs)
        self.models = ModelsBox(theme, editor, lists)
        self.backup = BackupRow(theme, editor, lists)
        self.limits = LimitsRow(theme, editor)
        self.proxy = ProxyRow(theme, editor, setup, jobs)
        self.time_row = TimeRow(theme, editor)
        self.cache = CacheRow(theme, editor)
        self.privacy = PrivacyRow(theme, editor)
        self.request = RequestFold(theme, editor)
        self.way_fold = Fold(theme)
        self.key_row.saved.connect(self._key_saved)
        self.remove_button = Button(theme, kind="quiet", icon="trash")
        self.remove_button.clicked.connect(self.remove_requested)
        self._own_way = QVBoxLayout()
        self._lines = [Line(theme) for _number in range(4)]
        self._build()
        editor.changed.connect(self._show)
        self.retranslate()

    def _build(self) -> None:
        column = self.rows
        column.addLayout(self._head())
        column.addLayout(self._own_way)
        groups: tuple[tuple[QWidget, ...], ...] = (
            (self.key_row, self.address_row, self.check_row),
            (self.models,),
            (self.backup, self.limits, self.proxy, self.time_row, self.cache, self.privacy),
            (self.request, self.way_fold),
        )
        for group, line in zip(groups, self._lines, strict=True):
            for widget in group:
                column.addWidget(widget)
            column.addWidget(line)
        column.addWidget(self.remove_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.way_fold.body.addWidget(self.way)

    def _head(self) -> QHBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.protocol)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.tile)
        row.addLayout(words, 1)
        row.addWidget(self.enabled_label)
        row.addWidget(self.enabled)
        return row

    def _enable(self) -> None:
        if not self._editor.change(enabled=self.enabled.isChecked()):
            self._show()

    def begin(self) -> None:
        """Go to where one begins to use the service: its key, or else trying it."""
        if self.key_row.isVisibleTo(self):
            self.key_row.begin()
        else:
            self.check_row.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _key_saved(self) -> None:
        """Go on to what one does next, where a stray key changes nothing."""
        self.check_row.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _way_changed(self, service: Service) -> None:
        """Forget what was found out over another way."""
        self._states.set_check(service.id, None)
        self._states.refresh(service)
        self._lists.forget(service.id)

    def _show(self) -> None:
        service = self._editor.service
        if not service.id:
            return
        self.tile.show_service(service.monogram, service.colour)
        self.name.setText(service.title(language()))
        self.protocol.setText(_protocol(service))
        self.enabled.setChecked(service.enabled)
        demo = service.protocol == DEMO
        self.check_row.setVisible(not demo)
        own = not service.builtin
        self._place_way(own)
        self.way_fold.setVisible(not own and not demo)
        self.way_fold.head.set_hint(self.way.hint())
        removable = own or (service.configured and not demo)
        for line, shown in zip(self._lines, (True, not demo, not demo, removable), strict=True):
            line.setVisible(shown)
        self.remove_button.setVisible(removable)
        self.remove_button.setText(tr("Remove this service") if own else tr("Reset this service"))
        if service.id != self._shown:
            self._shown = service.id
            for fold in self.findChildren(Fold):
                fold.set_open(False)
            self.verticalScrollBar().setValue(0)

    def _place_way(self, own: bool) -> None:
        """Put protocol and authentication where the user's own services have them, or fold them
        away where they are known.
        """
        place, other = (self._own_way, self.way_fold.body)
        if not own:
            place, other = other, place
        if place.indexOf(self.way) < 0:
            other.removeWidget(self.way)
            place.addWidget(self.way)
            self.way.setVisible(True)

    def stop(self) -> None:
        """Give up what runs, and save what waits."""
        self.check_row.stop()
        self.way.commit()
        self.backup.commit()
        self.limits.commit()
        self.proxy.commit()
        self.time_row.commit()
        self.request.commit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.enabled_label.setText(tr("Enabled"))
        self.enabled.set_name(tr("Enabled"))
        self.way.retranslate()
        self.request.retranslate()
        self.way_fold.head.setText(tr("Protocol and authentication"))
        self._show()


def _protocol(service: Service) -> str:
    if service.protocol == DEMO:
        return tr("A demonstration, not a model")
    host = host_in(service.site or service.base_url)
    if service.protocol == "openai-chat":
        words = tr("OpenAI-compatible protocol · {host}")
    else:
        words = kind_title(service.protocol) + " · {host}"
    return words.format(host=host).removesuffix(" · ")
