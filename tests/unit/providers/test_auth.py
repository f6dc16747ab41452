"""Keys in headers and URLs, and signed requests, before a server that looks at them."""

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from desktop_chat.core.access import AUTH_WAYS, PROTOCOLS, Access
from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import StreamControl
from desktop_chat.core.secret import Secret
from desktop_chat.core.trace import Trace
from desktop_chat.providers import auth_base
from desktop_chat.providers.auth import AUTHS, make_auth
from desktop_chat.providers.auth_base import ServiceAuth
from desktop_chat.providers.auth_hmac import HmacAuth
from desktop_chat.providers.http import HttpRequest, HttpTransport
from desktop_chat.providers.registry import _PROTOCOLS, HttpProviders
from desktop_chat.providers.retry import RetryPolicy
from tests.helpers.answering_server import AnsweringServer
from tests.helpers.byte_server import ByteServer, Request, chunk, delta, json_reply, sse
from tests.unit.providers.support import DEMO_TEXTS, Heard, hear, reader, request, service

KEY = "plain-words-as-a-key"
ID, SECRET = "AKID-company-gateway", "s3cr3t/with+signs="
ANSWER = sse(delta("Hello"), delta(finish="stop"))


@pytest.fixture
async def providers(_no_leaked_tasks: None) -> AsyncIterator[HttpProviders]:
    made = HttpProviders(redact=str, demo_texts=DEMO_TEXTS, retry=RetryPolicy(base=0.001))
    yield made
    await made.aclose()


async def ask(
    providers: HttpProviders,
    server: ByteServer,
    *keys: Secret,
    trace: Trace | None = None,
    **how: Any,
) -> Heard:
    access = Access(service(server.url, **how), keys or (Secret(KEY),))
    return await hear(providers.provider(access), control=StreamControl(trace))


def test_every_way_and_protocol_is_known() -> None:
    assert {*AUTHS, "oauth", "oauth-json", "none"} == set(AUTH_WAYS)
    assert set(_PROTOCOLS) == set(PROTOCOLS)


@pytest.mark.parametrize(
    ("how", "header", "value"),
    [
        ({"auth": "bearer"}, "authorization", f"Bearer {KEY}"),
        ({"auth": "header"}, "x-api-key", KEY),
        ({"auth": "header", "auth_fields": {"header": "Api-Key"}}, "api-key", KEY),
        (
            {"auth": "header", "auth_fields": {"header": "Authorization", "prefix": "Token "}},
            "authorization",
            f"Token {KEY}",
        ),
    ],
)
async def test_a_key_in_a_header(
    providers: HttpProviders, how: dict[str, Any], header: str, value: str
) -> None:
    async with ByteServer([ANSWER]) as server:
        assert (await ask(providers, server, **how)).text == "Hello"
        sent = server.requests[0]
    assert sent.headers[header] == value
    assert [name for name, said in sent.headers.items() if KEY in said] == [header]


@pytest.mark.parametrize(("fields", "name"), [({}, "key"), ({"query": "api_token"}, "api_token")])
async def test_a_key_in_the_url_is_seen_by_the_service_alone(
    providers: HttpProviders,
    caplog: pytest.LogCaptureFixture,
    fields: dict[str, str],
    name: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("httpx", "httpcore", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, logger)
    trace = Trace()
    echo = json_reply(400, {"error": {"message": f"what is ?{name}={KEY}"}})
    async with ByteServer([echo]) as server:
        heard = await ask(providers, server, auth="query", auth_fields=fields, trace=trace)
        assert server.requests[0].path == f"/v1/chat/completions?{name}={KEY}"
    assert heard.error is not None
    assert heard.error.message == f"what is ?{name}=***"
    assert KEY not in repr(heard.error)
    assert KEY not in caplog.text
    assert KEY not in repr(trace.records)


async def test_no_connection_tells_no_url(
    providers: HttpProviders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    access = Access(service("http://127.0.0.1:9/v1", auth="query"), (Secret(KEY),))
    heard = await hear(providers.provider(access))
    assert heard.error is not None
    assert KEY not in repr(heard.error)
    assert KEY not in caplog.text


@pytest.mark.parametrize("way", ["bearer", "header", "query"])
@pytest.mark.parametrize("key", ["two words", "密钥", "a\nb"])
async def test_a_key_that_cannot_be_one(providers: HttpProviders, way: str, key: str) -> None:
    async with ByteServer([ANSWER]) as server:
        heard = await ask(providers, server, Secret(key), auth=way)
        assert not server.requests
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.AUTHENTICATION, "malformed_key")


@pytest.mark.parametrize(
    "fields", [{"header": "x api"}, {"header": "x:\r\ny"}, {"prefix": "To\r\nken"}]
)
async def test_a_header_that_cannot_be_one(
    providers: HttpProviders, fields: dict[str, str]
) -> None:
    async with ByteServer([ANSWER]) as server:
        heard = await ask(providers, server, auth="header", auth_fields=fields)
        assert not server.requests
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.BAD_REQUEST, "auth_header")


class Gateway:
    """Checks signatures as its documentation says, on its own."""

    def __init__(self, *, with_query: bool = False) -> None:
        self.nonces: set[str] = set()
        self.fails = 0
        self._with_query = with_query

    def __call__(self, request: Request) -> bytes:
        said = request.headers
        path = request.path if self._with_query else request.path.split("?")[0]
        lines = [request.method, path, request.body.decode(), said["x-api-timestamp"]]
        text = "\n".join([*lines, said["x-api-nonce"]])
        digest = hmac.digest(SECRET.encode(), text.encode(), hashlib.sha256)
        if said["x-api-key"] != ID or base64.b64decode(said["x-api-signature"]) != digest:
            return json_reply(401, {"error": {"message": "wrong signature"}})
        if abs(time.time() - int(said["x-api-timestamp"])) > 300:
            return json_reply(401, {"error": {"message": "too old"}})
        if said["x-api-nonce"] in self.nonces:
            return json_reply(401, {"error": {"message": "seen before"}})
        self.nonces.add(said["x-api-nonce"])
        if self.fails:
            self.fails -= 1
            return json_reply(503, {"error": {"message": "busy"}})
        return ANSWER


async def test_a_signature_that_another_can_check(providers: HttpProviders) -> None:
    gateway = Gateway()
    gateway.fails = 2
    async with AnsweringServer(answer=gateway) as server:
        heard = await ask(providers, server, Secret.pair(ID, SECRET), auth="hmac")
        assert heard.text == "Hello", heard.error
        assert len(gateway.nonces) == len(server.requests) == 3
        for sent in server.requests:
            assert SECRET not in repr(sent)
    async with AnsweringServer(answer=gateway) as server:
        wrong = await ask(providers, server, Secret.pair(ID, "another"), auth="hmac")
    assert wrong.error is not None
    assert wrong.error.message == "wrong signature"


async def test_what_is_signed_is_what_is_sent() -> None:
    """Every byte of the body, and the path as it is on the wire."""
    transport = HttpTransport(lambda _scheme, _host: "")
    key = Secret.pair(ID, SECRET)
    for with_query in (True, False):
        fields = {"path": "with_query"} if with_query else {}
        async with AnsweringServer(answer=Gateway(with_query=with_query)) as server:
            message = HttpRequest(
                "POST",
                f"{server.origin}/v1/中文/a%2Fb?q=你 好&z=1",
                {"content-type": "application/json"},
                '{"text":"\u2028 \\n 你好"}'.encode(),
                auth=HmacAuth(key, reader(), fields),
            )
            for _ in range(2):
                async with transport.open(message, reader()) as got:
                    assert got.status == 200
    await transport.aclose()


async def test_names_of_the_headers() -> None:
    fields = {
        "key_header": "X-Id",
        "signature_header": "X-Sign",
        "timestamp_header": "X-Time",
        "nonce_header": "X-Once",
    }
    auth = HmacAuth(Secret.pair(ID, SECRET), reader(), fields, clock=lambda: 1_700_000_000.9)
    sent = httpx.Request("GET", "wss://a.example/v1/stream")
    await auth.sign(sent)
    assert (sent.headers["x-id"], sent.headers["x-time"]) == (ID, "1700000000")
    nonce = sent.headers["x-once"]
    assert len(nonce) == 32
    text = f"GET\n/v1/stream\n\n1700000000\n{nonce}"
    digest = hmac.digest(SECRET.encode(), text.encode(), "sha256")
    assert sent.headers["x-sign"] == base64.b64encode(digest).decode()


async def test_half_a_pair(providers: HttpProviders) -> None:
    async with ByteServer([ANSWER]) as server:
        heard = await ask(providers, server, Secret(ID), auth="hmac")
        assert not server.requests
    assert heard.error is not None
    assert (heard.kind, heard.error.code) == (ErrorKind.AUTHENTICATION, "not_a_pair")


async def test_both_halves_of_a_pair_stay_out_of_errors(providers: HttpProviders) -> None:
    echo = json_reply(400, {"error": {"message": f"{ID} and {SECRET}"}})
    async with ByteServer([echo]) as server:
        heard = await ask(providers, server, Secret.pair(ID, SECRET), auth="hmac")
    assert heard.error is not None
    assert heard.error.message == "*** and ***"


def test_nothing_is_sent_where_nothing_is_wanted() -> None:
    assert make_auth(service(auth="none"), Secret(KEY), reader()) is None
    assert make_auth(service(auth="bearer"), None, reader()) is None


class Twice(ServiceAuth):
    """Thinks that every refusal is worth a second attempt."""

    async def sign(self, request: httpx.Request) -> None:
        request.headers["x-count"] = str(int(request.headers.get("x-count", "0")) + 1)

    async def refused(self, response: httpx.Response) -> bool:
        return response.status_code == 401


async def test_a_refusal_without_end_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auth_base, "_REFUSAL_SECONDS", 600.0)
    head = b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    endless = [head, *[chunk(b"x" * 4096)] * 64]
    transport = HttpTransport(lambda _scheme, _host: "")
    async with ByteServer([endless, ANSWER, json_reply(401, {}), ANSWER]) as server:
        for connections in (2, 2):
            sent = HttpRequest("GET", server.url, auth=Twice())
            async with transport.open(sent, reader()) as got:
                assert got.status == 200
                await got.read_all(10)
            # A short refusal is read, and its connection used again.
            assert server.connections == connections
        assert [one.headers["x-count"] for one in server.requests] == ["1", "2", "1", "2"]
    await transport.aclose()


async def test_secrets_are_never_printed(providers: HttpProviders) -> None:
    access = Access(service(auth="bearer"), (Secret(KEY),), Secret.pair("proxy-user-name", "pass"))
    assert KEY not in repr(access)
    assert KEY not in repr(request())
    assert KEY not in repr(providers.provider(access))
