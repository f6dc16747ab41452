"""The settings of reading."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtTest import QTest

from desktop_chat.core import settings as keys
from desktop_chat.ui.controls.buttons import Segmented
from desktop_chat.ui.settings.reading import code_families
from tests.helpers.qt import on_qt_loop
from tests.helpers.settings_desk import open_settings
from tests.helpers.window import turns


def choose(control: Segmented, value: str) -> None:
    QTest.mouseClick(control.button(value), Qt.MouseButton.LeftButton)


@on_qt_loop
async def test_what_is_chosen_is_kept(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        desk.page.show()
        desk.page.sections.reading.click()
        reading = desk.page.reading
        assert reading.isVisible()
        assert reading.text_size.value() == "100"
        choose(reading.text_size, "175")
        choose(reading.text_width, "wide")
        choose(reading.contrast, "high")
        choose(reading.follow, "question")
        choose(reading.announce, "sentence")
        reading.announce_code.click()
        get = desk.settings.get
        assert get(keys.TEXT_SIZE) == 175
        assert get(keys.COLUMN_WIDTH) == "wide"
        assert get(keys.CONTRAST) == "high"
        assert get(keys.FOLLOW) == "question"
        assert get(keys.ANNOUNCE) == "sentence"
        assert get(keys.ANNOUNCE_CODE) is True
        choose(reading.announce, "off")
        assert not reading.announce_code.isEnabled()


@on_qt_loop
async def test_what_was_set_elsewhere_is_shown(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        desk.settings.set(keys.TEXT_SIZE, 90)
        desk.settings.set(keys.CODE_FONT, "A family that is not here")
        reading = desk.page.reading
        assert reading.text_size.value() == "90"
        assert reading.code_font.text() == "A family that is not here"


@on_qt_loop
async def test_code_fonts_are_those_of_one_width(tmp_path: Path) -> None:
    families = code_families()
    assert families
    assert all(QFontDatabase.isFixedPitch(family) for family in families)
    async with open_settings(tmp_path) as desk:
        desk.page.show()
        desk.page.show_reading()
        await turns()
        field = desk.page.reading.code_font
        assert field.text() == "Default"
        QTest.keyClick(field, Qt.Key.Key_Down)
        assert desk.settings.get(keys.CODE_FONT) == families[0] == field.text()
        desk.theme.choose(code_family=families[-1])
        assert desk.page.reading.sample.font().family() == families[-1]
        desk.theme.choose(code_family="")
