"""The models of a service: what is known of them, what is shown, and the backup's models."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_chat.core.services import (
    Backup,
    Model,
    Price,
    PricePeriod,
    Service,
    Thinking,
    ThinkingDialect,
)
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.ui.controls.fields import Field
from desktop_chat.ui.settings.model_dialog import ModelDialog
from desktop_chat.ui.settings.model_words import price_label, price_lines
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.settings_desk import MemoryKeyring, SettingsDesk, open_settings
from tests.ui.settings.test_services import enter, show

PRICE = Price("CNY", 2.0, 3.0, cached=0.2, as_of="2026-11-01")


def two(catalogue: FileCatalogue, _keyring: MemoryKeyring) -> None:
    """Add two services of the user's own, one with models of every kind."""
    models = (
        Model("plain"),
        Model("rich", 128_000, 8_000, images=True, tools=True, price=PRICE),
        Model("painter", makes="image", price=Price("CNY", 0.0, 0.0, image=0.25)),
    )
    base = "https://llm.example.com/v1"
    catalogue.save(Service("mine", {"": "Mine"}, base_url=base, models=models))
    other = Service("other", {"": "Other"}, base_url=base, models=(Model("o1"), Model("o2")))
    catalogue.save(other)


async def table(desk: SettingsDesk) -> ModelDialog:
    """Open the dialog of the second model by keys."""
    box = desk.page.services.detail.models
    box.table.setFocus()
    QTest.keyClick(box.table, Qt.Key.Key_Down)
    QTest.keyClick(box.table, Qt.Key.Key_Return)
    assert box.menu is not None
    box.menu.rows[0].click()
    dialog = box.model_dialog
    assert dialog is not None
    await until(dialog.isVisible)
    return dialog


@on_qt_loop
async def test_models_are_hidden_by_box_and_by_key(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        await show(desk, "mine")
        box = desk.page.services.detail.models
        place = box.table.visualRect(box.table.model().index(0, 0))
        QTest.mouseClick(
            box.table.viewport(),
            Qt.MouseButton.LeftButton,
            pos=place.topLeft() + QPoint(20, 15),
        )
        assert [model.enabled for model in desk.service("mine").models] == [False, True, True]
        assert box.count.text() == "2 / 3 enabled"
        box.table.setFocus()
        QTest.keyClick(box.table, Qt.Key.Key_Space)
        assert [model.enabled for model in desk.service("mine").models] == [True, True, True]


@on_qt_loop
async def test_a_row_tells_all_of_its_model(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        await show(desk, "mine")
        rows = desk.page.services.detail.models._models
        roles = Qt.ItemDataRole
        assert rows.currency == "CNY"
        spoken = rows.data(rows.index(1), roles.AccessibleTextRole)
        assert spoken == "rich, Enabled, Context 128K, Calls tools, Takes images"
        tip = str(rows.data(rows.index(1), roles.ToolTipRole))
        assert "Writes up to 8,000 tokens" in tip
        assert "Input ¥2, output ¥3 per million tokens" in tip
        assert "Input from the service's cache ¥0.2" in tip
        assert tip.endswith("As of 2026-11-01")
        assert str(rows.data(rows.index(0), roles.ToolTipRole)).endswith("Price unknown")
        assert price_label(rows.shown[2], "CNY") == "0.25 a picture"


def test_prices_by_the_hour_are_told() -> None:
    night = PricePeriod("00:30", "08:30", 1.0, 1.5, 0.1)
    lines = price_lines(replace(PRICE, periods=(night,)))
    assert "00:30 to 08:30: input ¥1, from the cache ¥0.1, output ¥1.5" in lines
    assert price_label(Model("m", price=replace(PRICE, currency="USD")), "") == "$2 / 3"


@on_qt_loop
async def test_what_is_known_of_a_model_is_corrected(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        await show(desk, "mine")
        dialog = await table(desk)
        assert dialog.context.text() == "128000"
        dialog.context.setText("256,000")
        dialog.thinking._choose("effort")
        dialog.efforts.setText("low, high")
        dialog.images._choose("no")
        dialog.cached.setText("")
        dialog.answer.setText("4.5")
        dialog.accept()
        model = desk.service("mine").model("rich")
        assert model.context_tokens == 256_000
        assert model.thinking == Thinking(ThinkingDialect.EFFORT, ("low", "high"))
        assert (model.images, model.files, model.tools) == (False, None, True)
        assert model.price is not None
        assert (model.price.input, model.price.output, model.price.cached) == (2.0, 4.5, None)
        assert model.price.as_of > "2026-11-01"
        again = FileCatalogue(Path("resources/services.toml"), desk.file).service("mine")
        assert again is not None
        assert again.model("rich") == model


@on_qt_loop
async def test_saving_without_a_change_keeps_the_date_of_the_prices(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        await show(desk, "mine")
        before = desk.service("mine")
        dialog = await table(desk)
        dialog.accept()
        assert desk.service("mine") == before


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("context", "many", "Tokens are a whole number, at least 1."),
        ("output", "0", "Tokens are a whole number, at least 1."),
        ("input", "-1", "A price is a number, 0 or more, such as 0.25."),
        ("cached", "nan", "A price is a number, 0 or more, such as 0.25."),
        ("answer", "", "Enter both prices, that of input and that of output."),
    ],
)
@on_qt_loop
async def test_the_dialog_says_what_is_wrong(
    tmp_path: Path, name: str, typed: str, said: str
) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        await show(desk, "mine")
        before = desk.service("mine")
        dialog = await table(desk)
        field: Field = getattr(dialog, name)
        field.setText(typed)
        assert dialog.fault.text() == said
        assert field.wrong
        assert not dialog.confirm_button.isEnabled()
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert dialog.isVisible()
        dialog.reject()
        assert desk.service("mine") == before


# The backup.


@on_qt_loop
async def test_a_backup_is_switched_on_by_choosing_its_model(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        await show(desk, "mine")
        row = desk.page.services.detail.backup
        row.switch.click()
        assert not desk.service("mine").backup.enabled, "nothing goes anywhere before a choice"
        assert not row.switch.isChecked()
        assert row.picker is not None
        assert "mine" not in {item.service.id for item in row.picker._models.rows}
        row.picker.chosen.emit("other", "o2")
        row.picker.close()
        backup = desk.service("mine").backup
        assert backup == Backup(True, "other", {"": "o2"})
        assert row.field.text() == "Other o2"
        row.switch.click()
        assert not desk.service("mine").backup.enabled


@on_qt_loop
async def test_models_are_mapped_and_both_are_asked_only_when_switched_on(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        mine = replace(desk.service("mine"), backup=Backup(True, "other", {"": "o1"}))
        desk.catalogue.save(mine)
        await show(desk, "mine")
        row = desk.page.services.detail.backup
        row.fold.head.click()
        enter(row.ours, "rich")
        assert row.picker is not None
        row.picker.chosen.emit("other", "o2")
        row.picker.close()
        assert desk.service("mine").backup.models == {"": "o1", "rich": "o2"}
        assert row.fold.head.hint() == "1 mapping"
        assert desk.service("mine").backup.hedge is None
        row.hedge.click()
        assert desk.service("mine").backup.hedge == 3.0
        assert "another company" in row.hedge_warning.text()
        row.hedge.click()
        assert desk.service("mine").backup.hedge is None
        row._remove_pair("rich")
        assert desk.service("mine").backup.models == {"": "o1"}


@on_qt_loop
async def test_a_backup_that_is_gone_is_told(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=two) as desk:
        mine = replace(desk.service("mine"), backup=Backup(True, "other", {"": "o1"}))
        desk.catalogue.save(mine)
        await show(desk, "mine")
        desk.catalogue.remove("other")
        row = desk.page.services.detail.backup
        assert row.status.text() == "This service is gone. Choose another backup."
