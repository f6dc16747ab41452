"""Protocol, authentication, limits, headers and fields of a service, typed by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.core.services import Service
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.ui.json_text import read_body
from desktop_chat.ui.settings.kinds import with_protocol
from tests.helpers.qt import on_qt_loop
from tests.helpers.settings_desk import MemoryKeyring, SettingsDesk, open_settings
from tests.ui.settings.test_services import enter, show


def own(catalogue: FileCatalogue, _keyring: MemoryKeyring) -> None:
    """Add a service of the user's own."""
    catalogue.save(Service("mine", {"": "Mine"}, base_url="https://llm.example.com/v1"))


def stored(desk: SettingsDesk) -> Service:
    """Return the service as another start would read it from the file."""
    again = FileCatalogue(Path("resources/services.toml"), desk.file).service("mine")
    assert again is not None
    return again


@on_qt_loop
async def test_the_way_is_open_for_ones_own_and_folded_for_what_ships(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        detail = desk.page.services.detail
        assert detail.way.isVisible()
        assert not detail.way_fold.isVisible()
        desk.page.show_services("deepseek")
        assert not detail.way.isVisible()
        assert detail.way_fold.head.hint() == "OpenAI chat completions · API key (Bearer)"
        detail.way_fold.head.click()
        assert detail.way.isVisible()
        desk.page.show_services("ark")
        assert not detail.way.isVisible(), "another service begins folded"
        desk.page.show_services("demo")
        assert not detail.way_fold.isVisible()


@on_qt_loop
async def test_a_protocol_brings_what_its_services_want(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        way = desk.page.services.detail.way
        way.protocol.select._choose("anthropic")
        service = stored(desk)
        assert (service.protocol, service.auth) == ("anthropic", "header")
        assert service.auth_fields == {"header": "x-api-key"}
        assert way.header.isVisible()
        assert way.header.field.text() == "x-api-key"
        way.protocol.select._choose("gateway")
        service = stored(desk)
        assert (service.auth, service.images, service.models_path) == ("hmac", "gateway-images", "")
        assert way.options.text_path.isVisible()
        assert not way.header.isVisible()


def test_what_was_changed_by_hand_does_not_follow_the_protocol() -> None:
    service = Service("mine", {}, auth="query", auth_fields={"query": "k"}, models_path="/all")
    changed = with_protocol(service, "anthropic")
    assert (changed.auth, changed.models_path) == ("query", "/all")


@on_qt_loop
async def test_oauth_asks_for_the_address_of_tokens(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        way = desk.page.services.detail.way
        way.auth.select._choose("oauth-json")
        assert way.scope.isVisible()
        assert not way.query.isVisible()
        enter(way.token_url.field, "/v1/oauth/token")
        enter(way.scope.field, "chat")
        service = stored(desk)
        assert service.auth == "oauth-json"
        assert service.auth_fields == {"token_url": "/v1/oauth/token", "scope": "chat"}
        way.client.select._choose("basic")
        assert stored(desk).auth_fields["client_auth"] == "basic"


@pytest.mark.parametrize(
    ("auth", "row", "typed", "said"),
    [
        ("header", "header", "x api key", "A header's name has letters, digits and hyphens"),
        ("query", "query", "a=b", "A parameter's name has letters"),
        ("oauth", "token_url", "oauth.example.com", "Enter an address such as https://"),
        ("oauth", "token_url", "https://[::1", "Enter an address such as https://"),
        ("oauth", "token_url", "http://example.com/t", "The secret goes there"),
    ],
)
@on_qt_loop
async def test_what_is_wrong_is_told_at_its_field(
    tmp_path: Path, auth: str, row: str, typed: str, said: str
) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        way = desk.page.services.detail.way
        way.auth.select._choose(auth)
        before = stored(desk)
        line = getattr(way, row)
        enter(line.field, typed)
        assert line.status.text().startswith(said)
        assert line.field.wrong
        assert line.field.accessibleDescription() == line.status.text()
        assert stored(desk) == before
        QTest.keyClicks(line.field, "x")
        assert line.status.text() == ""


@on_qt_loop
async def test_options_of_a_protocol_are_kept(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        way = desk.page.services.detail.way
        way.protocol.select._choose("websocket")
        way.options.shape.button("prompt").click()
        assert stored(desk).options == {"request": "prompt"}
        way.protocol.select._choose("ollama")
        enter(way.options.keep_alive.field, "soon")
        assert way.options.keep_alive.status.text().startswith("Enter a time such as 30m")
        enter(way.options.keep_alive.field, "30m")
        assert stored(desk).options["keep_alive"] == "30m"
        enter(way.options.keep_alive.field, "-1")
        assert stored(desk).options["keep_alive"] == -1
        assert way.options.keep_alive.field.text() == "-1"


@on_qt_loop
async def test_limits_and_time_outs_are_kept(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        detail = desk.page.services.detail
        limits = detail.limits
        assert limits.fields["concurrent"].text() == "No limit"
        limits.fields["concurrent"].setValue(4)
        limits.fold.head.click()
        limits.fields["tokens_per_minute"].setValue(90_000)
        detail.time_row.fields["total_timeout"].setValue(10)
        desk.page.close_page()
        service = stored(desk)
        assert (service.limits.concurrent, service.limits.per_minute) == (4, None)
        assert service.limits.tokens_per_minute == 90_000
        assert service.total_timeout == 600.0


@on_qt_loop
async def test_a_header_is_added_and_one_that_carries_a_key_is_refused(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        fold = desk.page.services.detail.request
        assert fold.head.hint() == "not set"
        fold.head.click()
        headers = fold.headers
        headers.add_button.click()
        line = headers.lines[0]
        assert line.name.hasFocus()
        QTest.keyClicks(line.name, "X-Team")
        enter(line.value, "docs")
        assert stored(desk).headers == {"X-Team": "docs"}
        assert fold.head.hint() == "1 header"
        headers.add_button.click()
        second = headers.lines[1]
        QTest.keyClicks(second.name, "Authorization")
        enter(second.value, "Bearer sk-0123456789abcdef")
        assert "keys belong in the system keyring" in headers.status.text()
        assert second.name.wrong
        assert stored(desk).headers == {"X-Team": "docs"}
        assert not desk.page.services.notice.isVisible(), "it is told at the field alone"
        second.remove.click()
        assert headers.status.text() == ""
        enter(line.name, "X Team")
        assert headers.status.text() == "A header's name has letters, digits and hyphens."
        enter(line.name, "x-team")
        line.remove.click()
        assert stored(desk).headers == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Line 1, column 2: this is not JSON. A name in double quotes is expected."),
        ('{"a": }', "Line 1, column 7: this is not JSON. A value is expected."),
        ("[1]", "Enter an object: names and values within braces."),
        ('{"a": NaN}', "NaN and Infinity are no JSON. Enter a number."),
        ('{"messages": []}', "messages is filled by the program. Leave it out."),
        ("[" * 5_000, "This is nested too deeply."),
        (" " * 9 + "1" * 20_001, "This is too long. Keep it below 20000 characters."),
    ],
)
def test_what_is_wrong_with_the_fields_is_said_in_words(text: str, said: str) -> None:
    assert read_body(text) == ({}, said)


@on_qt_loop
async def test_request_fields_are_kept_when_the_box_is_left(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        fold = desk.page.services.detail.request
        fold.head.click()
        edit = fold.fields.edit
        edit.setFocus()
        QTest.keyClicks(edit, '{"top_k": 20')
        QTest.keyClick(edit, Qt.Key.Key_Tab)
        assert fold.fields.status.text().startswith("Line 1, column 13: this is not JSON.")
        assert stored(desk).body == {}
        edit.setFocus()
        edit.moveCursor(edit.textCursor().MoveOperation.End)
        QTest.keyClicks(edit, "}")
        assert fold.fields.status.text() == "", "mended, it is told no more"
        QTest.keyClick(edit, Qt.Key.Key_Tab)
        assert stored(desk).body == {"top_k": 20}
        edit.setPlainText('{"api_key": "sk-0123456789abcdef"}')
        fold.commit()
        assert "keys belong in the system keyring" in fold.fields.status.text()


@on_qt_loop
async def test_openrouter_is_told_who_may_have_the_text(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        privacy = desk.page.services.detail.privacy
        assert not privacy.isVisible()
        desk.page.show_services("openrouter")
        desk.catalogue.save(
            replace(desk.service("openrouter"), body={"provider": {"sort": "price"}})
        )
        privacy.deny.click()
        privacy.zero.click()
        wishes = {"sort": "price", "data_collection": "deny", "zdr": True}
        assert desk.service("openrouter").body == {"provider": wishes}
        privacy.deny.click()
        privacy.zero.click()
        assert desk.service("openrouter").body == {"provider": {"sort": "price"}}


@on_qt_loop
async def test_answers_are_kept_only_when_asked_to(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=own) as desk:
        await show(desk, "mine")
        cache = desk.page.services.detail.cache
        assert not cache.switch.isChecked()
        cache.switch.click()
        assert stored(desk).cache
