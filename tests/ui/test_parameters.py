"""A chat's system prompt, sampling, length and context, from the window to the request."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from desktop_chat.app import Desk
from desktop_chat.chat.sent_parameters import ALL
from desktop_chat.core.messages import ChatOptions, ImageOptions, Sampling
from desktop_chat.core.services import Model, Service
from desktop_chat.ui.controls.buttons import IconButton
from desktop_chat.ui.json_text import read_schema
from desktop_chat.ui.main_window import MainWindow
from desktop_chat.ui.parameters import ParametersDialog
from desktop_chat.ui.parameters.entries import (
    BoxEntry,
    ChoiceEntry,
    NumberEntry,
    StopEntry,
    WordEntry,
)
from desktop_chat.ui.parameters.headers import HeadersEntry, carries_key
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


FULL = ChatOptions(
    system="Be brief.",
    temperature=0.5,
    top_p=0.25,
    max_tokens=77,
    rounds=0,
    sampling=Sampling(
        n=2,
        stop=("END", "a\nb\\n", " x"),
        top_k=20,
        min_p=0.05,
        frequency_penalty=-0.5,
        presence_penalty=1.5,
        seed=-7,
        response_format="json_schema",
        json_schema={"type": "object", "properties": {"a": {"type": "string"}}},
    ),
    image=ImageOptions("1024x1024", 2, 0, "rain", "oil painting"),
    extra={"provider": {"order": ["a"]}},
    extra_headers={"X-Team": "docs"},
)


def made(desk: Desk, options: ChatOptions, sent: frozenset[str] = ALL) -> ParametersDialog:
    dialog = ParametersDialog(desk.theme, desk.window, options, sent)
    dialog.open()
    return dialog


def entry(dialog: ParametersDialog, key: str, kind: type[Any]) -> Any:
    found = dialog.entries[key]
    assert isinstance(found, kind)
    return found


@on_qt_loop
async def test_all_that_is_set_comes_back() -> None:
    async with open_desk() as desk:
        dialog = made(desk, FULL)
        assert dialog.options() == FULL
        dialog.reject()
        dialog = made(desk, ChatOptions())
        assert dialog.options() == ChatOptions()
        dialog.reject()


@on_qt_loop
async def test_everything_typed_is_sent_and_lasts() -> None:
    async with ByteServer([ANSWER]) as server, open_desk() as desk:
        desk.house.catalogue.save(
            Service("local", {"": "Local"}, base_url=server.url, auth="none", default_model="m")
        )
        window = desk.window
        page = window.current_page()
        page.composer.model_chosen.emit("local", "m")
        await until(lambda: page.session.conversation.options.model == "m", "the model")
        dialog = await opened(window)
        for fold in dialog.folds.values():
            fold.set_open(True)
        for key, text in (
            ("top_k", "20"),
            ("min_p", "0.05"),
            ("frequency_penalty", "-0.5"),
            ("presence_penalty", "1.5"),
            ("seed", "7"),
            ("n", "1"),
        ):
            QTest.keyClicks(entry(dialog, key, NumberEntry).field, text)
        entry(dialog, "stop", StopEntry).edit.setPlainText("END\n\\n\\n")
        entry(dialog, "response_format", ChoiceEntry).field._choose("json_object")
        entry(dialog, "extra", BoxEntry).edit.setPlainText('{"logit_bias": {"5": 1}}')
        headers = entry(dialog, "headers", HeadersEntry)
        headers.add_button.click()
        QTest.keyClicks(headers.lines[0].name, "X-Team")
        QTest.keyClicks(headers.lines[0].value, "docs")
        assert dialog.folds["sampling"].head.hint() == "7 set"
        QTest.mouseClick(dialog.confirm_button, Qt.MouseButton.LeftButton)
        await until(lambda: page.session.conversation.options.sampling.top_k == 20, "the choice")
        await ask(page, "hi")
        await answered(page)
        (request,) = server.requests
        body = request.json()
        assert {name: body[name] for name in ("top_k", "min_p", "seed", "n", "stop")} == {
            "top_k": 20,
            "min_p": 0.05,
            "seed": 7,
            "n": 1,
            "stop": ["END", "\n\n"],
        }
        assert (body["frequency_penalty"], body["presence_penalty"]) == (-0.5, 1.5)
        assert body["response_format"] == {"type": "json_object"}
        assert body["logit_bias"] == {"5": 1}
        assert request.headers["x-team"] == "docs"
        kept = await desk.house.store.conversation(page.session.conversation.id)
        assert kept is not None
        assert kept.options == page.session.conversation.options


@on_qt_loop
async def test_only_what_the_protocol_sends_is_offered() -> None:
    async with open_desk() as desk:
        desk.house.catalogue.save(
            Service(
                "answers",
                {"": "Answers"},
                protocol="openai-responses",
                base_url="https://llm.example.com/v1",
                auth="none",
                models=(Model("m"), Model("paint", makes="image")),
                images="openai-images",
            )
        )
        page = desk.window.current_page()
        page.composer.model_chosen.emit("answers", "m")
        await until(lambda: page.session.conversation.options.model == "m", "the model")
        options = page.session.conversation.options
        await page.session.set_options(
            ChatOptions(options.service_id, "m", sampling=Sampling(top_k=5))
        )
        dialog = await opened(desk.window)
        dialog.folds["sampling"].set_open(True)
        offered = {key for key, item in dialog.entries.items() if item.isVisible()}
        assert offered == {"system", "temperature", "top_p", "max_tokens", "rounds", "top_k"}
        note = dialog.entries["top_k"].note
        assert note.isVisible()
        assert note.text() == "Not sent to this model as it is asked now."
        assert dialog.options() == page.session.conversation.options
        dialog.reject()
        page.composer.model_chosen.emit("answers", "paint")
        await until(lambda: page.session.conversation.options.model == "paint", "the model")
        dialog = await opened(desk.window)
        offered = {key for key, item in dialog.entries.items() if item.isVisible()}
        assert offered == {"image_size", "image_count", "image_seed", "style", "negative_prompt"}
        assert dialog.focusWidget() is not dialog.confirm_button
        dialog.reject()


@pytest.mark.parametrize(
    ("key", "wrong", "said"),
    [
        ("top_k", "1.5", "Top K is a whole number, 0 or more."),
        ("min_p", "2", "Min P is a number from 0 to 1."),
        ("frequency_penalty", "3", "A penalty is a number from -2 to 2."),
        ("presence_penalty", "x", "A penalty is a number from -2 to 2."),
        ("seed", "9" * 5000, "A seed is a whole number."),
        ("n", "9", "Answers are a whole number from 1 to 8."),
        ("image_count", "0", "Pictures are a whole number from 1 to 10."),
        ("image_size", "big and wide", "A size is one word, such as 1024x1024."),
        ("style", "x" * 101, "A style has 100 characters at most."),
        ("stop", "x\n" * 17, "Enter 16 stop texts at most."),
        ("stop", "x" * 201, "A stop text has 200 characters at most."),
        ("extra", "{", "Line 1, column 2: this is not JSON. A name in double quotes is expected."),
        ("extra", '{"model": "m"}', "model is filled by the program. Leave it out."),
        ("extra", '{"api_key": "x"}', "api_key holds a key, and keys belong in the system"),
        ("extra", '{"a": [{"b": "Bearer abcdefgh1234"}]}', "b holds a key"),
    ],
)
def test_what_is_wrong_is_said(key: str, wrong: str, said: str) -> None:
    @on_qt_loop
    async def run() -> None:
        async with open_desk() as desk:
            dialog = made(desk, ChatOptions())
            found = dialog.entries[key]
            if isinstance(found, BoxEntry):
                found.edit.setPlainText(wrong)
            else:
                assert isinstance(found, NumberEntry | WordEntry)
                found.field.setText(wrong)
            assert dialog.fault.text().startswith(said)
            assert dialog.options() is None
            assert not dialog.confirm_button.isEnabled()
            dialog.reject()

    run()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Authorization", "x", "Authorization holds a key"),
        ("X-Api-Key", "x", "X-Api-Key holds a key"),
        ("X-Team", "sk-0123456789abcdefgh", "X-Team holds a key"),
        ("X Team", "x", "A header's name has letters"),
        ("", "x", "A header's name has letters"),
        ("Content-Type", "x", "Content-Type is filled by the program."),
        ("X-Team", "文档", "A header's value has only"),
    ],
)
def test_headers_that_are_refused(name: str, value: str, said: str) -> None:
    @on_qt_loop
    async def run() -> None:
        async with open_desk() as desk:
            dialog = made(desk, ChatOptions())
            dialog.folds["request"].set_open(True)
            headers = entry(dialog, "headers", HeadersEntry)
            headers.add_button.click()
            headers.lines[0].name.setText(name)
            headers.lines[0].value.setText(value)
            assert dialog.fault.text().startswith(said)
            assert dialog.options() is None
            headers.lines[0].remove.click()
            assert not dialog.fault.isVisible()
            assert dialog.options() == ChatOptions()
            dialog.reject()

    run()


def test_what_is_no_key() -> None:
    for name, value in (("max_tokens", "5"), ("X-Team", "docs"), ("task-key-words", "sky-blue")):
        assert not carries_key(name, value), name


@on_qt_loop
async def test_a_schema_is_asked_for_and_judged() -> None:
    async with open_desk() as desk:
        dialog = made(desk, ChatOptions())
        dialog.folds["format"].set_open(True)
        assert not dialog.schema.isVisible()
        dialog.format.field._choose("json_schema")
        assert dialog.schema.isVisible()
        assert dialog.fault.text() == "Enter the schema that answers are to follow."
        dialog.schema.edit.setPlainText('{"type": "objekt"}')
        assert dialog.fault.text().startswith("“type” is one of object, array")
        dialog.schema.edit.setPlainText('{"type": "object"}')
        options = dialog.options()
        assert options is not None
        assert options.sampling.json_schema == {"type": "object"}
        dialog.schema.edit.setPlainText("{")
        dialog.format.field._choose("")
        assert dialog.options() is not None, "a schema that is not used hinders nothing"
        dialog.reject()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ('{"type": ["string", "null"]}', ""),
        ('{"name": "x", "schema": {"type": "object"}, "strict": true}', ""),
        ('{"properties": {"a": true, "b": {"type": "array", "items": {"type": "number"}}}}', ""),
        ('{"properties": []}', "“properties” is an object"),
        ('{"properties": {"{0}": "string"}}', "{0}: A schema is an object, such as"),
        ('{"properties": {"a": {"type": "text"}}}', "a: “type” is one of"),
        ('{"properties": {"a": {"items": 3}}}', "items: A schema is an object"),
        ('{"required": "a"}', "“required” is a list of names."),
        ('{"properties": {"a": {}}, "required": ["b"]}', "“required” names b"),
        ('{"items": ' * 60 + "{}" + "}" * 60, "This is nested too deeply."),
        ("[]", "Enter an object"),
    ],
)
def test_schemas(text: str, said: str) -> None:
    found, fault = read_schema(text)
    assert fault.startswith(said)
    assert bool(fault) is bool(said)
    assert not (found and fault)


@on_qt_loop
async def test_sizes_are_chosen_from_a_menu_or_typed() -> None:
    async with open_desk() as desk:
        dialog = made(desk, ChatOptions(), frozenset({"image_size"}))
        size = entry(dialog, "image_size", WordEntry)
        size.button.click()
        assert size.menu is not None
        size.menu.rows[2].click()
        assert size.value() == "1536x1024"
        for typed, value in (("768×512", "768x512"), ("512 * 512", "512x512"), ("2K", "2K")):
            size.field.setText(typed)
            assert size.value() == value
        dialog.reject()


@on_qt_loop
async def test_it_never_outgrows_the_window() -> None:
    async with open_desk(size=(900, 620)) as desk:
        dialog = made(desk, ChatOptions())
        low = dialog.height()
        for fold in dialog.folds.values():
            fold.set_open(True)
        await until(lambda: dialog.area.verticalScrollBar().maximum() > 0, "more than there is")
        assert low <= dialog.height()
        assert dialog.area.height() <= 620 - 240
        assert dialog.confirm_button.isVisible()
        dialog.reject()
