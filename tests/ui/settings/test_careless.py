"""What a careless hand types into the settings, and who else may see it."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.core.services import Service
from tests.helpers.qt import on_qt_loop
from tests.helpers.settings_desk import open_settings
from tests.ui.settings.test_services import show


@on_qt_loop
async def test_an_input_method_does_not_learn_a_key(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        field = desk.page.services.detail.key_row.field
        for shown in (False, True, False):
            field.eye.setChecked(shown)
            assert field.inputMethodHints() & Qt.InputMethodHint.ImhSensitiveData
            assert field.inputMethodHints() & Qt.InputMethodHint.ImhNoPredictiveText


@on_qt_loop
async def test_half_an_ipv6_address_is_only_a_wrong_one(tmp_path: Path) -> None:
    own = Service("mine", {"": "Mine"}, base_url="http://[::1")
    async with open_settings(tmp_path, setup_first=lambda found, _keys: found.save(own)) as desk:
        await show(desk, "mine")
        section = desk.page.services
        assert section.detail.address_row.field.wrong
        section.begin_adding()
        form = section.add_form
        QTest.keyClicks(form.address, "http://[::1")
        form.add_button.click()
        assert form.address.wrong
        assert section.adding
        QTest.keyClicks(form.address, "]:8080")
        form.add_button.click()
        assert desk.service("1").base_url == "http://[::1]:8080"
