"""No secret anywhere: every protocol with every way to prove who we are, answered well and badly by
a service that quotes all it was sent, in a fresh home with every logger at DEBUG.
"""

import base64
import json
import logging
import os
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from desktop_chat.chat.dialogue import Asking, Dialogue
from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.snippets import Form, forms, snippet
from desktop_chat.chat.trace_lines import trace_lines
from desktop_chat.chat.trace_text import Rows, raw_line, raw_text, told_line, told_text
from desktop_chat.core.access import AUTH_WAYS, PAIR_WAYS, PROTOCOLS
from desktop_chat.core.errors import ProviderError
from desktop_chat.core.messages import MessageState
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Network, Service
from desktop_chat.core.trace import Trace, TraceRequest
from desktop_chat.providers.retry import RetryPolicy
from desktop_chat.wiring import House
from tests.helpers.answering_server import AnsweringServer
from tests.helpers.byte_server import Request, json_reply, reply, sse
from tests.helpers.proxy import Proxy
from tests.helpers.websocket_server import Refusal, WebSocketServer
from tests.unit.chat.support import open_house
from tests.unit.providers.contract import (
    recordings_anthropic,
    recordings_gateway,
    recordings_gemini,
    recordings_images,
    recordings_ollama,
    recordings_openai_chat,
    recordings_openai_responses,
    recordings_websocket,
)
from tests.unit.providers.contract.recording import Recording

KEY = "wqk-7f/3+d=91-a-key-of-words"
ID, SECRET = "client/of+the=company-77", "pair-of/s3cr3t+signs=42"
TOKEN = "tok.opaque/9+9=value-33"
USER, PASSWORD = "user-of-the-proxy-55", "pr0xy/pass+word=66"
THEIRS = "websockets.server"
"""A logger of the service's side."""
SECRETS = (KEY, ID, SECRET, TOKEN, USER, PASSWORD)

WAYS: tuple[tuple[str, dict[str, str]], ...] = (
    ("bearer", {}),
    ("header", {"header": "x-company-door", "prefix": "Entry"}),
    ("query", {"query": "k"}),
    ("oauth", {"token_url": "/oauth/token", "scope": "all"}),
    ("oauth", {"token_url": "/oauth/token", "client_auth": "basic"}),
    ("oauth-json", {"token_url": "/oauth/token"}),
    ("hmac", {"signature_header": "x-signed-by-us", "key_header": "x-who"}),
)
PICTURES = ("openai-images", "gateway-images")
RECORDED: dict[str, Recording] = {
    "openai-chat": recordings_openai_chat.RECORDINGS[0],
    "openai-responses": recordings_openai_responses.RECORDINGS[0],
    "anthropic": recordings_anthropic.RECORDINGS[0],
    "gemini": recordings_gemini.RECORDINGS[0],
    "ollama": recordings_ollama.RECORDINGS[0],
    "gateway": recordings_gateway.RECORDINGS[0],
    "websocket": recordings_websocket.RECORDINGS[0],
    "openai-images": recordings_images.RECORDINGS[0],
    "gateway-images": recordings_images.RECORDINGS[2],
}
"""A whole answer of each protocol."""


def written(secret: str, *, whole: bool = True) -> Iterator[str]:
    """Give a secret in the ways in which it may be written down.

    Args:
        secret: the secret.
        whole: whether base64 has its neighbours; what is looked for has not.
    """
    data = secret.encode()
    yield from {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), data.hex()}
    yield json.dumps(secret).replace("/", "\\/")[1:-1]
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + data + b"\0" * 3).decode()
        yield coded if whole else coded[4 : 4 + len(data)]


def known_of(auth: str) -> list[str]:
    """Return all that a careless service may quote that is asked in a way."""
    if auth not in PAIR_WAYS:
        return list(written(KEY))
    pair = base64.b64encode(f"{ID}:{SECRET}".encode()).decode()
    return [*written(ID), *written(SECRET), pair]


class Careless:
    """A service that quotes all it was sent, and more.

    Attributes:
        recording: what it answers with when it does.
        mood: ``well``, or how it fails.
        known: what it quotes besides.
        proofs: what it was sent to prove who we are, without the schemes.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.mood = "well"
        self.known: list[str] = []
        self.proofs: set[str] = set()

    def __call__(self, request: Request) -> bytes:
        for name in ("authorization", "x-company-door", "x-signed-by-us", "x-who"):
            if value := request.headers.get(name, ""):
                self.proofs.add(value.rpartition(" ")[2])
        echo = f"{request.method} {request.path} {request.headers} {request.body!r}"
        if request.path.startswith("/oauth/token"):
            if self.mood == "no token":
                says = {"error": "invalid_client", "error_description": f"{echo} {self.known}"}
                return json_reply(401, says)
            return json_reply(200, {"access_token": TOKEN, "expires_in": 60})
        sent = "; ".join(request.headers.values())
        head = (f"X-Echo: {sent}", f"X-Asked: {request.path}", f"Set-Cookie: a={self.known[0]}")
        if self.mood == "well":
            return reply(200, self.recording.body, *head, content_type=self.recording.content_type)
        if self.mood == "error inside":
            return sse({"error": {"message": echo, "code": f"c {sent}", "request_id": sent}})
        if self.mood == "page":
            return reply(502, f"<html><title>{echo}</title>{sent}</html>", content_type="text/html")
        if self.mood == "elsewhere":
            return reply(307, "", *head, f"Location: https://a.example/?key={self.known[0]}&{sent}")
        if self.mood == "nonsense":
            return f"HTTP/1.1 {sent}\r\n\r\n".encode()
        says = {"message": f"{echo} {self.known}", "code": echo[:60], "request_id": sent}
        return json_reply(400, {"error": says}, *head)


class Place:
    """Collects what a reader of traces, cards and clipboards would see."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def trace(self, trace: Trace, service: Service) -> None:
        self.seen.extend(trace_lines(trace))
        rows = Rows()
        rows.take(trace)
        for row in rows.rows:
            self.seen += [raw_line(row), raw_text(row), told_line(row), told_text(row)]
        for record in trace.records:
            if isinstance(record, TraceRequest):
                self.seen += [snippet(form, record, service) for form in forms(record, service)]
                self.seen += [snippet(form, record, None) for form in (Form.CURL, Form.HTTPX)]

    def error(self, error: ProviderError) -> None:
        told = explain_error(error.info)
        self.seen += [repr(error), "".join(traceback.format_exception(error)), repr(told)]


async def turn(house: House, service: Service, place: Place) -> MessageState:
    """Ask once, saved and traced."""
    trace = Trace()
    dialogue = Dialogue(
        Asking(service, "m"), setup=house.setup, tasks=house.tasks, store=house.store, trace=trace
    )
    message = await dialogue.ask("What is new?", lambda event: place.seen.append(repr(event)))
    await dialogue.aclose()
    place.trace(trace, service)
    place.seen.append(repr(message))
    if message.error is not None:
        place.error(ProviderError(message.error))
        place.seen.append(repr(explain_error(message.error, terminal=True)))
    return message.state


def service_for(protocol: str, url: str, auth: str, fields: dict[str, str]) -> Service:
    images = protocol if protocol in PICTURES else ""
    return Service(
        "careless",
        {"": "Careless"},
        base_url=url,
        protocol="openai-chat" if images else protocol,
        images=images,
        auth=auth,
        auth_fields=fields,
        models=(Model("m", makes="image" if images else "text"),),
        default_model="m",
        first_token_timeout=10.0,
        idle_timeout=10.0,
    )


def leaks(place: Place, log: str, out: Sequence[str], proofs: set[str]) -> list[str]:
    """Return where something secret stands."""
    texts = {f"seen {number}": text for number, text in enumerate(place.seen)}
    texts |= {"log": log, "out": out[0], "err": out[1]}
    for path in Path(os.environ["HOME"]).rglob("*"):
        if path.is_file():
            texts[str(path)] = path.read_bytes().decode("latin-1")
    assert any("What is new?" in text for where, text in texts.items() if where.endswith(".db")), (
        sorted(texts)[-9:]
    )
    assert any("services.toml" in where for where in texts)
    looked_for = {form for secret in SECRETS for form in written(secret, whole=False)} | proofs
    return [
        f"{where}: {form} in {text[max(0, text.find(form) - 200) :][:400]!r}"
        for where, text in texts.items()
        for form in looked_for
        if form in text
    ]


def test_all_are_tried() -> None:
    assert set(PROTOCOLS) <= set(RECORDED)
    assert {way for way, _fields in WAYS} == set(AUTH_WAYS) - {"none"}


@pytest.mark.parametrize("protocol", [name for name in RECORDED if name != "websocket"])
async def test_no_secret_is_left_behind(
    protocol: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    noticed = everything_logged(caplog)
    place = Place()
    careless = Careless(RECORDED[protocol])
    async with AnsweringServer(answer=careless) as server, open_house() as house:
        noticed()
        house.providers._retry = RetryPolicy(base=0.001)
        for auth, fields in WAYS:
            service = service_for(protocol, server.url, auth, fields)
            house.catalogue.save(service)
            pair = auth in PAIR_WAYS
            await house.setup.save_key(service, Secret.pair(ID, SECRET) if pair else Secret(KEY))
            careless.mood, careless.known = "well", known_of(auth)
            assert await turn(house, service, place) is MessageState.DONE, place.seen[-3:]
            for mood in ("quotes", "error inside", "page", "elsewhere", "nonsense", "no token"):
                careless.mood = mood
                if mood == "no token":
                    await house.providers.forget_keys(service.id)
                await turn(house, service, place)
                try:
                    await house.setup.fetch_models(service)
                except ProviderError as error:
                    place.error(error)
            place.seen.append(repr(await house.setup.key_state(service)))
            place.seen.append(repr(await house.setup.check(service, "m")))
        assert len(careless.proofs) > len(WAYS)
    assert not leaks(place, caplog.text, capfd.readouterr(), careless.proofs)


async def test_no_secret_of_a_proxy_is_left_behind(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    noticed = everything_logged(caplog)
    place = Place()
    careless = Careless(RECORDED["openai-chat"])
    async with AnsweringServer(answer=careless) as server, open_house() as house:
        noticed()
        house.providers._retry = RetryPolicy(base=0.001)
        for login in ((USER, PASSWORD), ("another", "word")):
            async with Proxy(server.port, login=login) as proxy:
                for address in (f"http://{proxy.address}", f"socks5h://{proxy.address}"):
                    service = service_for("openai-chat", "http://a.test/v1", "bearer", {})
                    network = Network(proxy="custom", proxy_url=address)
                    service = replace(service, network=network)
                    house.catalogue.save(service)
                    await house.setup.save_key(service, Secret(KEY))
                    await house.setup.save_proxy(service, Secret.pair(USER, PASSWORD))
                    careless.known = [*known_of("bearer"), USER, PASSWORD]
                    for mood in ("well", "quotes", "nonsense"):
                        careless.mood = mood
                        await turn(house, service, place)
        assert server.requests
    assert not leaks(place, caplog.text, capfd.readouterr(), careless.proofs)


async def test_no_secret_of_a_websocket_is_left_behind(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    noticed = everything_logged(caplog)
    place = Place()
    pieces = ['{"text": "Hello"}', '{"done": true}']
    careless = Careless(RECORDED["openai-chat"])
    for auth, fields in WAYS:
        known = str(known_of(auth))
        sent = TOKEN if "token_url" in fields else ID if auth == "hmac" else KEY
        error = json.dumps({"error": {"message": f"no {sent}", "code": sent}})
        quotes = json.dumps({"error": {"message": known}}).encode()
        scripts: list[Any] = [
            pieces,
            [pieces[0], error],
            Refusal(400, quotes),
            Refusal(401, quotes),
        ]
        async with (
            WebSocketServer(scripts) as server,
            AnsweringServer(answer=careless) as tokens,
            open_house() as house,
        ):
            noticed()
            house.providers._retry = RetryPolicy(base=0.001)
            if "token_url" in fields:
                fields = fields | {"token_url": f"{tokens.origin}/oauth/token"}
            service = service_for("websocket", server.url, auth, fields)
            house.catalogue.save(service)
            pair = auth in PAIR_WAYS
            await house.setup.save_key(service, Secret.pair(ID, SECRET) if pair else Secret(KEY))
            assert await turn(house, service, place) is MessageState.DONE, place.seen[-3:]
            for _mood in scripts[1:]:
                assert await turn(house, service, place) is MessageState.FAILED
            for asked in server.asked_with:
                for name in ("authorization", "x-company-door", "x-signed-by-us", "x-who"):
                    if value := asked.headers.get(name, ""):
                        careless.proofs.add(value.rpartition(" ")[2])
    assert not leaks(place, caplog.text, capfd.readouterr(), careless.proofs)


def everything_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """Have every logger write all it knows; return what does so for those that come later."""

    def turn_up() -> None:
        caplog.set_level(logging.WARNING, THEIRS)
        for name in [None, *logging.root.manager.loggerDict]:
            if name != THEIRS:
                caplog.set_level(logging.DEBUG, name)

    turn_up()
    return turn_up
