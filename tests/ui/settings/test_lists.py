"""Models that come by themselves into the settings, and what is asked for where they do not."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_chat.core.services import Service
from desktop_chat.system.catalogue import FileCatalogue
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.settings_desk import MemoryKeyring, open_settings
from tests.ui.settings.test_services import KEY, enter, show

LIST = json_reply(200, {"data": [{"id": "BAAI/bge-m3"}, {"id": "glm"}, {"id": "qwen"}]})


def moved(service_id: str, server: ByteServer) -> Callable[[FileCatalogue, MemoryKeyring], None]:
    """Return what puts a service that ships at a local server."""

    def move(catalogue: FileCatalogue, _keyring: MemoryKeyring) -> None:
        found = catalogue.service(service_id)
        assert found is not None
        chat = replace(found, protocol="openai-chat", models_path="/models")
        catalogue.save(replace(chat, base_url=server.url))

    return move


@on_qt_loop
async def test_a_saved_key_brings_the_models_and_the_focus_goes_on(tmp_path: Path) -> None:
    async with (
        ByteServer([LIST]) as server,
        open_settings(tmp_path, setup_first=moved("siliconflow", server)) as desk,
    ):
        await show(desk, "siliconflow", focus_key=True)
        detail = desk.page.services.detail
        assert detail.models.entry.isVisible()
        assert not detail.models.add_button.isVisible()
        QTest.keyClicks(detail.key_row.field, KEY)
        QTest.keyClick(detail.key_row.field, Qt.Key.Key_Return)
        await until(lambda: len(desk.service("siliconflow").models) > 2, "the models")
        assert detail.models.status.text() == "3 new models"
        assert desk.service("siliconflow").default_model == ""
        assert not detail.models.entry.isVisible()
        assert detail.models.add_button.isVisible()
        await until(lambda: detail.check_row.button.hasFocus(), "the next step")


@on_qt_loop
async def test_a_list_goes_on_when_the_page_is_left(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with (
        ByteServer([[gate, LIST]]) as server,
        open_settings(tmp_path, setup_first=moved("ollama", server)) as desk,
    ):
        await show(desk, "ollama")
        box = desk.page.services.detail.models
        box.fetch_button.click()
        await until(lambda: server.requests, "the request")
        busy = []
        for service_id in ("deepseek", "ollama"):
            desk.page.show_services(service_id)
            busy.append(box.fetch_button.busy)
        assert busy == [False, True]
        desk.page.sections.back.click()
        gate.set()
        await until(lambda: desk.service("ollama").models, "the models")


@on_qt_loop
async def test_choosing_a_service_without_a_key_asks_it_at_once(tmp_path: Path) -> None:
    async with ByteServer([LIST]) as server, open_settings(tmp_path) as desk:
        shipped = desk.service("ollama")
        desk.catalogue._services = [
            replace(item, base_url=server.url) if item.id == "ollama" else item
            for item in desk.catalogue.services()
        ]
        assert not shipped.configured
        await show(desk, "ollama", focus_key=True)
        await until(lambda: server.requests, "the request")
        assert desk.page.services.detail.check_row.button.hasFocus()


@on_qt_loop
async def test_a_key_of_the_environment_sets_up_the_service_that_is_chosen(tmp_path: Path) -> None:
    environment = {"DEEPSEEK_API_KEY": KEY}
    async with open_settings(tmp_path, environment=environment) as desk:
        await show(desk, "deepseek")
        assert not desk.service("deepseek").configured, "looking at it is not choosing it"
        desk.page.show_services("deepseek", focus_key=True)
        await until(lambda: desk.service("deepseek").configured, "the service")
        row = desk.page.services.detail.key_row
        assert row.shown.isVisible()
        assert not row.field.isVisible()
        desk.page.show_services("deepseek", focus_key=True)
        await until(row.field.isVisible, "another key, where one is asked for")


@on_qt_loop
async def test_the_model_is_typed_where_the_list_does_not_come(tmp_path: Path) -> None:
    async with (
        ByteServer([json_reply(404, {})]) as server,
        open_settings(tmp_path, setup_first=moved("ollama", server)) as desk,
    ):
        await show(desk, "ollama")
        box = desk.page.services.detail.models
        box.fetch_button.click()
        await until(lambda: not box.fetch_button.busy, "the failure")
        assert "not found" in box.status.text()
        enter(box.entry, "  qwen3:8b ")
        service = desk.service("ollama")
        assert [model.id for model in service.models] == ["qwen3:8b"]
        assert service.default_model == "qwen3:8b"


@on_qt_loop
async def test_the_check_looks_for_a_model_first(tmp_path: Path) -> None:
    async with (
        ByteServer([LIST, sse(delta("Hi"))]) as server,
        open_settings(tmp_path, setup_first=moved("ollama", server)) as desk,
    ):
        await show(desk, "ollama")
        row = desk.page.services.detail.check_row
        row.button.click()
        assert row.button.busy
        await until(lambda: not row.button.busy, "the check")
        assert "Connected" in row.status.text()
        assert [request.path for request in server.requests] == [
            "/v1/models",
            "/v1/chat/completions",
        ]
        assert server.requests[1].json()["model"] == "glm", "one that can chat"


@on_qt_loop
async def test_the_check_tells_why_no_list_came(tmp_path: Path) -> None:
    async with (
        ByteServer([json_reply(500, {}), json_reply(200, {"data": []})]) as server,
        open_settings(tmp_path, setup_first=moved("ollama", server)) as desk,
    ):
        await show(desk, "ollama")
        row = desk.page.services.detail.check_row
        for said in ("has a fault", "Add a model by its id first."):
            row.button.click()
            await until(lambda: not row.button.busy, "the check")
            assert said in row.fault.text()


@on_qt_loop
async def test_another_address_brings_its_own_list(tmp_path: Path) -> None:
    async with (
        ByteServer([json_reply(500, {})]) as old,
        ByteServer([LIST]) as new,
        open_settings(tmp_path, setup_first=moved("ollama", old)) as desk,
    ):
        await show(desk, "ollama")
        detail = desk.page.services.detail
        detail.models.fetch_button.click()
        await until(lambda: not detail.models.fetch_button.busy, "the failure")
        enter(detail.address_row.field, new.url)
        await until(lambda: desk.service("ollama").models, "the models")
        assert detail.models.status.text() == "3 new models"


@on_qt_loop
async def test_a_service_of_ones_own_gets_its_models(tmp_path: Path) -> None:
    async with ByteServer([LIST]) as server, open_settings(tmp_path) as desk:
        await show(desk, "deepseek")
        section = desk.page.services
        section.begin_adding()
        section.add_form.name.setText("Gateway")
        section.add_form.address.setText(server.url)
        section.add_form.add_button.click()

        def service() -> Service:
            return desk.service("gateway")

        await until(lambda: service().models, "the models")
        assert service().default_model == "glm"
