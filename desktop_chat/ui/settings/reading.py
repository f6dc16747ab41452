"""Settings of reading: size and width of text, code's font, contrast, following, announcements."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFont, QFontDatabase, QShowEvent

from desktop_chat.core import settings as keys
from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import Settings
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.controls.buttons import Segmented, Switch
from desktop_chat.ui.controls.fields import SelectField
from desktop_chat.ui.controls.labels import Label, Line
from desktop_chat.ui.keys import hint
from desktop_chat.ui.settings.form import Column, FormRow
from desktop_chat.ui.theme import Theme

_MOST_FAMILIES = 24
_SAMPLE = "if (0 != O) { il = 1l | I1; }  // 你好"


def code_families() -> list[str]:
    """Return the families of this computer whose characters are all of one width."""
    families = [
        family
        for family in QFontDatabase.families()
        if QFontDatabase.isFixedPitch(family) and not QFontDatabase.isPrivateFamily(family)
    ]
    return families[:_MOST_FAMILIES]


def _choices(values: Sequence[object]) -> list[tuple[str, str, str]]:
    return [(str(value), "", "") for value in values]


class ReadingSection(Column):
    """How messages are read. Every change holds at once, in every tab.

    Args:
        theme: colours and fonts.
        bridge: tells of changes made elsewhere.
        settings: read and written here.
    """

    def __init__(self, theme: Theme, bridge: Bridge, settings: Settings) -> None:
        super().__init__(theme)
        self._theme = theme
        self._settings = settings
        self._families: list[str] | None = None
        self.title = Label(theme, pixels=18, bold=True)
        self.text_size = Segmented(theme, _choices(keys.TEXT_SIZE.choices))
        self.text_width = Segmented(theme, _choices(keys.COLUMN_WIDTH.choices))
        self.code_font = SelectField(theme, "")
        self.contrast = Segmented(theme, _choices(keys.CONTRAST.choices))
        self.follow = Segmented(theme, _choices(keys.FOLLOW.choices))
        self.announce = Segmented(theme, _choices(keys.ANNOUNCE.choices))
        self.announce_code = Switch(theme, "")
        self._size_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self.sample = Label(theme, _SAMPLE, mono=True)
        self._follow_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self._announce_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self._code_note = Label(theme, pixels=12, ink="text3", wrap=True)
        self._rows = [FormRow(theme) for _number in range(7)]
        self._lay_out(theme)
        self._connect()
        bridge.setting_changed.connect(self._changed)
        theme.changed.connect(self._show_sample)
        self._show_sample()
        self.retranslate()

    def _lay_out(self, theme: Theme) -> None:
        controls = (
            *(self.text_size, self.text_width, self.code_font, self.contrast, self.follow),
            *(self.announce, self.announce_code),
        )
        for row, control in zip(self._rows, controls, strict=True):
            row.line.addWidget(control)
            row.line.addStretch()
        self._rows[0].notes.addWidget(self._size_note)
        self._rows[2].notes.addWidget(self.sample)
        self._rows[4].notes.addWidget(self._follow_note)
        self._rows[5].notes.addWidget(self._announce_note)
        self._rows[6].line.insertWidget(1, self._code_note, 1)
        self._rows[6].line.setStretch(2, 0)
        self.rows.addWidget(self.title)
        for number, row in enumerate(self._rows):
            if number in (4, 5):
                self.rows.addWidget(Line(theme))
            self.rows.addWidget(row)
        self.rows.addStretch(1)

    def _connect(self) -> None:
        settings = self._settings
        self.text_size.chosen.connect(lambda size: settings.set(keys.TEXT_SIZE, int(size)))
        self.text_width.chosen.connect(partial(settings.set, keys.COLUMN_WIDTH))
        self.code_font.chosen.connect(partial(settings.set, keys.CODE_FONT))
        self.contrast.chosen.connect(partial(settings.set, keys.CONTRAST))
        self.follow.chosen.connect(partial(settings.set, keys.FOLLOW))
        self.announce.chosen.connect(partial(settings.set, keys.ANNOUNCE))
        self.announce_code.clicked.connect(
            lambda: settings.set(keys.ANNOUNCE_CODE, self.announce_code.isChecked())
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Look for the fonts when they are wanted: it takes a moment where there are many."""
        if self._families is None:
            self._families = code_families()
            self._offer_fonts()
        super().showEvent(event)

    def _changed(self, _name: str) -> None:
        self._read()

    def _read(self) -> None:
        """Show what holds."""
        get = self._settings.get
        self.text_size.set_value(str(get(keys.TEXT_SIZE)))
        self.text_width.set_value(get(keys.COLUMN_WIDTH))
        self.contrast.set_value(get(keys.CONTRAST))
        self.follow.set_value(get(keys.FOLLOW))
        self.announce.set_value(get(keys.ANNOUNCE))
        self.announce_code.setChecked(get(keys.ANNOUNCE_CODE))
        self.announce_code.setEnabled(get(keys.ANNOUNCE) != "off")
        self._offer_fonts()

    def _offer_fonts(self) -> None:
        chosen = self._settings.get(keys.CODE_FONT)
        families = list(self._families or ())
        if chosen and chosen not in families:
            families.append(chosen)
        choices = [("", tr("Default")), *((family, family) for family in families)]
        self.code_font.set_choices(choices)
        self.code_font.set_value(chosen)
        self.code_font.updateGeometry()

    def _show_sample(self) -> None:
        font = self._theme.font(13, mono=True)
        for tag in ("calt", "liga"):
            # As in the messages: every character for itself.
            font.setFeature(QFont.Tag(tag), 0)
        self.sample.setFont(font)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def retranslate(self) -> None:
        """Speak the language in use."""
        self.title.setText(tr("Reading"))
        names = (
            *(tr("Text size"), tr("Text width"), tr("Code font"), tr("Contrast")),
            *(tr("Following"), tr("Announcing"), tr("Code")),
        )
        for row, name in zip(self._rows, names, strict=True):
            row.set_label(name)
        for control, name in (
            *((self.text_size, names[0]), (self.text_width, names[1]), (self.contrast, names[3])),
            *((self.follow, names[4]), (self.announce, names[5])),
        ):
            control.setAccessibleName(name)
        self.text_size.set_labels([f"{size} %" for size in keys.TEXT_SIZE.choices])
        self.text_width.set_labels([tr("Narrow"), tr("Normal"), tr("Wide"), tr("Full")])
        self.code_font.set_name(names[2])
        self.contrast.set_labels([tr("Follow system"), tr("Normal"), tr("High")])
        self.follow.set_labels([tr("Follow to the end"), tr("Stop at the question")])
        self.announce.set_labels([tr("Silent"), tr("Sentence by sentence"), tr("When done")])
        self.announce_code.set_name(tr("Read code aloud, too"))
        self._size_note.setText(
            tr("Of the messages. {larger} and {smaller} change it in the window, too.").format(
                larger=hint("text_larger"), smaller=hint("text_smaller")
            )
        )
        self._follow_note.setText(
            tr("A growing answer is followed to its end, or until its question is at the top.")
        )
        self._announce_note.setText(tr("When a screen reader is told what an answer says."))
        self._code_note.setText(tr("Read code aloud, too."))
        self._read()
