"""Who is asked when a service does not answer."""

from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_chat.chat.model_lists import ModelLists
from desktop_chat.core.i18n import language, ntr, tr
from desktop_chat.core.services import Backup, Service
from desktop_chat.ui import icons
from desktop_chat.ui.controls.buttons import IconButton, PaintedButton, Switch, plain_tip
from desktop_chat.ui.controls.fields import HEIGHT, Field, field_fill
from desktop_chat.ui.controls.labels import ElidedLabel, Label, Status
from desktop_chat.ui.controls.paint import blend, paint_box
from desktop_chat.ui.controls.tile import paint_tile
from desktop_chat.ui.model_picker import ModelPicker
from desktop_chat.ui.settings.editor import ServiceEditor
from desktop_chat.ui.settings.fold import Fold
from desktop_chat.ui.settings.number_flow import Number, NumberFlow
from desktop_chat.ui.settings.row import ServiceRow
from desktop_chat.ui.theme import Theme

_ALL: Final = ""
"""Stands for every model that has no backup of its own."""


class ModelField(PaintedButton):
    """Shows a service and a model in the look of a field; a press chooses another.

    Args:
        theme: colours and fonts.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._service: Service | None = None
        self._model = ""
        self._asks = ""
        self._name = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_name(self, name: str, asks: str) -> None:
        """Say what is chosen, and what stands there while nothing is."""
        self._name, self._asks = name, asks
        self.show_model(self._service, self._model)

    def show_model(self, service: Service | None, model: str) -> None:
        """Show a service and its model, or that none is chosen."""
        self._service, self._model = service, model
        title = service.title(language()) if service else ""
        self.setText(f"{title} {model}".strip() or self._asks)
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(self.text())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of a field."""
        return QSize(200, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the least there must be."""
        return QSize(120, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        t = self.theme.tokens
        painter = QPainter(self)
        fill = blend(field_fill(self.theme), t.hover2, self.hover)
        paint_box(painter, self.rect(), self.radius, fill, t.line2 if self.isEnabled() else t.line)
        ink = t.text if self.isEnabled() else t.disabled
        soft = t.text2 if self.isEnabled() else t.disabled
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        words = QRect(11, 0, self.width() - 38, self.height())
        painter.setFont(self.theme.font(13))
        if self._service is None:
            painter.setPen(t.text3)
            painter.drawText(words, middle, self._asks)
        else:
            tile = QRect(10, 8, 16, 16)
            paint_tile(painter, tile, self._service.monogram, self._service.colour)
            words.setLeft(35)
            title = self._service.title(language())
            painter.setPen(ink)
            painter.drawText(words, middle, title)
            words.setLeft(words.left() + painter.fontMetrics().horizontalAdvance(title) + 8)
            painter.setFont(self.theme.font(12, mono=True))
            painter.setPen(soft)
            cut = painter.fontMetrics().elidedText(
                self._model, Qt.TextElideMode.ElideMiddle, max(0, words.width())
            )
            painter.drawText(words, middle, cut)
        icons.paint(painter, "caret-down", QRect(self.width() - 22, 0, 12, self.height()), soft, 12)
        painter.end()


class _Pair(QWidget):
    """A model of ours and the one asked in its place."""

    removed = Signal(str)
    pressed = Signal(str)

    def __init__(self, theme: Theme, ours: str, theirs: str) -> None:
        super().__init__()
        name = ElidedLabel(theme, ours, pixels=12, mono=True)
        name.setToolTip(plain_tip(ours))
        name.setMaximumWidth(220)
        self.field = ModelField(theme)
        self.field.set_name(tr("Backup for {model}").format(model=ours), "")
        self.field.setText(theirs)
        self.field.clicked.connect(lambda: self.pressed.emit(ours))
        remove = IconButton(theme, "x", tr("Remove the mapping of {model}").format(model=ours))
        remove.clicked.connect(lambda: self.removed.emit(ours))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(name, 1)
        row.addWidget(Label(theme, "→", ink="text3"))
        row.addWidget(self.field, 2)
        row.addWidget(remove)


def _read_hedge(service: Service) -> int:
    return max(1, round(service.backup.hedge)) if service.backup.hedge else 3


def _write_hedge(service: Service, value: int) -> Service:
    return replace(service, backup=replace(service.backup, hedge=float(value)))


def _number(name: str, most: int) -> Number:
    def read(service: Service) -> int:
        value: float = getattr(service.backup, name)
        return max(1, round(value))

    def write(service: Service, value: int) -> Service:
        backup = service.backup
        if name == "failures":
            backup = replace(backup, failures=value)
        else:
            backup = replace(backup, first_token=float(value))
        return replace(service, backup=backup)

    return Number(name, 1, most, read, write)


class BackupRow(ServiceRow):
    """The row of the backup: a switch and its model; folded below, when it is asked, which of its
    models stands for which of ours, and asking both at once.

    Args:
        theme: colours and fonts.
        editor: the service shown.
        lists: the services' lists of models.
    """

    add_requested = Signal()

    def __init__(self, theme: Theme, editor: ServiceEditor, lists: ModelLists) -> None:
        super().__init__(theme, editor)
        self._lists = lists
        self.picker: ModelPicker | None = None
        self._wants_on = ""
        self.switch = Switch(theme, "")
        self.switch.clicked.connect(self._switched)
        self.field = ModelField(theme)
        self.field.clicked.connect(partial(self._choose, _ALL))
        self.note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.status = Status(theme)
        self.status.hide()
        self.fold = Fold(theme, small=True)
        self.when = NumberFlow(
            theme, editor, (_number("failures", 20), _number("first_token", 600))
        )
        self._pairs_title = Label(theme, pixels=12, ink="text2", wrap=True)
        self._pairs = QVBoxLayout()
        self._pairs.setSpacing(4)
        self.ours = Field(theme, "", mono=True)
        self.ours.returnPressed.connect(self._add_pair)
        self.hedge = Switch(theme, "")
        self.hedge.clicked.connect(self._set_hedge)
        self._hedge_label = Label(theme, wrap=True)
        self._hedge_time = Number("hedge", 1, 120, _read_hedge, _write_hedge)
        self.hedge_time = NumberFlow(theme, editor, (self._hedge_time,))
        self.hedge_warning = Status(theme)
        self._build()
        self.retranslate()

    def _build(self) -> None:
        self.line.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignVCenter)
        self.line.addWidget(self.field, 1)
        hedge = QHBoxLayout()
        hedge.setSpacing(8)
        hedge.addWidget(self.hedge)
        hedge.addWidget(self._hedge_label, 1)
        body = self.fold.body
        body.addWidget(self.when)
        body.addWidget(self._pairs_title)
        body.addLayout(self._pairs)
        body.addWidget(self.ours)
        body.addSpacing(4)
        body.addLayout(hedge)
        body.addWidget(self.hedge_time)
        body.addWidget(self.hedge_warning)
        for widget in (self.note, self.status, self.fold):
            self.notes.addWidget(widget)

    # What is shown.

    def show_service(self, service: Service) -> None:
        """Show what holds for a service."""
        self.setVisible(service.protocol != "demo")
        backup = service.backup
        other = self._other(backup.service_id)
        self.field.show_model(other, backup.models.get(_ALL, ""))
        self.switch.setChecked(backup.enabled)
        self.when.show_service(service)
        self.hedge.setChecked(backup.hedge is not None)
        self.hedge.setEnabled(other is not None)
        self.hedge_time.show_service(service)
        self.hedge_time.setVisible(backup.hedge is not None)
        self._tell(service, other)
        self._show_pairs(backup, other)

    def _tell(self, service: Service, other: Service | None) -> None:
        backup = service.backup
        sentence = ntr(
            "After {count} 5xx in a row, or {seconds} s without a first token;"
            " the header of the message names who answered.",
            "After {count} 5xx in a row, or {seconds} s without a first token;"
            " the header of the message names who answered.",
            backup.failures,
        )
        seconds = f"{backup.first_token:g}"
        self.note.setText(sentence.format(count=backup.failures, seconds=seconds))
        gone = backup.enabled and other is None
        fault = tr("This service is gone. Choose another backup.") if gone else ""
        self.status.show_state("warning-circle", fault, "warn")
        pairs = len(_pairs_of(backup))
        hints = [ntr("{count} mapping", "{count} mappings", pairs).format(count=pairs)] * bool(
            pairs
        )
        if backup.hedge is not None:
            hints.append(tr("both are asked after {seconds} s").format(seconds=f"{backup.hedge:g}"))
        self.fold.head.set_hint(" · ".join(hints))

    def _show_pairs(self, backup: Backup, other: Service | None) -> None:
        while (item := self._pairs.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for ours, theirs in _pairs_of(backup).items():
            pair = _Pair(self.theme, ours, theirs)
            pair.field.show_model(other, theirs)
            pair.pressed.connect(self._choose)
            pair.removed.connect(self._remove_pair)
            self._pairs.addWidget(pair)
        self.ours.setEnabled(other is not None)

    def _other(self, service_id: str) -> Service | None:
        return next((item for item in self.editor.services() if item.id == service_id), None)

    def _candidates(self) -> list[Service]:
        mine = self.editor.service.id
        return [
            item
            for item in self.editor.services()
            if item.id != mine and item.enabled and item.configured and item.protocol != "demo"
        ]

    # What is done.

    def _switched(self) -> None:
        backup = self.editor.service.backup
        on = self.switch.isChecked()
        if on and self._other(backup.service_id) is None:
            self.switch.setChecked(False)
            self._wants_on = self.editor.service.id
            self._choose(_ALL)
            return
        self._save(replace(backup, enabled=on))

    def _choose(self, ours: str) -> None:
        """Let the backup be chosen; for one model of ours, among the models of the backup."""
        backup = self.editor.service.backup
        services = self._candidates()
        if ours:
            services = [item for item in services if item.id == backup.service_id]
        current = (backup.service_id, backup.models.get(ours, ""))
        states = {item.id: self._lists.state(item.id) for item in services}
        picker = ModelPicker(self.theme, services, current, states, self.field)
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.chosen.connect(partial(self._chosen, self.editor.service.id, ours))
        picker.mend.connect(self._mend)
        picker.add_service.connect(self.add_requested)
        picker.closed.connect(self._picker_gone)
        self.picker = picker
        picker.open_for(self.field)

    def _picker_gone(self) -> None:
        self.picker = None

    def _mend(self, service_id: str) -> None:
        if (service := self._other(service_id)) is not None:
            self._lists.fetch(service)

    def _chosen(self, asked: str, ours: str, service_id: str, model: str) -> None:
        if asked != self.editor.service.id:
            return
        backup = self.editor.service.backup
        same = service_id == backup.service_id
        models = dict(backup.models) if same else {}
        models[ours] = model
        on = backup.enabled or self._wants_on == asked
        self._wants_on = ""
        self._save(replace(backup, enabled=on, service_id=service_id, models=models))

    def _add_pair(self) -> None:
        ours = self.ours.text().strip()
        if ours:
            self.ours.clear()
            self._choose(ours)

    def _remove_pair(self, ours: str) -> None:
        backup = self.editor.service.backup
        models = {key: value for key, value in backup.models.items() if key != ours}
        self._save(replace(backup, models=models))

    def _set_hedge(self) -> None:
        self.hedge_time.commit()
        seconds = float(_read_hedge(self.editor.service)) if self.hedge.isChecked() else None
        self._save(replace(self.editor.service.backup, hedge=seconds))

    def _save(self, backup: Backup) -> None:
        self.editor.change(backup=backup)

    def commit(self) -> None:
        """Save what was changed."""
        self.when.commit()
        if self.hedge.isChecked():
            self.hedge_time.commit()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.set_label(tr("Backup service"))
        self.switch.set_name(tr("Backup service"))
        self.field.set_name(tr("Backup model"), tr("Choose a service and a model"))
        self.fold.head.setText(tr("More"))
        seconds = tr("s")
        self.when.name("failures", tr("5xx in a row"))
        self.when.name("first_token", tr("First token within"), suffix=seconds)
        self._pairs_title.setText(
            tr("Another model of the backup can stand for one of this service's models.")
        )
        self.ours.setAccessibleName(tr("Model of this service to map"))
        self.ours.setPlaceholderText(tr("Type a model id and press Enter"))
        self.hedge.set_name(tr("Ask both when it is slow"))
        self._hedge_label.setText(tr("Ask both when it is slow, and keep the first answer"))
        self.hedge_time.name("hedge", tr("Ask both after"), suffix=seconds)
        self.hedge_warning.show_state(
            "warning-circle",
            tr("Each such question goes to another company too, and both answers are paid for."),
            "warn",
        )
        if self.editor.service.id:
            self.show_service(self.editor.service)


def _pairs_of(backup: Backup) -> dict[str, str]:
    return {ours: theirs for ours, theirs in backup.models.items() if ours != _ALL}
