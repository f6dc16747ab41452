"""Tokens from a server that counts, before a service that looks at them."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from desktop_chat.core.access import Access
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.events import StreamControl
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Service
from desktop_chat.core.trace import Trace
from desktop_chat.providers.auth_oauth import token_place
from desktop_chat.providers.auth_state import AuthState
from desktop_chat.providers.auth_tokens import read_token
from desktop_chat.providers.registry import HttpProviders
from desktop_chat.providers.retry import RetryPolicy
from tests.helpers.answering_server import AnsweringServer
from tests.helpers.byte_server import Request, delta, json_reply, reply, sse
from tests.unit.providers.support import DEMO_TEXTS, Heard, hear, reader, service

ID, SECRET = "client-of-the-company", "s3cr3t & with=signs"
KEY = Secret.pair(ID, SECRET)
ANSWER = sse(delta("Hello"), delta(finish="stop"))


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Company:
    """Makes tokens and answers questions that bring one.

    Attributes:
        made: how many tokens were made.
        good: those that are accepted.
        says: what else is in the reply with a token, or the reply in its place.
        gate: tokens are made while it is open.
    """

    def __init__(self, **says: Any) -> None:
        self.made = 0
        self.good: set[str] = set()
        self.says: dict[str, Any] | bytes = says
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self.hidden: list[str] = []
        self.clock = Clock()

    async def __call__(self, request: Request) -> bytes:
        if request.path == "/oauth/token":
            self.asked.set()
            await self.gate.wait()
            return self._token()
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.good:
            return json_reply(401, {"error": {"message": f"unknown token {token}"}})
        return ANSWER

    def _token(self) -> bytes:
        if isinstance(self.says, bytes):
            return self.says
        self.made += 1
        token = f"opaque.token.number.{self.made}"
        self.good.add(token)
        return json_reply(200, {"access_token": token, "expires_in": 3600} | self.says)


class Desk:
    """A company, its server, and what asks it."""

    def __init__(self, company: Company, server: AnsweringServer, providers: HttpProviders) -> None:
        self.company = company
        self.server = server
        self.providers = providers

    def service(self, **changes: Any) -> Service:
        fields = {"token_url": "/oauth/token"} | changes.pop("fields", {})
        return service(self.server.url, **({"auth": "oauth", "auth_fields": fields} | changes))

    async def ask(self, trace: Trace | None = None, **changes: Any) -> Heard:
        access = Access(self.service(**changes), (KEY,))
        return await hear(self.providers.provider(access), control=StreamControl(trace))

    @property
    def tokens(self) -> list[Request]:
        return self.server.asked_for("/oauth/token")


@asynccontextmanager
async def open_desk(company: Company) -> AsyncIterator[Desk]:
    def hide(token: str) -> Any:
        company.hidden.append(token)
        return lambda: company.hidden.remove(token)

    providers = HttpProviders(
        redact=str, demo_texts=DEMO_TEXTS, retry=RetryPolicy(base=0.001), hide=hide
    )
    providers._auths = AuthState(hide, company.clock)
    async with AnsweringServer(answer=company) as server:
        yield Desk(company, server, providers)
        await providers.aclose()


async def test_one_token_serves_until_shortly_before_it_expires() -> None:
    company = Company(expires_in=100)
    async with open_desk(company) as desk:
        for seconds, made in ((0, 1), (89, 1), (1, 2), (90, 3)):
            company.clock.now += seconds
            assert (await desk.ask()).text == "Hello"
            assert company.made == made
        (sent, *_) = desk.tokens
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(sent.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [ID],
        "client_secret": [SECRET],
    }


async def test_all_that_can_be_asked_with_a_token() -> None:
    fields = {"scope": "chat images", "audience": "https://api", "client_auth": "basic"}
    async with open_desk(Company()) as desk:
        assert (await desk.ask(fields=fields)).text == "Hello"
        assert (await desk.ask(auth="oauth-json", fields={"scope": "chat"})).text == "Hello"
        form, as_json = desk.tokens
    assert parse_qs(form.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["chat images"],
        "audience": ["https://api"],
    }
    pair = base64.b64decode(form.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == f"{ID}:s3cr3t+%26+with%3Dsigns"
    assert as_json.headers["content-type"] == "application/json"
    assert json.loads(as_json.body) == {
        "grant_type": "client_credentials",
        "client_id": ID,
        "client_secret": SECRET,
        "scope": "chat",
    }


async def test_many_that_wait_ask_once() -> None:
    company = Company()
    company.gate.clear()
    async with open_desk(company) as desk:
        asking = [asyncio.create_task(desk.ask()) for _ in range(20)]
        await company.asked.wait()
        company.gate.set()
        assert [(await task).text for task in asking] == ["Hello"] * 20
        assert len(desk.tokens) == 1


async def test_one_that_gives_up_disturbs_no_other() -> None:
    company = Company()
    company.gate.clear()
    async with open_desk(company) as desk:
        asking = [asyncio.create_task(desk.ask()) for _ in range(3)]
        await company.asked.wait()
        asking[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking[0]
        company.gate.set()
        assert [(await task).text for task in asking[1:]] == ["Hello"] * 2
        assert len(desk.tokens) == 1


async def test_when_all_give_up_so_does_the_request() -> None:
    company = Company()
    company.gate.clear()
    async with open_desk(company) as desk:
        asking = [asyncio.create_task(desk.ask()) for _ in range(3)]
        await company.asked.wait()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await asyncio.sleep(0)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "token"]
        # Whoever comes next begins anew.
        company.gate.set()
        assert (await desk.ask()).text == "Hello"
        assert len(desk.tokens) == 2


async def test_closing_ends_what_is_under_way() -> None:
    company = Company()
    company.gate.clear()
    async with open_desk(company) as desk:
        asking = asyncio.create_task(desk.ask())
        await company.asked.wait()
        await desk.providers.aclose()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        company.gate.set()
    assert not company.hidden


async def test_a_refused_token_is_renewed_once_for_all() -> None:
    company = Company()
    async with open_desk(company) as desk:
        await desk.ask()
        company.good.clear()
        heard = await asyncio.gather(*(desk.ask() for _ in range(8)))
        assert [one.text for one in heard] == ["Hello"] * 8
        assert not any(one.notices for one in heard)
        assert company.made == 2
        assert company.hidden == ["opaque.token.number.1", "opaque.token.number.2"]


async def test_a_token_that_is_never_accepted() -> None:
    company = Company(access_token="a.token.that.nobody.knows")
    async with open_desk(company) as desk:
        heard = await desk.ask()
        assert len(desk.tokens) == 2
        assert len(desk.server.requests) == 4
    assert heard.error is not None
    assert (heard.kind, heard.error.message) == (ErrorKind.AUTHENTICATION, "unknown token ***")
    assert "that.nobody.knows" not in repr(heard.error)


async def test_tokens_and_secrets_are_seen_by_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    trace = Trace()
    company = Company(access_token="a.token.that.nobody.knows")
    async with open_desk(company) as desk:
        await desk.ask(trace)
        await desk.ask(trace, auth="oauth-json")
        await desk.ask(trace, fields={"client_auth": "basic"})
        says = {"error": "invalid_request", "error_description": f"{ID}:{SECRET}"}
        company.says = json_reply(400, says)
        heard = await desk.ask(trace, fields={"scope": "other"})
    form = SECRET.replace(" ", "+").replace("&", "%26").replace("=", "%3D")
    for text in (caplog.text, repr(trace.records), repr(heard.error)):
        for secret in (SECRET, form, "a.token.that.nobody.knows"):
            assert secret not in text
    assert heard.error is not None
    assert heard.error.message == "***:***"


@pytest.mark.parametrize(
    ("status", "says", "kind", "message"),
    [
        (
            401,
            {"error": "invalid_client", "error_description": "No such client."},
            ErrorKind.AUTHENTICATION,
            "No such client.",
        ),
        (400, {"error": "invalid_client"}, ErrorKind.AUTHENTICATION, "invalid_client"),
        (400, {"error": "unauthorized_client"}, ErrorKind.AUTHENTICATION, "unauthorized_client"),
        (400, {"error": "invalid_scope"}, ErrorKind.BAD_REQUEST, "invalid_scope"),
        (400, {"error": {"message": "Denied", "code": "x"}}, ErrorKind.BAD_REQUEST, "Denied"),
        (404, {"detail": "Not Found"}, ErrorKind.NOT_FOUND, "Not Found"),
        (200, {"error": "invalid_client"}, ErrorKind.AUTHENTICATION, "invalid_client"),
        (200, {"code": 401, "message": "无效的密钥"}, ErrorKind.AUTHENTICATION, "无效的密钥"),
        (200, {"hello": "world"}, ErrorKind.PROTOCOL, ""),
        (200, {"access_token": 7}, ErrorKind.PROTOCOL, ""),
        (200, {"access_token": "two words"}, ErrorKind.PROTOCOL, ""),
        (200, ["a"], ErrorKind.PROTOCOL, ""),
        (200, None, ErrorKind.PROTOCOL, ""),
    ],
)
async def test_what_the_token_server_says(
    status: int, says: Any, kind: ErrorKind, message: str
) -> None:
    company = Company()
    company.says = json_reply(status, says)
    async with open_desk(company) as desk:
        heard = await desk.ask()
        assert len(desk.server.requests) == 1
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (kind, "token")
    assert heard.error.message == message


async def test_a_busy_token_server_is_asked_again() -> None:
    company = Company()
    company.says = json_reply(503, {"error": "temporarily_unavailable"})
    async with open_desk(company) as desk:
        asking = asyncio.create_task(desk.ask())
        await company.asked.wait()
        company.says = {}
        assert (await asking).text == "Hello"


async def test_a_page_in_place_of_a_token() -> None:
    company = Company()
    company.says = reply(200, "<html><title>Sign in</title>", content_type="text/html")
    async with open_desk(company) as desk:
        heard = await desk.ask()
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.PROTOCOL, "token")
    assert "<html" not in heard.error.raw


async def test_a_token_server_that_sends_us_elsewhere_gets_nothing_there() -> None:
    company = Company()
    company.says = reply(307, b"", "Location: https://elsewhere.example/oauth/token")
    async with open_desk(company) as desk:
        assert (await desk.ask()).kind is ErrorKind.REDIRECT


async def test_an_endless_reply_is_given_up() -> None:
    company = Company()
    company.says = reply(200, b" " * (300 * 1024))
    async with open_desk(company) as desk:
        heard = await desk.ask()
    assert heard.error is not None
    assert heard.error.code == "too_large"


async def test_a_wrapped_token() -> None:
    company = Company()
    company.good.add("inside")
    company.says = json_reply(200, {"code": 0, "data": {"access_token": "inside"}})
    async with open_desk(company) as desk:
        assert (await desk.ask()).text == "Hello"


async def test_another_key_another_place_another_token() -> None:
    async with open_desk(Company()) as desk:
        await desk.ask()
        await desk.ask(fields={"scope": "more"})
        other = Access(desk.service(), (Secret.pair(ID, "another"),))
        await hear(desk.providers.provider(other))
        assert desk.company.made == 3
        await desk.providers.forget_keys("here")
        assert not desk.company.hidden
        await desk.ask()
        assert desk.company.made == 4


async def test_half_a_pair() -> None:
    async with open_desk(Company()) as desk:
        heard = await hear(desk.providers.provider(Access(desk.service(), (Secret(ID),))))
        assert not desk.server.requests
    assert heard.error is not None
    assert heard.error.code == "not_a_pair"


@pytest.mark.parametrize(
    ("says", "life"),
    [
        ({}, 270.0),
        ({"expires_in": 3600}, 3570.0),
        ({"expires_in": "60"}, 54.0),
        ({"expires_in": 0}, 0.0),
        ({"expires_in": -5}, 0.0),
        ({"expires_in": "soon"}, 270.0),
        ({"expires_in": True}, 270.0),
        ({"expires_in": 1e400}, 270.0),
        ({"expires_in": 10**400}, 270.0),
        ({"expires_at": 1_700_000_100}, 90.0),
        ({"expires_at": 1_700_000_100_000}, 90.0),
        ({"expires_at": "2023-11-14T22:15:00Z"}, 90.0),
        ({"expires_at": "2023-11-14 22:15:00"}, 90.0),
        ({"expires_at": "tomorrow"}, 270.0),
        ({"expires_at": []}, 270.0),
    ],
)
def test_how_long_a_token_is_good(says: dict[str, Any], life: float) -> None:
    token = read_token({"access_token": "t"} | says, 1_700_000_000.0, reader())
    assert token.good_until - 1_700_000_000.0 == pytest.approx(life)
    assert "'t'" not in repr(token)


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        (None, "Bearer t"),
        ("bearer", "Bearer t"),
        ("Token", "Token t"),
        ("a\r\nb", "Bearer t"),
        (7, "Bearer t"),
    ],
)
def test_what_stands_before_a_token(kind: Any, header: str) -> None:
    said = {"access_token": "t", "token_type": kind}
    assert read_token(said, 0.0, reader()).header == header


ORIGIN = "https://api.example"


@pytest.mark.parametrize(
    ("text", "url", "origins"),
    [
        ("/oauth/token", "https://api.example/oauth/token", (ORIGIN,)),
        ("oauth/token", "https://api.example/oauth/token", (ORIGIN,)),
        ("https://API.example:443/t?tenant=1", "https://api.example/t?tenant=1", (ORIGIN,)),
        ("https://login.example/t", "https://login.example/t", (ORIGIN, "https://login.example")),
        ("http://127.0.0.1:8/t", "http://127.0.0.1:8/t", (ORIGIN, "http://127.0.0.1:8")),
        ("http://localhost/t", "http://localhost/t", (ORIGIN, "http://localhost")),
    ],
)
async def test_where_tokens_are_made(text: str, url: str, origins: tuple[str, ...]) -> None:
    asked = service(ORIGIN, auth="oauth", auth_fields={"token_url": text})
    assert token_place(asked, ORIGIN).url == url
    providers = HttpProviders(redact=str, demo_texts=DEMO_TEXTS)
    assert providers.origins(asked) == origins
    assert providers.origins(replace(asked, auth="bearer")) == (ORIGIN,)
    await providers.aclose()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "token_url"),
        ("http://login.example/t", "token_url_http"),
        ("http://app.localhost/t", "token_url_http"),
        ("http://api.example/t", "token_url_http"),
        ("ftp://login.example/t", "token_url"),
        ("https://user:word@login.example/t", "token_url"),
        ("https://login.example/t#part", "token_url"),
        ("https://login.example/a b", "token_url"),
        ("https://[::1/t", "token_url"),
        ("https:///t", "token_url"),
    ],
)
def test_where_no_tokens_are_made(text: str, code: str) -> None:
    asked = service(ORIGIN, auth="oauth", auth_fields={"token_url": text})
    with pytest.raises(ProviderError) as caught:
        token_place(asked, ORIGIN)
    assert (caught.value.info.kind, caught.value.info.code) == (ErrorKind.BAD_REQUEST, code)
    assert "word" not in repr(caught.value.info)


async def test_a_reply_without_its_request_drops_the_token() -> None:
    """As of the opening of a WebSocket."""
    company = Company()
    async with open_desk(company) as desk:
        await desk.ask()
        (source,) = desk.providers._auths._sources.values()
        provider = desk.providers._with_key(
            Access(desk.service(), (KEY,)), desk.providers._address(desk.service()), KEY
        )
        auth = getattr(provider, "auth")  # noqa: B009
        assert await auth.refused(httpx.Response(403)) is False
        assert source._token is not None
        assert await auth.refused(httpx.Response(401)) is True
        assert source._token is None
