"""Several keys, pairs, the proxy, and services of every kind, over the real house."""

from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from desktop_chat.chat.setup import KeySlot
from desktop_chat.core.access import KeyHealth, KeyUse
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Network, Service, Thinking, ThinkingDialect
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.ui.controls.labels import Label
from desktop_chat.ui.settings.key_lines import told_apart, told_of_key
from desktop_chat.ui.settings.model_words import abilities
from desktop_chat.ui.settings.proxy_row import judge_proxy
from desktop_chat.ui.settings.states import failure
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.settings_desk import MemoryKeyring, open_settings
from tests.ui.settings.test_services import DEEPSEEK, KEY, enter, show, with_key

OTHER = "sk-another-key-0000"
BASE = "https://llm.example.com"


def pair(catalogue: FileCatalogue, _keyring: MemoryKeyring) -> None:
    """Add a signed gateway."""
    own = Service("mine", {"": "Mine"}, protocol="gateway", auth="hmac", base_url=BASE)
    catalogue.save(own)


@on_qt_loop
async def test_a_further_key_stands_by_and_goes_again(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=with_key) as desk:
        await show(desk, "deepseek")
        row = desk.page.services.detail.key_row
        assert not row.lines.isVisible(), "one key needs no list"
        row.add_button.click()
        assert row.field.hasFocus()
        enter(row.field, OTHER)
        await until(lambda: len(row.lines.states) == 2, "both keys")
        assert [state.text() for state in row.lines.states] == ["In use", "In reserve"]
        assert desk.keyring.keys["deepseek", DEEPSEEK] == Secret(KEY)
        assert desk.keyring.more["deepseek", DEEPSEEK] == [Secret(OTHER)]
        assert not row.remove_button.isVisible()
        row.lines.remove_buttons[0].click()
        await until(lambda: not row.lines.isVisible(), "the one left")
        assert desk.keyring.keys["deepseek", DEEPSEEK] == Secret(OTHER)
        assert row.shown.text().endswith("0000")


@on_qt_loop
async def test_the_check_tells_how_each_key_is_doing(tmp_path: Path) -> None:
    refused = json_reply(401, {"error": {"message": "no such key"}})

    def first(catalogue: FileCatalogue, keyring: MemoryKeyring) -> None:
        models = (Model("m1"),)
        own = Service("mine", {"": "Mine"}, base_url=server.url, models=models)
        catalogue.save(own)
        origin = server.url.removesuffix("/v1")
        keyring.keys["mine", origin] = Secret(KEY)
        keyring.more["mine", origin] = [Secret(OTHER)]

    async with (
        ByteServer([refused, sse(delta("Hi"))]) as server,
        open_settings(tmp_path, setup_first=first) as desk,
    ):
        await show(desk, "mine")
        detail = desk.page.services.detail
        detail.check_row.button.click()
        await until(lambda: not detail.check_row.button.busy, "the check")
        row = detail.key_row
        said = ["Refused. Replace it.", "In use"]
        await until(lambda: [state.text() for state in row.lines.states] == said, "the keys")
        assert detail.check_row.status.text() == "Connected"


@on_qt_loop
async def test_a_single_key_in_trouble_is_told_of_without_its_hint(tmp_path: Path) -> None:
    def first(catalogue: FileCatalogue, keyring: MemoryKeyring) -> None:
        catalogue.save(Service("mine", {"": "Mine"}, base_url=server.url, models=(Model("m1"),)))
        keyring.keys["mine", server.url.removesuffix("/v1")] = Secret("short")

    async with (
        ByteServer([json_reply(401, {"error": {"message": "no such key"}})]) as server,
        open_settings(tmp_path, setup_first=first) as desk,
    ):
        await show(desk, "mine")
        detail = desk.page.services.detail
        detail.check_row.button.click()
        lines = detail.key_row.lines
        said = ["Refused. Replace it."]
        await until(lambda: [state.text() for state in lines.states] == said, "the key")
        shown = [label.text() for label in lines.findChildren(Label) if label.isVisible()]
        assert not any("…" in text for text in shown)


def test_short_keys_are_told_apart() -> None:
    slots = [KeySlot(slot, "…", KeyUse()) for slot in range(2)]
    assert [told_apart(slot) for slot in slots] == ["1. …", "2. …"]
    assert told_apart(KeySlot(1, "sk-…3f9a", KeyUse())) == "sk-…3f9a"


def test_a_model_that_draws_is_not_said_to_think() -> None:
    thinking = Thinking(dialect=ThinkingDialect.ENABLE)
    said = [name for _icon, name in abilities(Model("m", makes="image", thinking=thinking))]
    assert said == ["Makes pictures"]
    assert abilities(Model("m", thinking=thinking))


def test_a_wrong_clock_is_not_called_a_wrong_key() -> None:
    error = ErrorInfo(ErrorKind.AUTHENTICATION, status=401, code="clock", values={"minutes": "6"})
    assert failure(error, Service("mine", {"": "Mine"})) == "Wrong clock · 401"


def test_states_of_keys_are_told_in_words() -> None:
    resting = told_of_key(KeyUse(KeyHealth.RESTING, until=1_780_000_000.0), in_use=False)
    assert resting[1].startswith("Resting until ")
    assert told_of_key(KeyUse(KeyHealth.NO_BALANCE), in_use=False)[1] == "No balance left"
    assert told_of_key(KeyUse(KeyHealth.WORKS), in_use=True)[1] == "In use"


@on_qt_loop
async def test_a_pair_is_two_fields_and_one_secret(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=pair) as desk:
        await show(desk, "mine", focus_key=True)
        row = desk.page.services.detail.key_row
        assert row.label.text() == "Key pair"
        assert row.id_field.hasFocus()
        enter(row.field, "s3cret")
        assert row.status.text() == "Enter the id."
        assert (row.id_field.wrong, row.field.wrong) == (True, False)
        QTest.keyClicks(row.id_field, "AK-team")
        enter(row.field, "s3 cret")
        assert row.status.text() == "There are no spaces or line breaks in it. Copy it again."
        assert (row.id_field.wrong, row.field.wrong) == (False, True)
        enter(row.field, "s3cret")
        await until(row.shown.isVisible, "the saved pair")
        assert desk.keyring.keys == {("mine", BASE): Secret.pair("AK-team", "s3cret")}
        assert row.field.text() == row.id_field.text() == ""
        assert "s3cret" not in desk.file.read_text("utf-8")
        assert "s3cret" not in row.shown.text()


# The proxy.


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the proxy's address"),
        ("127.0.0.1:7890", "A proxy's address begins with"),
        ("socks://127.0.0.1:1080", "A proxy's address begins with"),
        ("http://me:pw@127.0.0.1:7890", "User and password have fields of their own"),
        ("http://127.0.0.1:99999", "This is not a proxy's address."),
        ("http://proxy/path", "This is not a proxy's address."),
        ("http://[::1", "This is not a proxy's address."),
    ],
)
def test_a_wrong_proxy_is_told(typed: str, said: str) -> None:
    assert judge_proxy(typed).startswith(said)


@on_qt_loop
async def test_a_proxy_of_ones_own_is_kept_with_its_password_in_the_keyring(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=pair) as desk:
        await show(desk, "mine")
        row = desk.page.services.detail.proxy
        await until(lambda: row.now.text(), "the system's proxy")
        row.choice.button("custom").click()
        assert row.address.hasFocus()
        assert desk.service("mine").network.proxy == "system", "not before there is an address"
        enter(row.address, "ftp://proxy")
        assert row.address.wrong
        enter(row.address, "socks5://127.0.0.1:1080")
        network = Network(proxy="custom", proxy_url="socks5://127.0.0.1:1080")
        assert desk.service("mine").network == network
        QTest.keyClicks(row.user, "me")
        row.save_button.click()
        assert row.login_status.text() == "Enter the password."
        enter(row.password, "proxy-pass-word")
        await until(row.remove_button.isVisible, "the password")
        assert Secret.pair("me", "proxy-pass-word") in desk.keyring.keys.values()
        assert "proxy-pass-word" not in desk.file.read_text("utf-8")
        assert row.password.text() == ""
        assert row.login_status.text()
        enter(row.address, "socks5://127.0.0.1:1081")
        assert row.login_status.text() == "", "the password is another proxy's"
        assert row.user.text() == ""
        QTest.keyClicks(row.user, "you")
        row._learn_user("mine", "")
        assert row.user.text() == "you", "what is typed stays"
        row.user.setText("")
        enter(row.address, "socks5://127.0.0.1:1080")
        await until(row.remove_button.isVisible, "the password, again")
        assert row.login_status.text()
        row.remove_button.click()
        await until(lambda: not row.remove_button.isVisible(), "the end of the password")
        assert desk.keyring.keys == {}
        row.choice.button("none").click()
        assert desk.service("mine").network.proxy == "none"
        row.choice.button("custom").click()
        assert desk.service("mine").network == network, "its address is still known"


@on_qt_loop
async def test_authorities_and_http2_are_kept(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=pair) as desk:
        await show(desk, "mine")
        row = desk.page.services.detail.proxy
        row.fold.head.click()
        row._picked("/etc/company.pem")
        row.http2.click()
        network = desk.service("mine").network
        assert (network.ca_file, network.http2) == ("/etc/company.pem", False)
        assert row.fold.head.hint() == "further authorities, no HTTP/2"


# Adding.


@pytest.mark.parametrize(
    ("kind", "auth", "images"),
    [
        ("openai-chat", "none", ""),
        ("openai-responses", "none", ""),
        ("ollama", "none", ""),
        ("websocket", "none", ""),
        ("images", "none", "openai-images"),
    ],
)
@on_qt_loop
async def test_every_kind_can_be_added(tmp_path: Path, kind: str, auth: str, images: str) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        section = desk.page.services
        section.begin_adding()
        form = section.add_form
        form.kind._choose(kind)
        form.name.setText("New")
        form.address.setText(BASE)
        form.model.setText("m")
        form.add_button.click()
        service = desk.service("new")
        assert (service.auth, service.images) == (auth, images)
        assert service.protocol == ("openai-chat" if kind == "images" else kind)
        assert service.models[0].makes == ("image" if kind == "images" else "text")


@on_qt_loop
async def test_a_gateway_is_added_with_its_pair(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        section = desk.page.services
        section.begin_adding()
        form = section.add_form
        form.kind._choose("gateway")
        assert form.key_id.isVisible()
        form.name.setText("Gate")
        form.address.setText(BASE)
        form.add_button.click()
        assert form.key_status.text() == "Enter the id."
        assert form.key_id.wrong
        form.key_id.setText("AK-team")
        form.key.setText("s3cret-s3cret")
        form.add_button.click()
        await until(lambda: not section.adding, "the service")
        assert desk.keyring.keys == {("gate", BASE): Secret.pair("AK-team", "s3cret-s3cret")}
        assert desk.service("gate").auth == "hmac"


@on_qt_loop
async def test_a_service_with_oauth_is_added_with_the_address_of_its_tokens(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        section = desk.page.services
        section.begin_adding()
        form = section.add_form
        form.auth._choose("oauth-json")
        form.name.setText("Tokens")
        form.address.setText(BASE)
        form.key_id.setText("client")
        form.key.setText("s3cret-s3cret")
        form.detail.setText("oauth/token")
        form.add_button.click()
        assert form.detail.wrong
        assert form.detail_status.text().startswith("Enter an address such as")
        form.detail.setText("/v1/oauth/token")
        form.add_button.click()
        await until(lambda: not section.adding, "the service")
        assert desk.service("tokens").auth_fields == {"token_url": "/v1/oauth/token"}
        assert desk.keyring.keys == {("tokens", BASE): Secret.pair("client", "s3cret-s3cret")}
