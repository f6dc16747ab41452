"""A chat's system prompt, sampling, length and context, from the window to the request."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from desktop_chat.core.messages import ChatOptions
from desktop_chat.core.services import Service
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.main_window import MainWindow
from desktop_chat.ui.parameters import ParametersDialog
from tests.helpers.byte_server import ByteServer, raw_stream
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.window import answered, ask, open_desk

ANSWER = raw_stream(b'data: {"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n')


async def opened(window: MainWindow) -> ParametersDialog:
    """Press the button in the strip and return the dialog."""
    (button,) = (
        item
        for item in window.findChildren(IconButton)
        if item.accessibleName() == "Chat parameters"
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    await until(lambda: window.findChildren(ParametersDialog), "the dialog")
    return window.findChildren(ParametersDialog)[-1]


@on_qt_loop
async def test_they_reach_the_request_and_come_back() -> None:
    async with ByteServer([ANSWER]) as server, open_desk() as desk:
        desk.house.catalogue.save(
            Service("local", {"": "Local"}, base_url=server.url, auth="none", default_model="m")
        )
        window = desk.window
        dialog = await opened(window)
        assert dialog.focusWidget() is dialog.prompt.edit
        QTest.keyClicks(dialog.prompt.edit, "Be brief.")
        QTest.keyClicks(dialog.temperature, "0.5")
        QTest.keyClicks(dialog.max_tokens, "77")
        QTest.mouseClick(dialog.confirm_button, Qt.MouseButton.LeftButton)
        page = window.current_page()
        await until(lambda: page.session.conversation.options.system == "Be brief.", "the choice")
        page.composer.model_chosen.emit("local", "m")
        await ask(page, "hi")
        await answered(page)
        body = server.requests[0].json()
        assert body["messages"][0] == {"role": "system", "content": "Be brief."}
        assert (body["temperature"], body["max_tokens"]) == (0.5, 77)
        assert "top_p" not in body
        again = await opened(window)
        assert again.prompt.edit.toPlainText() == "Be brief."
        assert (again.temperature.text(), again.max_tokens.text()) == ("0.5", "77")
        assert again.top_p.text() == again.rounds.text() == ""
        again.reject()


@on_qt_loop
async def test_wrong_input_is_told_and_not_taken() -> None:
    async with open_desk() as desk:
        dialog = await opened(desk.window)
        for field, wrong in (
            (dialog.temperature, "hot"),
            (dialog.temperature, "2.5"),
            (dialog.top_p, "nan"),
            (dialog.max_tokens, "0"),
            (dialog.max_tokens, "1.5"),
            (dialog.rounds, "-1"),
        ):
            field.setText(wrong)
            assert dialog.fault.isVisible(), wrong
            assert not dialog.confirm_button.isEnabled()
            dialog.accept()
            assert dialog.isVisible()
            field.setText("")
            assert not dialog.fault.isVisible()
            assert dialog.confirm_button.isEnabled()
        dialog.reject()


@on_qt_loop
async def test_the_prompt_takes_several_lines() -> None:
    async with open_desk() as desk:
        dialog = await opened(desk.window)
        box: QPlainTextEdit = dialog.prompt.edit
        QTest.keyClicks(box, "one")
        QTest.keyClick(box, Qt.Key.Key_Return)
        QTest.keyClicks(box, "two")
        options = dialog.options()
        assert options is not None
        assert options.system == "one\ntwo"
        dialog.reject()


@on_qt_loop
async def test_long_numbers_come_back_whole() -> None:
    async with open_desk() as desk:
        options = ChatOptions(max_tokens=1_048_576, temperature=0.1234567)
        dialog = ParametersDialog(desk.theme, desk.window, options)
        assert dialog.options() == options
        dialog.close()
