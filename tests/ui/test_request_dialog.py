"""Show request: what went over the wire, in a real window over a real server."""

import json
import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_chat.chat.snippets import Form, snippet
from desktop_chat.core.events import TextDelta
from desktop_chat.core.messages import ChatOptions
from desktop_chat.core.trace import Trace, TraceBytes, TraceEvent, TraceNote
from desktop_chat.ui.chat_page import ChatPage
from desktop_chat.ui.controls.buttons import PaintedButton
from desktop_chat.ui.request_dialog import RequestDialog
from desktop_chat.ui.request_table import EventModel, EventTable
from desktop_chat.wiring import House
from tests.helpers.byte_server import ByteServer, json_reply
from tests.helpers.qt import application, on_qt_loop, until
from tests.helpers.theme import make_theme
from tests.helpers.window import open_desk
from tests.unit.chat.support import SERVICE_ID, answer, local_service


def dialog() -> RequestDialog:
    """Return the dialog that is open."""
    (found,) = [item for item in QApplication.topLevelWidgets() if isinstance(item, RequestDialog)]
    return found


def is_open() -> bool:
    return any(
        isinstance(item, RequestDialog) and item.isVisible()
        for item in QApplication.topLevelWidgets()
    )


async def ask(page: ChatPage, text: str) -> str:
    """Ask the scripted server, and return the id of the answer."""
    await page.session.set_options(ChatOptions(service_id=SERVICE_ID, model="m"))
    row = await page.session.send(text)
    await page.session.wait()
    return row.id


def before(server: ByteServer):  # type: ignore[no-untyped-def]
    async def save(house: House) -> None:
        house.catalogue.save(local_service(server.url, configured=True))

    return save


@on_qt_loop
async def test_an_answer_shows_its_request_reply_and_events() -> None:
    busy = json_reply(503, {"error": {"message": "busy"}}, "retry-after-ms: 1")
    async with (
        ByteServer([busy, answer("he", "llo")]) as server,
        open_desk(before=before(server)) as desk,
    ):
        page = desk.window.current_page()
        message_id = await ask(page, "what is up?")
        page.transcript.action_requested.emit(message_id, "request")
        await until(is_open, "the dialog")
        shown = dialog()
        assert shown.attempts.isVisibleTo(shown)
        text = shown.request_pane.edit.toPlainText()
        assert text.startswith(f"POST {server.url}/chat/completions\n")
        assert '"content": "what is up?"' in text
        shown.tabs.button("reply").click()
        assert shown.reply_pane.edit.toPlainText().startswith("HTTP/1.1 200\n")
        shown.attempts.chosen.emit("0")
        assert "503" in shown.reply_pane.edit.toPlainText().split("\n")[0]
        shown.tabs.button("events").click()
        model = shown.model
        rows = [
            tuple(model.data(model.index(row, column)) for column in range(3))
            for row in range(model.rowCount())
        ]
        assert any("Asks again" in row[2] for row in rows)
        assert any("he" in row[1] and row[2] == "TextDelta  he" for row in rows)
        assert all(row[0].replace(",", "").isdecimal() for row in rows)
        shown.table.selectRow(len(rows) - 1)
        assert shown.told_pane.edit.toPlainText() == "End: stop"
        shown.attempts.chosen.emit("1")
        shown.copy_button.click()
        assert shown._menu is not None
        names = [row.text() for row in shown._menu.rows]
        assert names == ["curl", "Python (httpx)", "Python (openai)"]
        shown._menu.rows[0].click()
        copied = QApplication.clipboard().text()
        service = desk.house.catalogue.service(SERVICE_ID)
        assert copied == snippet(Form.CURL, shown._request(), service)
        assert "curl" in shown.said.text()
        path = Path(os.environ["HOME"]) / "trace.jsonl"
        await shown.save(path)
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert lines[0]["record"] == "request"
        assert shown.said.text() == "Saved as trace.jsonl."
        path.chmod(0o644)
        await shown.save(path)
        assert path.stat().st_mode & 0o777 == 0o600
        await shown.save(path.with_name("<b>.jsonl"))
        assert shown.said.toolTip() == "Saved as &lt;b&gt;.jsonl."
        await shown.save(path / "no")
        assert "not saved" in shown.said.text()
        QTest.keyClick(shown, Qt.Key.Key_Escape)
        await until(lambda: not is_open(), "an end")


@on_qt_loop
async def test_an_older_answer_shows_what_would_be_sent() -> None:
    async with (
        ByteServer([answer("hello")]) as server,
        open_desk(before=before(server)) as desk,
    ):
        page = desk.window.current_page()
        message_id = await ask(page, "hi")
        page.session._traces._kept.clear()
        page.transcript.action_requested.emit(message_id, "request")
        await until(is_open, "the dialog")
        shown = dialog()
        assert shown.note.isVisibleTo(shown)
        assert '"content": "hi"' in shown.request_pane.edit.toPlainText()
        assert not shown.tabs.button("events").isEnabled()
        assert not shown.save_button.isVisibleTo(shown)
        assert shown.copy_button.isEnabled()
        assert len(server.requests) == 1
        shown.close_button.click()
        await until(lambda: not is_open(), "an end")


@on_qt_loop
async def test_everything_in_it_has_a_name() -> None:
    async with (
        ByteServer([answer("hello")]) as server,
        open_desk(before=before(server)) as desk,
    ):
        page = desk.window.current_page()
        message_id = await ask(page, "hi")
        page.transcript.action_requested.emit(message_id, "request")
        await until(is_open, "the dialog")
        shown = dialog()
        for button in shown.findChildren(PaintedButton):
            assert button.accessibleName() or button.text()
        for pane in (shown.request_pane, shown.reply_pane, shown.raw_pane, shown.told_pane):
            assert pane.edit.accessibleName()
        assert shown.table.accessibleName()
        shown.close_button.click()
        await until(lambda: not is_open(), "an end")


def test_only_rows_that_are_seen_are_written_out() -> None:
    application()
    theme = make_theme()
    trace = Trace()
    for number in range(20_000):
        trace.add(TraceBytes(number / 100, b"data: x\n\n", 9))
        trace.add(TraceEvent(number / 100, TextDelta("x")))
    asked: list[int] = []

    class Watched(EventModel):
        def data(self, index, role=Qt.ItemDataRole.DisplayRole):  # type: ignore[no-untyped-def]
            asked.append(index.row())
            return super().data(index, role)

    model = Watched(theme, trace)
    table = EventTable(theme, model)
    table.resize(800, 400)
    table.show()
    QApplication.processEvents()
    assert model.rowCount() == 20_000
    assert 0 < max(asked) < 40
    table.scrollToBottom()
    QApplication.processEvents()
    assert max(asked) == 19_999
    assert len(set(asked)) < 100
    for _turn in range(3):
        trace.add(TraceBytes(300.0, b"more", 4))
    trace.add(TraceNote(300.0, "end", None, "stop"))
    model.grow()
    assert model.rowCount() == 20_004
    table.close()
