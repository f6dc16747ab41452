"""Several keys, pairs, tokens, proxies and backups, over the real catalogue and real HTTP."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop_chat.chat.choose import ChoiceError, Chooser, Way
from desktop_chat.chat.explain import explain_error
from desktop_chat.core.access import KeyHealth
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl
from desktop_chat.core.ports import KeyPlace
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Backup, Network, Service
from desktop_chat.wiring import House
from tests.helpers.answering_server import AnsweringServer
from tests.helpers.byte_server import ByteServer, Request, json_reply
from tests.unit.chat.support import answer, local_service, open_house
from tests.unit.providers.support import hear, request

ONE, TWO = Secret("sk-number-one-0001"), Secret("sk-number-two-0002")
PAIR = Secret.pair("client-of-the-company", "s3cr3t-of-theirs")
LOGIN = Secret.pair("user-of-the-proxy", "word-of-pass")


async def refused(house: House, service: Service) -> dict[str, str]:
    with pytest.raises(ProviderError) as caught:
        await house.setup.provider(service)
    assert caught.value.info.kind is ErrorKind.NO_KEY
    return dict(caught.value.info.values)


def by_key(says: dict[str, bytes]) -> Any:
    def reply(request: Request) -> bytes:
        return says[request.headers.get("authorization", "").removeprefix("Bearer ")]

    return reply


async def test_each_key_has_a_state_and_a_place() -> None:
    refuse = json_reply(401, {"error": {"message": "no"}})
    says = {ONE.reveal(): refuse, TWO.reveal(): answer("Hello")}
    async with AnsweringServer(answer=by_key(says)) as server, open_house() as house:
        service = local_service(server.url, auth="bearer")
        await house.setup.save_key(service, ONE)
        await house.setup.save_key(service, TWO, 1)
        state = await house.setup.key_state(service)
        assert [(key.slot, key.hint) for key in state.keys] == [(0, "sk-…0001"), (1, "sk-…0002")]
        assert {key.use.health for key in state.keys} == {KeyHealth.UNTRIED}
        result = await house.setup.check(service, "m")
        assert result.ok
        assert result.first_token is not None
        assert [use.health for use in result.keys] == [KeyHealth.REFUSED, KeyHealth.WORKS]
        heard = await hear(await house.setup.provider(service))
        assert heard.text == "Hello"
        assert len(server.requests) == 3
        # A key that is changed begins anew.
        await house.setup.delete_key(service, 0)
        (left,) = (await house.setup.key_state(service)).keys
        assert (left.hint, left.use.health) == ("sk-…0002", KeyHealth.UNTRIED)


async def test_the_check_tries_a_refused_key_again_and_stops_where_no_key_helps() -> None:
    says = {ONE.reveal(): json_reply(402, {}), TWO.reveal(): json_reply(402, {})}
    async with AnsweringServer(answer=by_key(says)) as server, open_house() as house:
        service = local_service(server.url, auth="bearer")
        await house.setup.save_key(service, ONE)
        await house.setup.save_key(service, TWO, 1)
        result = await house.setup.check(service, "m")
        assert result.error is not None
        assert result.error.kind is ErrorKind.BALANCE
        assert [use.health for use in result.keys] == [KeyHealth.NO_BALANCE] * 2
        says[ONE.reveal()] = json_reply(400, {"error": {"message": "no such field"}})
        before = len(server.requests)
        result = await house.setup.check(service, "m")
        assert result.error is not None
        assert result.error.kind is ErrorKind.BAD_REQUEST
        assert len(server.requests) == before + 1
        assert result.keys[0].health is KeyHealth.UNTRIED


async def test_a_secret_is_bound_to_where_its_tokens_are_made() -> None:
    async with open_house() as house:
        service = Service(
            "company",
            {"": "Company"},
            base_url="https://api.example/v1",
            auth="oauth",
            auth_fields={"token_url": "/oauth/token"},
        )

        def at(token_url: str) -> Service:
            return replace(service, auth_fields={"token_url": token_url})

        await house.setup.save_key(service, PAIR)
        await house.setup.provider(service)
        await house.setup.provider(at("https://api.example/other"))
        for other in ("https://login.example/t", "https://evil.example/t"):
            assert await refused(house, at(other)) == {"pair": "oauth"}
        await house.setup.save_key(at("https://login.example/t"), PAIR)
        state = await house.setup.key_state(at("https://login.example/t"))
        assert (state.origin, state.token_origin) == (
            "https://api.example",
            "https://login.example",
        )
        await house.setup.provider(at("https://login.example/t"))
        await refused(house, at("https://evil.example/t"))
        moved = replace(at("https://login.example/t"), base_url="https://evil.example/v1")
        await refused(house, moved)
        with pytest.raises(ProviderError) as caught:
            await house.setup.save_key(at("http://login.example/t"), PAIR)
        assert caught.value.info.code == "token_url_http"
        for part in PAIR.parts():
            assert part not in house.redactor.clean(f"x {part} y")


async def test_a_pair_from_the_environment() -> None:
    environ = {"COMPANY_ID": "client-of-ours", "COMPANY_SECRET": "its-secret"}
    for terminal in (True, False):
        async with open_house(environ=environ, terminal=terminal) as house:
            service = Service(
                "company",
                {"": "Company"},
                base_url="https://api.example/v1",
                auth="hmac",
                key_env=("COMPANY_ID", "COMPANY_SECRET"),
            )
            house.catalogue.save(service)
            state = await house.setup.key_state(service)
            assert (state.place, state.hint) == (KeyPlace.ENVIRONMENT, "…")
            await house.setup.provider(service)
            # With tokens of another host it would go to that host.
            fields = {"token_url": "https://evil.example/t"}
            await refused(house, replace(service, auth="oauth", auth_fields=fields))
            house.catalogue.remove("company")


async def test_a_pair_that_lacks_is_named() -> None:
    async with open_house(terminal=True) as house:
        service = Service("company", {}, base_url="https://api.example/v1", auth="hmac")
        with pytest.raises(ProviderError) as caught:
            await house.setup.provider(service)
        told = explain_error(caught.value.info, terminal=True)
        assert "DESKTOP_CHAT_KEY_ID and DESKTOP_CHAT_KEY_SECRET" in told.cause


async def test_the_login_of_a_proxy_is_for_that_proxy_alone() -> None:
    async with open_house() as house:
        network = Network(proxy="custom", proxy_url="http://Proxy.example:3128")
        service = Service("mine", {}, base_url="https://a.example/v1", auth="none", network=network)
        assert await house.setup.proxy_user(service) == ""
        assert await house.setup.save_proxy(service, LOGIN) is KeyPlace.MEMORY
        assert await house.setup.proxy_user(service) == "user-of-the-proxy"
        other = replace(network, proxy_url="http://other.example:3128")
        assert await house.setup.proxy_user(replace(service, network=other)) == ""
        plain = replace(network, proxy="system")
        assert await house.setup.proxy_user(replace(service, network=plain)) == ""
        assert "word-of-pass" not in house.redactor.clean("word-of-pass")
        # It is no key of a service at the proxy's own address.
        there = replace(service, base_url="http://proxy.example:3128", auth="bearer")
        await refused(house, there)
        await house.setup.save_proxy(service, None)
        assert await house.setup.proxy_user(service) == ""
        with pytest.raises(ValueError, match="no proxy"):
            await house.setup.save_proxy(replace(service, network=Network()), LOGIN)


async def test_the_systems_proxy_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://me:word@10.0.0.1:3128")
    async with open_house() as house:
        service = Service("mine", {}, base_url="https://a.example/v1")
        assert await house.setup.system_proxy(service) == "http://10.0.0.1:3128"
        here = replace(service, base_url="http://127.0.0.1:8000/v1")
        assert await house.setup.system_proxy(here) == ""


async def test_a_service_that_goes_takes_all_its_keys_along() -> None:
    async with open_house() as house:
        shipped = house.catalogue.service("deepseek")
        assert shipped is not None
        network = Network(proxy="custom", proxy_url="http://proxy.example:3128")
        moved = replace(shipped, base_url="https://elsewhere.example/v1", network=network)
        await house.setup.save_key(shipped, ONE)
        await house.setup.save_key(shipped, TWO, 1)
        await house.setup.save_key(moved, ONE)
        await house.setup.save_proxy(moved, LOGIN)
        await house.setup.forget_keys(moved)
        await refused(house, shipped)
        await refused(house, moved)
        assert await house.setup.proxy_user(moved) == ""
        # One that has no address has nothing that could be forgotten.
        await house.setup.forget_keys(replace(shipped, id="none", base_url="nonsense"))


async def test_a_backup_comes_with_its_own_keys() -> None:
    broken = ByteServer([json_reply(503, {"error": {"message": "down"}})])
    backup = AnsweringServer(answer=by_key({TWO.reveal(): answer("From the backup")}))
    async with broken, backup, open_house() as house:
        second = local_service(backup.url, auth="bearer")
        second = replace(second, id="second")
        plan = Backup(enabled=True, service_id="second", models={"": "m"}, failures=1)
        first = local_service(broken.url, backup=plan)
        # Without a key it is left out.
        house.catalogue.save(second)
        left_out = await house.setup._backup(first)
        assert left_out is None
        await house.setup.save_key(second, TWO)
        heard = await hear(await house.setup.provider(first), request(), StreamControl())
        assert heard.text == "From the backup", heard.error
        assert (
            await house.setup._backup(replace(first, backup=replace(plan, enabled=False))) is None
        )
        itself = replace(first, backup=replace(plan, service_id="local"))
        assert await house.setup._backup(itself) is None


async def test_a_key_for_this_call_does_not_go_to_the_backup(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"DESKTOP_CHAT_API_KEY": ONE.reveal()}
    broken = ByteServer([json_reply(503, {"error": {"message": "down"}})])
    backup = ByteServer([answer("From the backup")])
    async with broken, backup, open_house(environ=environ, terminal=True) as house:
        second = replace(
            local_service(backup.url, auth="bearer"), id="second", key_env=("ITS_KEY",)
        )
        house.catalogue.save(second)
        plan = Backup(enabled=True, service_id="second", models={"": "m"}, failures=1)
        first = local_service(broken.url, auth="bearer", backup=plan)
        (tmp_path / ".env").write_text(f"DESKTOP_CHAT_API_KEY={ONE.reveal()}")
        heard = await hear(await house.setup.provider(first), request(), StreamControl())
        assert heard.error is not None
        assert broken.requests[0].headers["authorization"] == f"Bearer {ONE.reveal()}"
        assert backup.requests == []
        # One under its own name is its own.
        (tmp_path / ".env").write_text(f"ITS_KEY={TWO.reveal()}")
        heard = await hear(await house.setup.provider(first), request(), StreamControl())
        assert heard.text == "From the backup"
        assert backup.requests[0].headers["authorization"] == f"Bearer {TWO.reveal()}"


def chooser(house: House) -> Chooser:
    return Chooser(house.catalogue, house.providers, house.setup, house.settings)


async def test_a_command_may_say_how_a_service_is_asked() -> None:
    async with open_house(terminal=True) as house:
        choose = chooser(house)
        way = Way(auth="oauth-json", token_url="/t")
        asked = await choose.service(None, "https://api.example", way)
        assert (asked.auth, asked.auth_fields) == ("oauth-json", {"token_url": "/t"})
        asked = await choose.service("deepseek", None, Way(protocol="anthropic", auth="header"))
        assert (asked.id, asked.protocol, asked.auth) == ("deepseek", "anthropic", "header")
        # What is asked as a rule, and what is said all the same.
        asked = await choose.service(None, "https://a.example", Way(protocol="anthropic"))
        assert asked.auth == "header"
        asked = await choose.service(None, "http://127.0.0.1:1/v1", Way(auth="bearer"))
        assert asked.auth == "bearer"
        asked = await choose.service(None, "http://127.0.0.1:1/v1")
        assert asked.auth == "none"
        for service_id, base_url, wrong, words in (
            (None, None, Way(auth="hmac"), "--base-url"),
            (None, "https://a.example", Way(auth="oauth"), "token URL"),
            ("deepseek", None, Way(auth="oauth", token_url="http://b.example"), "https"),
        ):
            with pytest.raises(ChoiceError, match=words):
                await choose.service(service_id, base_url, wrong)


async def test_a_command_asks_with_a_token() -> None:
    environ = {"DESKTOP_CHAT_KEY_ID": "client-id", "DESKTOP_CHAT_KEY_SECRET": "its-secret"}

    def company(request: Request) -> bytes:
        if request.path == "/oauth/token":
            return json_reply(200, {"access_token": "the-token"})
        assert request.headers["authorization"] == "Bearer the-token"
        return answer("Hello")

    server = AnsweringServer(answer=company)
    async with server, open_house(environ=environ, terminal=True) as house:
        way = Way(auth="oauth", token_url="/oauth/token")
        asked = await chooser(house).service(None, server.url, way)
        assert (await house.setup.check(asked, "m")).ok
        assert b"its-secret" in server.requests[0].body
        assert "the-token" not in house.redactor.clean("it was the-token.")
