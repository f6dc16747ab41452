"""The model picker with a thousand models: searched, starred, and those used last at hand."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_chat.chat.model_choice import ModelShelf
from desktop_chat.core.services import Model, Service
from desktop_chat.system.settings import FileSettings
from desktop_chat.ui.model_picker import ModelPicker
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.helpers.qt import on_qt_loop, settle, until
from tests.helpers.theme import make_theme
from tests.helpers.window import CTRL, answered, ask, open_desk

THOUSAND = tuple(Model(f"vendor-{n % 40}/model-{n}", 128_000, name=f"V: {n}") for n in range(1000))
ROUTER = Service("router", {"": "Router"}, base_url="https://r.example", models=THOUSAND)
SMALL = Service("small", {"": "Small"}, models=(Model("alpha-pro"), Model("beta")))
PLUS = replace(ROUTER, models=(*THOUSAND, Model("hidden", enabled=False)))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[ModelShelf]:
    settings = FileSettings(tmp_path / "settings.toml", delay=0.0)
    yield ModelShelf(settings)
    settings.close()


@pytest.fixture
def picker(shelf: ModelShelf) -> Iterator[ModelPicker]:
    made = opened(shelf)
    yield made
    made.close()
    settle()


def opened(shelf: ModelShelf) -> ModelPicker:
    theme = make_theme("light")
    made = ModelPicker(theme, (PLUS, SMALL), ("small", "beta"), {}, None, shelf)
    made.open_at(QPoint(0, 0))
    settle()
    return made


def words(picker: ModelPicker) -> list[str]:
    return [row.words for row in picker._models.rows]


def chosen(picker: ModelPicker) -> str:
    return str(picker.list.currentIndex().data())


def test_all_are_there_but_those_hidden(picker: ModelPicker) -> None:
    assert len(words(picker)) == 1000 + 2 + 2
    assert "hidden" not in words(picker)
    assert chosen(picker) == "beta"
    QTest.keyClick(picker.search, Qt.Key.Key_Up)
    assert chosen(picker) == "alpha-pro"
    QTest.keyClick(picker.search, Qt.Key.Key_PageUp)
    assert picker.list.currentIndex().row() < 1000


def test_a_search_puts_what_fits_best_first(picker: ModelPicker) -> None:
    QTest.keyClicks(picker.search, "model-77")
    found = words(picker)
    assert found[:2] == ["Router", "vendor-37/model-77"]
    assert set(found[1:]) == {f"vendor-{n % 40}/model-{n}" for n in (77, *range(770, 780))}
    assert chosen(picker) == "vendor-37/model-77"


def test_letters_are_enough(picker: ModelPicker) -> None:
    QTest.keyClicks(picker.search, "alp")
    assert words(picker) == ["Small", "alpha-pro"]
    picker.search.setText("apro")
    assert words(picker)[:2] == ["Small", "alpha-pro"]
    assert words(picker)[2:] == ["Use “apro”"] * 2, "what was typed may be an id all the same"


def test_what_is_typed_can_be_used(picker: ModelPicker) -> None:
    heard: list[tuple[str, str]] = []
    picker.chosen.connect(lambda service, model: heard.append((service, model)))
    QTest.keyClicks(picker.search, "xyz-9")
    assert words(picker) == ["Use “xyz-9”", "Use “xyz-9”"]
    QTest.keyClick(picker.search, Qt.Key.Key_Down)
    QTest.keyClick(picker.search, Qt.Key.Key_Return)
    assert heard == [("small", "xyz-9")]


def test_a_key_stars_a_model(picker: ModelPicker, shelf: ModelShelf) -> None:
    QTest.keyClick(picker.search, Qt.Key.Key_D, CTRL)
    assert shelf.favourites() == [("small", "beta")]
    assert words(picker)[:2] == ["Favourites", "beta"]
    assert words(picker).count("beta") == 1
    assert [row.words for row in picker._models.rows if row.apart] == ["beta"], "names its service"
    assert chosen(picker) == "beta"
    index = picker.list.currentIndex()
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "beta, Small, Favourite"
    assert picker.search.text() == ""
    QTest.keyClick(picker.search, Qt.Key.Key_D, CTRL)
    assert shelf.favourites() == []
    assert words(picker)[0] == "Router"
    assert chosen(picker) == "beta"


def test_the_mouse_stars_a_model_and_chooses_none(picker: ModelPicker, shelf: ModelShelf) -> None:
    heard: list[str] = []
    picker.chosen.connect(lambda _service, model: heard.append(model))
    picker.search.setText("model-77")
    settle()
    row = picker.list.visualRect(picker._models.index(1))
    view = picker.list.viewport()
    star = QPoint(row.right() - 10, row.center().y())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=star)
    assert shelf.favourites() == [("router", "vendor-37/model-77")]
    assert picker.isVisible()
    assert heard == []
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=star)
    assert shelf.favourites() == []
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=row.center())
    assert heard == ["vendor-37/model-77"]


def test_those_used_last_come_after_the_favourites(shelf: ModelShelf) -> None:
    shelf.note_used("router", "vendor-1/model-1")
    shelf.note_used("router", "vendor-2/model-2")
    shelf.note_used("gone", "m")
    shelf.note_used("router", "gone")
    shelf.toggle("router", "vendor-2/model-2")
    shelf.toggle("gone", "m")
    picker = opened(shelf)
    assert words(picker)[:5] == [
        "Favourites",
        "vendor-2/model-2",
        "Used last",
        "vendor-1/model-1",
        "Router",
    ]
    picker.close()


def test_a_short_list_needs_no_group_of_those_used_last(shelf: ModelShelf) -> None:
    shelf.note_used("small", "beta")
    picker = ModelPicker(make_theme("light"), (SMALL,), ("small", "beta"), {}, None, shelf)
    assert words(picker) == ["Small", "alpha-pro", "beta"]
    picker.close()


@on_qt_loop
async def test_what_is_asked_is_at_hand_afterwards() -> None:
    answer = sse(delta("ok"), delta(finish="stop"))
    listed = json_reply(200, {"data": [{"id": f"v/m{n}"} for n in range(20)]})
    async with ByteServer([listed, answer]) as server, open_desk() as desk:
        desk.house.catalogue.save(
            Service("local", {"": "Local"}, base_url=server.url, auth="none", default_model="v/m7")
        )
        page = desk.window.current_page()
        await until(lambda: page.composer.isVisibleTo(desk.window), "the composer")
        local = desk.house.catalogue.service("local")
        assert local is not None
        desk.house.lists.fetch(local)
        await until(lambda: len(desk.house.catalogue.service("local").models) == 20, "the list")  # type: ignore[union-attr]
        page.composer.model_chosen.emit("local", "v/m7")
        await ask(page, "hi")
        await answered(page)
        page.composer.open_model_picker()
        picker = page.composer.model_picker
        assert picker is not None
        assert words(picker)[:2] == ["Used last", "v/m7"]
        picker.close()
