"""Settings of the whole program: language, theme, motion, context."""

from functools import partial

from PySide6.QtCore import QEvent

from desktop_chat.core import settings as keys
from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import Settings
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.controls.buttons import Segmented, Switch
from desktop_chat.ui.controls.fields import SpinField
from desktop_chat.ui.controls.labels import Label, Line
from desktop_chat.ui.settings.form import Column, FormRow
from desktop_chat.ui.theme import Theme

_MOST_ROUNDS = 500


class GeneralSection(Column):
    """Language, theme, motion and context. Every change holds at once.

    Args:
        theme: colours and fonts.
        bridge: tells of changes made elsewhere.
        settings: read and written here.
    """

    def __init__(self, theme: Theme, bridge: Bridge, settings: Settings) -> None:
        super().__init__(theme)
        self._settings = settings
        self.title = Label(theme, pixels=18, bold=True)
        self.language = Segmented(theme, [("system", "", ""), ("zh_CN", "", ""), ("en", "", "")])
        self.scheme = Segmented(theme, [("system", "", ""), ("light", "", ""), ("dark", "", "")])
        self.motion = Switch(theme, "")
        self.rounds = SpinField(theme, "")
        self.rounds.setRange(0, _MOST_ROUNDS)
        self.rounds.setFixedWidth(128)
        self._rows = [FormRow(theme) for _number in range(4)]
        self._motion_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self._rounds_note = Label(theme, pixels=12, ink="text3", wrap=True)
        for row, control in zip(
            self._rows, (self.language, self.scheme, self.motion, self.rounds), strict=True
        ):
            row.line.addWidget(control)
            row.line.addStretch()
        self._rows[2].line.insertWidget(1, self._motion_note, 1)
        self._rows[2].line.setStretch(2, 0)
        self._rows[3].notes.addWidget(self._rounds_note)
        column = self.rows
        column.addWidget(self.title)
        for number, row in enumerate(self._rows):
            if number == 3:
                column.addWidget(Line(theme))
            column.addWidget(row)
        column.addStretch(1)
        self.language.chosen.connect(partial(settings.set, keys.LANGUAGE))
        self.scheme.chosen.connect(partial(settings.set, keys.THEME))
        self.motion.clicked.connect(self._set_motion)
        self.rounds.valueChanged.connect(self._set_rounds)
        bridge.setting_changed.connect(self._changed)
        self.retranslate()
        self._read()

    def _set_motion(self) -> None:
        self._settings.set(keys.REDUCED_MOTION, self.motion.isChecked())

    def _set_rounds(self, value: int) -> None:
        if value != self._settings.get(keys.CONTEXT_ROUNDS):
            self._settings.set(keys.CONTEXT_ROUNDS, value)

    def _changed(self, _name: str) -> None:
        self._read()

    def _read(self) -> None:
        """Show what holds."""
        self.language.set_value(self._settings.get(keys.LANGUAGE))
        self.scheme.set_value(self._settings.get(keys.THEME))
        self.motion.setChecked(self._settings.get(keys.REDUCED_MOTION))
        self.rounds.setValue(self._settings.get(keys.CONTEXT_ROUNDS))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use; languages are named in themselves."""
        self.title.setText(tr("General"))
        names = (tr("Language"), tr("Theme"), tr("Reduced motion"), tr("Context"))
        for row, name in zip(self._rows, names, strict=True):
            row.set_label(name)
        self.language.setAccessibleName(tr("Language"))
        self.language.set_labels([tr("Follow system"), "中文", "English"])
        self.scheme.setAccessibleName(tr("Theme"))
        self.scheme.set_labels([tr("Follow system"), tr("Light"), tr("Dark")])
        self.motion.set_name(tr("Reduced motion"))
        self._motion_note.setText(tr("Nothing fades, turns or blinks."))
        self.rounds.set_name(tr("Context"))
        self.rounds.setSpecialValueText(tr("All rounds"))
        self.rounds.setSuffix(" " + tr("rounds"))
        self._rounds_note.setText(
            tr("How many rounds of question and answer are sent along with a new question.")
        )
