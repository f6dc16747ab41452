"""The settings of services, over the real catalogue file and real connections."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QListView, QSpinBox, QWidget

from desktop_chat.chat.setup import CheckResult
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service
from desktop_chat.system.catalogue import FileCatalogue
from tests.helpers.byte_server import HANG, ByteServer, delta, json_reply, sse
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.settings_desk import MemoryKeyring, SettingsDesk, open_settings

KEY = "sk-0123456789abcdef3f9a"
DEEPSEEK = "https://api.deepseek.com"


def with_key(catalogue: FileCatalogue, keyring: MemoryKeyring) -> None:
    found = catalogue.service("deepseek")
    assert found is not None
    catalogue.save(found)
    keyring.keys["deepseek", DEEPSEEK] = Secret(KEY)


def at(server: ByteServer) -> Callable[[FileCatalogue, MemoryKeyring], None]:
    """Return what adds a service of the user's own at a local server."""
    service = Service(
        "mine",
        {"": "Mine"},
        base_url=server.url,
        auth="none",
        models=(Model("m1"),),
        default_model="m1",
    )
    return lambda catalogue, _keyring: catalogue.save(service)


async def show(desk: SettingsDesk, service_id: str, *, focus_key: bool = False) -> None:
    desk.page.show()
    desk.page.activateWindow()
    await until(desk.page.isActiveWindow)
    desk.page.show_services(service_id, focus_key)
    states = desk.page.services.states
    await until(
        lambda: all(
            states.key(service.id)
            for service in desk.catalogue.services()
            if service.auth != "none"
        ),
        "the keys",
    )


def enter(field: QLineEdit, text: str) -> None:
    """Type over what a field holds and press Enter."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


# The list.


@on_qt_loop
async def test_the_list_says_what_each_service_is_good_for(tmp_path: Path) -> None:
    async with open_settings(
        tmp_path, environment={"ARK_API_KEY": "ark-key-0123456789"}, setup_first=with_key
    ) as desk:
        await show(desk, "deepseek")
        states = desk.page.services.states
        said = {item.id: states.line(item).text for item in desk.catalogue.services()}
        expected = {
            "deepseek": "Key saved",
            "ark": "Key from the environment",
            "siliconflow": "No key",
            "moonshot": "No key",
            "zhipu": "No key",
            "bailian": "No key",
            "openai": "No key",
            "anthropic": "No key",
            "gemini": "No key",
            "openrouter": "No key",
            "ollama": "No key needed",
            "demo": "No network needed",
        }
        assert {key: said[key] for key in expected} == expected
        service = desk.service("deepseek")
        states.set_check("deepseek", CheckResult(True, 0.4, None))
        assert states.line(service).text == "Connected"
        model = desk.page.services.list._model
        assert model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole) == (
            "DeepSeek, Connected"
        )


@on_qt_loop
async def test_the_list_filters_in_both_languages_and_keeps_its_choice(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "siliconflow")
        services = desk.page.services.list
        services.filter.setText("硅基")
        assert [item.id for item in services._model.shown] == ["siliconflow"]
        services.filter.setText("nothing like it")
        assert services.nothing.isVisible()
        assert not services.view.isVisible()
        services.filter.setText("")
        assert services.view.currentIndex().data() == "SiliconFlow"


@on_qt_loop
async def test_arrows_move_in_the_list(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        view = desk.page.services.list.view
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Down)
        assert desk.page.services.editor.service.id == "ark"
        assert desk.page.services.detail.name.text() == "Doubao · Volcengine Ark"


# The key.


@on_qt_loop
async def test_a_key_is_saved_and_only_its_hint_is_shown(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek", focus_key=True)
        row = desk.page.services.detail.key_row
        assert row.field.hasFocus()
        assert row.field.echoMode() == QLineEdit.EchoMode.Password
        enter(row.field, KEY)
        await until(row.shown.isVisible, "the saved key")
        assert desk.keyring.keys == {("deepseek", DEEPSEEK): Secret(KEY)}
        assert row.field.text() == ""
        assert row.shown.text() == "sk-" + "•" * 24 + "3f9a"
        assert row.shown.isReadOnly()
        assert "Test keyring" in row.status.text()
        assert desk.service("deepseek").configured
        assert KEY not in desk.file.read_text("utf-8")
        assert row.replace_button.isVisible()
        assert not row.save_button.isVisible()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter a key."),
        ("sk-12", "Key is too short. Copy the whole key."),
        ("sk-0123 456789", "A key has no spaces or line breaks. Copy it again."),
        ("sk-密钥在这里0123", "A key has only letters, digits and signs. Copy it again."),
    ],
)
@on_qt_loop
async def test_a_wrong_key_is_told_at_the_field(tmp_path: Path, typed: str, said: str) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek", focus_key=True)
        row = desk.page.services.detail.key_row
        row.field.setText(typed)
        QTest.keyClick(row.field, Qt.Key.Key_Return)
        assert row.status.text() == said
        assert row.field.wrong
        assert row.field.accessibleDescription() == said
        assert desk.keyring.keys == {}
        QTest.keyClicks(row.field, "x")
        assert row.status.text() == ""
        assert row.field.accessibleDescription() == ""


@on_qt_loop
async def test_white_space_around_a_pasted_key_is_no_fault(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek", focus_key=True)
        row = desk.page.services.detail.key_row
        row.field.setText(f"  {KEY} ")
        row.save_button.click()
        await until(row.shown.isVisible)
        assert desk.keyring.keys["deepseek", DEEPSEEK].reveal() == KEY


@on_qt_loop
async def test_without_a_keyring_the_page_says_so(tmp_path: Path) -> None:
    async with open_settings(tmp_path, problem="missing") as desk:
        await show(desk, "deepseek", focus_key=True)
        row = desk.page.services.detail.key_row
        enter(row.field, KEY)
        await until(row.shown.isVisible)
        assert row.status.text() == (
            "In memory only: no system keyring was found. Enter it again after the next start."
        )
        service = desk.service("deepseek")
        assert desk.page.services.states.line(service).text == "Key in memory only"


@pytest.mark.parametrize("leave", [False, True])
@on_qt_loop
async def test_a_key_that_is_being_saved_is_saved_whatever_is_shown(
    tmp_path: Path, leave: bool
) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek", focus_key=True)
        row = desk.page.services.detail.key_row
        desk.keyring.gate.clear()
        enter(row.field, KEY)
        was_busy = row.save_button.busy
        desk.page.show_services("ark", True)
        assert (was_busy, row.save_button.busy) == (True, False)
        row.field.setText("ark-half-a-key")
        if leave:
            desk.page.close_page()
        desk.keyring.gate.set()
        await until(lambda: desk.keyring.keys, "the key")
        assert desk.keyring.keys == {("deepseek", DEEPSEEK): Secret(KEY)}
        if not leave:
            states = desk.page.services.states
            await until(lambda: states.line(desk.service("deepseek")).text == "Key saved")
        assert row.field.text() == "ark-half-a-key"


@on_qt_loop
async def test_undo_does_not_bring_a_key_back(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek", focus_key=True)
        field = desk.page.services.detail.key_row.field
        enter(field, KEY)
        await until(lambda: field.text() == "")
        field.eye.click()
        field.undo()
        assert field.text() == ""


@on_qt_loop
async def test_a_key_is_replaced_or_not(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=with_key) as desk:
        await show(desk, "deepseek")
        row = desk.page.services.detail.key_row
        row.replace_button.click()
        assert row.field.hasFocus()
        row.field.setText("sk-other")
        row.cancel_button.click()
        assert row.shown.isVisible()
        assert row.field.text() == ""
        row.replace_button.click()
        enter(row.field, "sk-another-key-0000")
        await until(lambda: row.shown.text().endswith("0000"))
        assert desk.keyring.keys["deepseek", DEEPSEEK].reveal() == "sk-another-key-0000"


@on_qt_loop
async def test_a_key_is_removed(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=with_key) as desk:
        await show(desk, "deepseek")
        row = desk.page.services.detail.key_row
        desk.keyring.fails = "locked"
        row.remove_button.click()
        await until(lambda: "locked" in row.status.text(), "the reason")
        assert desk.keyring.keys
        desk.keyring.fails = ""
        row.remove_button.click()
        await until(row.field.isVisible, "the empty field")
        assert desk.keyring.keys == {}
        assert not row.remove_button.isVisible()


@on_qt_loop
async def test_the_eye_shows_what_is_typed_until_it_is_saved(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek", focus_key=True)
        field = desk.page.services.detail.key_row.field
        field.eye.click()
        assert field.echoMode() == QLineEdit.EchoMode.Normal
        desk.page.show_services("ark")
        assert field.echoMode() == QLineEdit.EchoMode.Password
        assert field.text() == ""


# The address.


@on_qt_loop
async def test_the_address_is_saved_when_done_not_at_every_key(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "openai")
        row = desk.page.services.detail.address_row
        row.field.setFocus()
        row.field.selectAll()
        QTest.keyClicks(row.field, "https://proxy.example.com")
        assert not desk.file.exists()
        assert row.request.text() == (
            "Requests go to https://proxy.example.com/v1/chat/completions"
        )
        QTest.keyClick(row.field, Qt.Key.Key_Return)
        assert desk.service("openai").base_url == "https://proxy.example.com"
        assert "proxy.example.com" in desk.file.read_text("utf-8")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter an address, such as https://api.example.com/v1."),
        ("api.example.com", "An address begins with https:// or http://."),
        ("https://api.example.com/v1?key=1", "An address has no ? or #. Leave out what follows."),
        ("https://me:pw@example.com", "An address has no user name or password."),
    ],
)
@on_qt_loop
async def test_a_wrong_address_is_told_and_not_saved(tmp_path: Path, typed: str, said: str) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "openai")
        row = desk.page.services.detail.address_row
        row.field.setFocus()
        row.field.selectAll()
        QTest.keyClick(row.field, Qt.Key.Key_Delete)
        QTest.keyClicks(row.field, typed)
        QTest.keyClick(row.field, Qt.Key.Key_Return)
        assert row.status.text().startswith(said)
        assert row.field.wrong
        assert desk.service("openai").base_url == "https://api.openai.com/v1"
        assert not desk.file.exists()


@on_qt_loop
async def test_a_moved_address_leaves_the_key_behind_and_says_so(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=with_key) as desk:
        await show(desk, "deepseek")
        detail = desk.page.services.detail
        row = detail.address_row
        row.field.setFocus()
        row.field.selectAll()
        QTest.keyClicks(row.field, "https://api.deepseek.com/beta")
        assert row.status.text() == "", "the same host keeps its key"
        row.field.selectAll()
        QTest.keyClicks(row.field, "https://other.example.com")
        said = (
            "The saved key was given for api.deepseek.com. It is not sent to other.example.com"
            " until you enter it again for that address."
        )
        assert row.status.text() == said
        QTest.keyClick(row.field, Qt.Key.Key_Return)
        await until(detail.key_row.field.isVisible, "the question for a key")
        assert row.status.text() == said
        assert desk.keyring.keys == {("deepseek", DEEPSEEK): Secret(KEY)}


@on_qt_loop
async def test_plain_http_beyond_this_machine_is_warned_of(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "openai")
        row = desk.page.services.detail.address_row
        row.field.setFocus()
        for address, warned in (
            ("http://10.0.0.5:8000/v1", True),
            ("http://127.0.0.1:8000/v1", False),
            ("http://localhost/v1", False),
            ("https://example.com", False),
        ):
            row.field.selectAll()
            QTest.keyClicks(row.field, address)
            assert row.warning.isVisible() is warned, address


# Trying and fetching.


@on_qt_loop
async def test_the_connection_is_tried_over_the_wire(tmp_path: Path) -> None:
    async with (
        ByteServer([sse(delta("Hi"))]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        row = desk.page.services.detail.check_row
        row.button.click()
        assert row.button.busy
        await until(lambda: not row.button.busy, "the check")
        assert row.status.text() == "Connected"
        assert row.meta.text().startswith("TTFT 0.")
        assert row.meta.text().endswith(" s · just now")
        assert server.requests[0].json()["model"] == "m1"
        service = desk.service("mine")
        assert desk.page.services.states.line(service).text == "Connected"


@on_qt_loop
async def test_a_refused_key_is_explained(tmp_path: Path) -> None:
    body = {"error": {"message": "bad key", "code": "invalid_api_key"}}
    async with (
        ByteServer([json_reply(401, body)]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        row = desk.page.services.detail.check_row
        row.button.click()
        await until(lambda: not row.button.busy, "the check")
        assert "Invalid key" in row.fault.text()
        assert desk.page.services.states.line(desk.service("mine")).text == ("Invalid key · 401")


@pytest.mark.parametrize("how", ["back", "esc", "hide", "other"])
@on_qt_loop
async def test_leaving_gives_up_what_runs(tmp_path: Path, how: str) -> None:
    async with (
        ByteServer([[HANG]]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        page = desk.page
        page.services.detail.check_row.button.click()
        await until(lambda: server.requests, "the request")
        match how:
            case "back":
                page.sections.back.click()
            case "esc":
                QTest.keyClick(page, Qt.Key.Key_Escape)
            case "hide":
                page.hide()
            case _:
                page.show_services("deepseek")
        await asyncio.wait_for(server.disconnected.wait(), 20)
        assert not page.services.detail.check_row.button.busy
        assert desk.closed == ([True] if how in ("back", "esc") else [])


@on_qt_loop
async def test_the_page_stays_alive_and_answers_once(tmp_path: Path) -> None:
    gate = asyncio.Event()
    reply = sse(delta("Hi"))
    async with (
        ByteServer([[gate, reply]]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        detail = desk.page.services.detail
        for _press in range(3):
            detail.check_row.button.click()
        await until(lambda: server.requests, "the request")
        detail.enabled.click()
        assert not desk.service("mine").enabled
        assert detail.check_row.button.busy
        gate.set()
        await until(lambda: not detail.check_row.button.busy)
        assert len(server.requests) == 1


@on_qt_loop
async def test_hundreds_of_models_are_fetched_merged_and_filtered(tmp_path: Path) -> None:
    ids = [f"vendor/model-{number}" for number in range(400)]
    body = {"object": "list", "data": [{"id": name} for name in ids]}
    async with (
        ByteServer([json_reply(200, body)]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        box = desk.page.services.detail.models
        box.fetch_button.click()
        await until(lambda: not box.fetch_button.busy, "the list")
        assert box.status.text() == "400 new models"
        assert box.count.text() == "401 / 401 enabled"
        models = desk.service("mine").models
        assert [model.id for model in models] == ["m1", *ids]
        assert desk.service("mine").default_model == "m1"
        box.filter.setText("model-399")
        assert [model.id for model in box._models.shown] == ["vendor/model-399"]
        box.filter.clear()
        box.fetch_button.click()
        await until(lambda: not box.fetch_button.busy, "the list")
        assert box.status.text() == "The list is up to date."


@on_qt_loop
async def test_a_failed_fetch_is_told(tmp_path: Path) -> None:
    async with (
        ByteServer([json_reply(500, {})]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        box = desk.page.services.detail.models
        box.fetch_button.click()
        await until(lambda: not box.fetch_button.busy, "the failure")
        assert box.status.text()
        assert [model.id for model in desk.service("mine").models] == ["m1"]


@on_qt_loop
async def test_models_are_added_made_default_and_removed_by_keys(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        box = desk.page.services.detail.models
        box.add_button.click()
        assert box.dialog is not None
        QTest.keyClicks(box.dialog.field, "my-own")
        QTest.keyClick(box.dialog.field, Qt.Key.Key_Return)
        assert [model.id for model in desk.service("deepseek").models][-1] == "my-own"
        box.table.setFocus()
        QTest.keyClick(box.table, Qt.Key.Key_End)
        QTest.keyClick(box.table, Qt.Key.Key_Return)
        assert box.menu is not None
        assert [row.text() for row in box.menu.rows] == ["Edit", "Set as default", "Remove"]
        box.menu.rows[1].click()
        assert desk.service("deepseek").default_model == "my-own"
        QTest.keyClick(box.table, Qt.Key.Key_Delete)
        left = desk.service("deepseek")
        assert "my-own" not in [model.id for model in left.models]
        assert left.default_model == left.models[0].id
        box.add(left.models[0].id)
        assert box.status.text().endswith("is in the list already.")


# Saving.


@on_qt_loop
async def test_time_outs_are_saved_when_done(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        row = desk.page.services.detail.time_row
        field = row.fields["first_token_timeout"]
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, "60")
        assert not desk.file.exists()
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert desk.service("deepseek").first_token_timeout == 60.0
        field.stepUp()
        field.stepUp()
        assert desk.service("deepseek").first_token_timeout == 60.0
        desk.page.close_page()
        assert desk.service("deepseek").first_token_timeout == 62.0


@on_qt_loop
async def test_a_failing_save_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        section = desk.page.services
        real = desk.catalogue.save

        def full(_service: Service) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(desk.catalogue, "save", full)
        section.detail.enabled.click()
        assert section.notice.isVisible()
        assert "No space left on device" in section.notice.accessibleDescription()
        assert section.detail.enabled.isChecked(), "it shows what holds"
        monkeypatch.setattr(desk.catalogue, "save", real)
        section.notice.buttons()[0].click()
        assert not section.notice.isVisible()
        assert not desk.service("deepseek").enabled
        assert not section.detail.enabled.isChecked()


# Adding and removing.


@on_qt_loop
async def test_a_service_of_ones_own_is_added(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        section = desk.page.services
        section.list.add_button.click()
        form = section.add_form
        assert form.name.hasFocus()
        form.name.setText("公司网关")
        QTest.keyClicks(form.address, "https://llm.example.com/v1")
        QTest.keyClicks(form.key, KEY)
        QTest.keyClicks(form.model, "large")
        QTest.keyClick(form.model, Qt.Key.Key_Return)
        await until(lambda: not section.adding, "the new service")
        service = desk.service("llm-example-com")
        assert service.title("en") == "公司网关"
        assert service.auth == "bearer"
        assert service.default_model == "large"
        assert desk.keyring.keys == {("llm-example-com", "https://llm.example.com"): Secret(KEY)}
        assert section.editor.service.id == "llm-example-com"
        assert form.key.text() == ""
        assert KEY not in desk.file.read_text("utf-8")
        # The demo stays last, and a second one of the same host has an id of its own.
        assert [item.id for item in desk.catalogue.services()][-1] == "demo"
        section.begin_adding()
        form.address.setText("https://llm.example.com/v1")
        form.add_button.click()
        assert desk.service("llm-example-com-2").auth == "none"


@on_qt_loop
async def test_the_form_tells_what_is_wrong_and_esc_leaves_it(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "ark")
        section = desk.page.services
        section.begin_adding()
        form = section.add_form
        form.address.setText("nonsense")
        form.key.setText("short")
        form.add_button.click()
        assert form.address.wrong
        assert form.key.wrong
        assert form.address_status.text().startswith("An address begins with")
        assert form.key_status.text() == "Key is too short. Copy the whole key."
        QTest.keyClick(desk.page, Qt.Key.Key_Escape)
        assert not section.adding
        assert desk.closed == []
        assert section.editor.service.id == "ark"
        QTest.keyClick(desk.page, Qt.Key.Key_Escape)
        assert desk.closed == [True]


@on_qt_loop
async def test_removing_asks_and_takes_the_key_along(tmp_path: Path) -> None:
    own = Service("mine", {"": "Mine"}, base_url="https://llm.example.com/v1")

    def first(catalogue: FileCatalogue, keyring: MemoryKeyring) -> None:
        catalogue.save(own)
        keyring.keys["mine", "https://llm.example.com"] = Secret(KEY)

    async with open_settings(tmp_path, setup_first=first) as desk:
        await show(desk, "mine")
        section = desk.page.services
        section.detail.remove_button.click()
        assert section.dialog is not None
        section.dialog.reject()
        assert desk.catalogue.service("mine") is not None
        section.detail.remove_button.click()
        section.dialog.accept()
        await until(lambda: desk.catalogue.service("mine") is None, "the removal")
        assert desk.keyring.keys == {}
        assert section.editor.service.id == "deepseek"


@on_qt_loop
async def test_a_service_whose_key_cannot_be_deleted_stays(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=with_key) as desk:
        await show(desk, "deepseek")
        section = desk.page.services
        desk.keyring.fails = "locked"
        section.detail.remove_button.click()
        assert section.dialog is not None
        section.dialog.accept()
        await until(section.notice.isVisible, "the notice")
        assert "the system keyring is locked" in section.notice.accessibleDescription()
        assert desk.service("deepseek").configured


@on_qt_loop
async def test_changes_from_elsewhere_are_shown(tmp_path: Path) -> None:
    async with open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        service = desk.service("deepseek")
        desk.catalogue.save(replace(service, enabled=False, idle_timeout=33.0))
        detail = desk.page.services.detail
        assert not detail.enabled.isChecked()
        assert detail.time_row.fields["idle_timeout"].value() == 33


# Names and languages.


@on_qt_loop
async def test_every_control_has_a_name(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=with_key) as desk:
        await show(desk, "deepseek")
        nameless = []
        for widget in _controls(desk):
            interface = QAccessible.queryAccessibleInterface(widget)
            if interface is None or not interface.text(QAccessible.Text.Name):
                nameless.append(widget)
        assert nameless == []


def _controls(desk: SettingsDesk) -> list[QWidget]:
    kinds = (QLineEdit, QAbstractButton, QListView, QSpinBox)
    return [
        widget
        for widget in desk.page.findChildren(QWidget)
        if isinstance(widget, kinds) and widget.isVisible()
    ]


@on_qt_loop
async def test_the_language_changes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_settings(tmp_path, setup_first=with_key) as desk:
        await show(desk, "deepseek")
        words = {"API key": "API 密钥", "Save": "保存", "Fetch list": "获取列表"}
        for module in ("key_row", "models_box"):
            monkeypatch.setattr(
                f"desktop_chat.ui.settings.{module}.tr", lambda text: words.get(text, text)
            )
        monkeypatch.setattr("desktop_chat.ui.settings.service_detail.language", lambda: "zh_CN")
        desk.page.show_services("ark")
        QApplication.sendEvent(desk.page, QEvent(QEvent.Type.LanguageChange))
        detail = desk.page.services.detail
        assert detail.key_row.label.text() == "API 密钥"
        assert detail.key_row.save_button.text() == "保存"
        assert detail.models.fetch_button.text() == "获取列表"
        assert detail.name.text() == "豆包 · 火山方舟"


@on_qt_loop
async def test_everything_fits_the_smallest_window(tmp_path: Path) -> None:
    async with open_settings(tmp_path, setup_first=with_key, size=(720, 520)) as desk:
        await show(desk, "deepseek")
        detail = desk.page.services.detail
        viewport = detail.viewport()
        for button in (detail.key_row.remove_button, detail.models.fetch_button, detail.enabled):
            right = button.mapTo(viewport, button.rect().topRight()).x()
            assert right < viewport.width()
