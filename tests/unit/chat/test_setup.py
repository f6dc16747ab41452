"""Which key goes where, over the real catalogue, settings and HTTP; keys stay in memory here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop_chat.chat.setup import is_safe_for_keys
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.ports import KeyPlace
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.wiring import House
from tests.helpers.byte_server import ByteServer, json_reply
from tests.unit.chat.support import answer, local_service, open_house

KEY = Secret("sk-test-1234567890")


def deepseek(house: House, **changes: Any) -> Service:
    service = house.catalogue.service("deepseek")
    assert service is not None
    return replace(service, **changes)


async def refused(house: House, service: Service) -> str:
    with pytest.raises(ProviderError) as caught:
        await house.setup.provider(service)
    assert caught.value.info.kind is ErrorKind.NO_KEY
    return caught.value.info.values.get("problem", "")


@pytest.mark.parametrize(
    ("origin", "safe"),
    [
        ("https://a.example", True),
        ("http://a.example", False),
        ("http://localhost:1234", True),
        ("http://app.localhost", False),
        ("http://localhost.", False),
        ("http://0.0.0.0", False),
        ("http://127.1", False),
        ("http://2130706433", False),
        ("http://[::ffff:192.0.2.1]", False),
        ("http://127.0.0.1", True),
        ("http://127.8.9.1:80", True),
        ("http://[::1]:80", True),
        ("http://192.168.1.5:8000", False),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_where_a_key_may_go_unasked(origin: str, safe: bool) -> None:
    assert is_safe_for_keys(origin) is safe


async def test_a_saved_key_is_found_for_its_origin_alone() -> None:
    async with open_house() as house:
        service = deepseek(house)
        assert (await house.setup.key_state(service)).place is None
        saved: list[str] = []
        house.setup.subscribe(saved.append)
        assert await house.setup.save_key(service, KEY) is KeyPlace.MEMORY
        assert saved == ["deepseek"]
        state = await house.setup.key_state(service)
        assert (state.place, state.hint, state.origin) == (
            KeyPlace.MEMORY,
            "sk-…7890",
            "https://api.deepseek.com",
        )
        assert state.problem == "missing"
        await house.setup.provider(service)
        for other in ("https://elsewhere.example", "http://api.deepseek.com"):
            await refused(house, replace(service, base_url=other))
        await house.setup.delete_key(service)
        await refused(house, service)


async def test_saving_a_key_sets_the_service_up() -> None:
    async with open_house() as house:
        assert [item.id for item in house.setup.usable()] == ["demo"]
        await house.setup.save_key(deepseek(house), KEY)
        assert [item.id for item in house.setup.usable()] == ["deepseek", "demo"]
        house.catalogue.save(deepseek(house, enabled=False))
        assert [item.id for item in house.setup.usable()] == ["demo"]


async def test_a_key_is_hidden_from_the_log_as_soon_as_it_is_known() -> None:
    async with open_house(environ={"DEEPSEEK_API_KEY": "plain-words-as-a-key"}) as house:
        await house.setup.save_key(deepseek(house), Secret("another plain key"))
        assert "another plain key" not in house.redactor.clean("x another plain key y")
        house.setup.environment_key(deepseek(house))
        assert "plain-words-as-a-key" not in house.redactor.clean("plain-words-as-a-key")


async def test_the_environment_name_of_a_service_is_for_its_own_host() -> None:
    environ = {"DEEPSEEK_API_KEY": "sk-from-environment"}
    for terminal in (True, False):
        async with open_house(environ=environ, terminal=terminal) as house:
            state = await house.setup.key_state(deepseek(house))
            assert state.place is KeyPlace.ENVIRONMENT
            await refused(house, deepseek(house, base_url="https://proxy.example/v1"))
            await refused(house, deepseek(house, base_url="http://127.0.0.1:9/v1"))
            # A changed address in the user's own file is another host, too.
            house.catalogue.save(deepseek(house, base_url="https://proxy.example/v1"))
            await refused(house, deepseek(house))
            house.catalogue.remove("deepseek")


async def test_a_saved_key_goes_first_in_the_window_and_last_in_the_terminal() -> None:
    environ = {"DEEPSEEK_API_KEY": "sk-from-environment"}
    for terminal, place in ((True, KeyPlace.ENVIRONMENT), (False, KeyPlace.MEMORY)):
        async with open_house(environ=environ, terminal=terminal) as house:
            await house.setup.save_key(deepseek(house), KEY)
            assert (await house.setup.key_state(deepseek(house))).place is place


async def test_a_key_for_this_call_goes_anywhere_but_in_the_clear() -> None:
    environ = {"DESKTOP_CHAT_API_KEY": "sk-for-this-call"}
    server = ByteServer([answer("a")])
    async with server, open_house(environ=environ, terminal=True) as house:
        result = await house.setup.check(deepseek(house, base_url=server.url), "m")
        assert result.ok
        assert server.requests[0].headers["authorization"] == "Bearer sk-for-this-call"
        plain = deepseek(house, base_url="http://192.0.2.1/v1")
        assert await refused(house, plain) == "plain_http"
    async with open_house(environ=environ) as house:
        await refused(house, deepseek(house))


async def test_only_the_general_name_gives_a_key_for_this_call() -> None:
    """A service's own name that merely ends alike holds a key for its host alone."""
    name = "TEAM_DESKTOP_CHAT_API_KEY"
    async with open_house(environ={name: "sk-of-the-team"}, terminal=True) as house:
        own = Service("team", {"": "Team"}, base_url="https://team.example/v1", key_env=(name,))
        house.catalogue.save(own)
        found = house.setup.environment_key(own)
        assert found is not None
        assert not found.given


async def test_an_address_of_ones_own_that_is_none_is_no_obstacle_to_another() -> None:
    environ = {"DESKTOP_CHAT_API_KEY": "sk-for-this-call"}
    server = ByteServer([answer("a")])
    async with server, open_house(environ=environ, terminal=True) as house:
        own = Service("own", {"": "Own"}, base_url="nonsense", key_env=("OWN_KEY",))
        house.catalogue.save(own)
        assert (await house.setup.check(replace(own, base_url=server.url), "m")).ok


async def test_a_key_saved_for_plain_http_by_hand_goes_there() -> None:
    async with open_house() as house:
        service = deepseek(house, base_url="http://192.0.2.1/v1")
        await house.setup.save_key(service, KEY)
        await house.setup.provider(service)


async def test_a_dot_env_counts_in_the_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("DEEPSEEK_API_KEY=sk-from-a-file\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    async with open_house(terminal=True) as house:
        assert (await house.setup.key_state(deepseek(house))).place is KeyPlace.ENVIRONMENT
    async with open_house() as house:
        assert (await house.setup.key_state(deepseek(house))).place is None


async def test_check_tells_how_it_went() -> None:
    busy = json_reply(429, {"error": {"message": "slow down"}}, "Retry-After: 30")
    server = ByteServer([answer("hi"), json_reply(401, {"error": {"message": "no"}}), busy])
    async with server, open_house(server) as house:
        service = local_service(server.url)
        good = await house.setup.check(service, "m")
        assert good.ok
        assert good.first_token is not None
        bad = await house.setup.check(service, "m")
        assert not bad.ok
        assert bad.error is not None
        assert bad.error.kind is ErrorKind.AUTHENTICATION
        # It does not wait for the retry.
        limited = await house.setup.check(service, "m")
        assert limited.error is not None
        assert limited.error.kind is ErrorKind.RATE_LIMIT
        none = await house.setup.check(replace(service, auth="bearer"), "m")
        assert none.error is not None
        assert none.error.kind is ErrorKind.NO_KEY
        wrong = await house.setup.check(replace(service, base_url="nonsense"), "m")
        assert wrong.error is not None
        assert wrong.error.kind is ErrorKind.BAD_REQUEST


async def test_models_come_with_what_the_catalogue_knows() -> None:
    listed = json_reply(200, {"data": [{"id": "deepseek-flash"}, {"id": "new"}]})
    server = ByteServer([listed])
    async with server, open_house() as house:
        service = deepseek(house, base_url=server.url, auth="none")
        flash, new = await house.setup.fetch_models(service)
        assert (flash.id, flash.context_tokens) == ("deepseek-flash", 1_000_000)
        assert new.thinking == service.thinking


async def test_an_address_that_is_none_has_no_key() -> None:
    async with open_house() as house:
        state = await house.setup.key_state(deepseek(house, base_url="nonsense"))
        assert (state.place, state.origin) == (None, "")
