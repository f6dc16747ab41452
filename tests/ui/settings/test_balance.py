"""What is left on an account, beside the check of its service."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_chat.core.balance import Balance
from desktop_chat.core.services import Model, Service
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.ui.settings.balance_words import balance_label, balance_warning
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.helpers.qt import on_qt_loop, until
from tests.helpers.settings_desk import MemoryKeyring, open_settings
from tests.ui.settings.test_services import show

ANSWER = sse(delta("Hi"), delta(finish="stop"))


def told(total: str) -> bytes:
    infos = [{"currency": "CNY", "total_balance": total}]
    return json_reply(200, {"is_available": True, "balance_infos": infos})


def at(server: ByteServer) -> Callable[[FileCatalogue, MemoryKeyring], None]:
    def first(catalogue: FileCatalogue, _keyring: MemoryKeyring) -> None:
        own = Service("mine", {"": "Mine"}, base_url=server.url, auth="none", balance="deepseek")
        catalogue.save(replace(own, models=(Model("m1"),)))

    return first


@pytest.mark.parametrize(
    ("balance", "label", "warning"),
    [
        (Balance((("CNY", 48.2),)), "balance ¥48.20", ""),
        (Balance((("CNY", 1234567.891),)), "balance ¥1,234,567.89", ""),
        (Balance((("CNY", 0.0042),)), "balance ¥0.0042", "Little is left"),
        (Balance((("USD", 0.99),)), "balance $0.99", "Little is left"),
        (Balance((("CNY", 0.5), ("USD", 9.0))), "balance ¥0.50, $9.00", ""),
        (Balance((("CNY", 0.0),)), "balance ¥0.00", "The account has no balance left"),
        (Balance((("CNY", -0.05),)), "balance −¥0.05", "The account has no balance left"),
        (Balance((("CNY", 9.0),), available=False), "balance ¥9.00", "The account has no"),
        (Balance((("CHF", 0.5),)), "balance CHF 0.50", ""),
        (Balance(()), "", ""),
    ],
)
def test_words(balance: Balance, label: str, warning: str) -> None:
    assert balance_label(balance) == label
    found = balance_warning(balance)
    assert found.startswith(warning)
    assert bool(found) is bool(warning)


@on_qt_loop
async def test_the_check_shows_the_balance_and_asks_anew(tmp_path: Path) -> None:
    async with (
        ByteServer([ANSWER, told("48.20"), ANSWER, told("0.30")]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        row = desk.page.services.detail.check_row
        row.button.click()
        await until(lambda: "balance" in row.meta.text(), "the balance")
        assert row.meta.text().endswith(" s · balance ¥48.20 · just now")
        assert not row.low.isVisible()
        row.button.click()
        await until(lambda: "¥0.30" in row.meta.text(), "the balance asked anew")
        assert row.low.text().startswith("Little is left")
        assert row.status.text() == "Connected"
        assert server.requests[-1].path == "/user/balance"


@on_qt_loop
async def test_coming_back_asks_no_more_than_needed(tmp_path: Path) -> None:
    async with (
        ByteServer([ANSWER, told("48.20")]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        row = desk.page.services.detail.check_row
        row.button.click()
        await until(lambda: "¥48.20" in row.meta.text(), "the balance")
        await show(desk, "demo")
        assert "balance" not in row.meta.text() or not row.meta.isVisible()
        await show(desk, "mine")
        await until(lambda: "¥48.20" in row.meta.text(), "the balance that is known")
        assert len(server.requests) == 2


@on_qt_loop
async def test_a_balance_that_fails_spoils_nothing(tmp_path: Path) -> None:
    async with (
        ByteServer([ANSWER, json_reply(500, {"error": {"message": "down"}})]) as server,
        open_settings(tmp_path, setup_first=at(server)) as desk,
    ):
        await show(desk, "mine")
        row = desk.page.services.detail.check_row
        row.button.click()
        await until(lambda: len(server.requests) == 2, "the question for the balance")
        await until(lambda: not row._jobs.running("balance"), "its failure")
        assert row.status.text() == "Connected"
        assert row.meta.text().endswith(" s · just now")
        assert not row.fault.isVisible()
        assert not row.low.isVisible()
