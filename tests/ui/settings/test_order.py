"""Putting the services in order, by dragging and by keys."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.helpers.qt import on_qt_loop
from tests.helpers.settings_desk import SettingsDesk, open_settings
from tests.ui.settings.test_services import show

_ALT = Qt.KeyboardModifier.AltModifier
_LEFT = Qt.MouseButton.LeftButton


def order(desk: SettingsDesk) -> list[str]:
    """Return the ids as the pickers have them."""
    return [service.id for service in desk.catalogue.services()]


def place(desk: SettingsDesk, row: int) -> QPoint:
    """Return the middle of a row."""
    view = desk.page.services.list.view
    return view.visualRect(view.model().index(row, 0)).center()


def drag(desk: SettingsDesk, row: int, to: QPoint, *, drop: bool = True) -> None:
    """Drag a row to a place."""
    port = desk.page.services.list.view.viewport()
    QTest.mousePress(port, _LEFT, pos=place(desk, row))
    QTest.mouseMove(port, place(desk, row) + QPoint(0, 30))
    QTest.mouseMove(port, to)
    if drop:
        QTest.mouseRelease(port, _LEFT, pos=to)


@on_qt_loop
async def test_services_are_dragged_into_order(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        before = order(desk)
        services = desk.page.services.list
        assert services.hint.isVisible()
        drag(desk, 0, place(desk, 2) + QPoint(0, 10))
        moved = [before[1], before[2], before[0], *before[3:]]
        assert order(desk) == moved
        assert services.view.currentIndex().data() == "DeepSeek", "what is shown stays"
        drag(desk, 2, place(desk, 0) - QPoint(0, 10))
        assert order(desk) == before
        drag(desk, 0, place(desk, len(before) - 1) + QPoint(0, 20))
        assert order(desk)[-1] == "demo", "the demo stays last"
        assert order(desk)[-2] == before[0]


@on_qt_loop
async def test_esc_ends_a_drag(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        before = order(desk)
        view = desk.page.services.list.view
        drag(desk, 0, place(desk, 3), drop=False)
        dragging = [view.dragging]
        assert not view.grab().isNull()
        QTest.keyClick(view, Qt.Key.Key_Escape)
        dragging.append(view.dragging)
        assert dragging == [True, False]
        QTest.mouseRelease(view.viewport(), _LEFT, pos=place(desk, 3))
        assert order(desk) == before
        assert desk.closed == []


@on_qt_loop
async def test_services_are_moved_by_keys(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        before = order(desk)
        view = desk.page.services.list.view
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Down, _ALT)
        assert order(desk)[:2] == [before[1], before[0]]
        QTest.keyClick(view, Qt.Key.Key_Up, _ALT)
        QTest.keyClick(view, Qt.Key.Key_Up, _ALT)
        assert order(desk) == before


@on_qt_loop
async def test_what_a_filter_hides_is_not_put_in_order(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        before = order(desk)
        services = desk.page.services.list
        services.filter.setText("open")
        assert not services.hint.isVisible()
        drag(desk, 1, place(desk, 0) - QPoint(0, 10))
        assert order(desk) == before
