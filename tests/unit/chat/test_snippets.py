"""What is copied is run: bash and curl, Python with httpx, Python with the openai package."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from desktop_chat.chat.python_text import literal
from desktop_chat.chat.snippets import Form, forms, snippet
from desktop_chat.core.services import Service
from desktop_chat.core.trace import TraceRequest
from tests.helpers.byte_server import ByteServer, Request, delta, json_reply, sse

KEY = "sk-value-'\"$x`y"
KEY_ID = "id-of 1"
SECRET = "sec&ret+2=/%"
NASTY = 'it\'s "quoted" $HOME `id` \\ 你好 \u2028 \n\t\x07 !END_OF_BODY'

ENVIRON = {
    "PATH": os.environ["PATH"],
    "SERVICE_KEY": KEY,
    "COOKIE": "crumb",
    "DESKTOP_CHAT_KEY_ID": KEY_ID,
    "DESKTOP_CHAT_KEY_SECRET": SECRET,
}


def service(auth: str = "bearer", protocol: str = "openai-chat", **fields: str) -> Service:
    return Service(
        "s", {"": "S"}, protocol, auth=auth, auth_fields=fields, key_env=("SERVICE_KEY",)
    )


def body(text: str = NASTY, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "m", "messages": messages, "stream": True, "thinking": {"a": None}, **more}


def traced(server: ByteServer, content: dict[str, Any], path: str = "") -> TraceRequest:
    headers = (
        ("Host", "elsewhere"),
        ("User-Agent", "desktop-chat"),
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("x-title", 'it\'s a "title" $1'),
        ("cookie", "id=***"),
        ("Content-Length", "1"),
    )
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    url = f"{server.url}{path or '/chat/completions?a=b%20c&d=%27'}"
    return TraceRequest(0.0, "s", "POST", url, headers, text)


async def run(form: Form, text: str, folder: Path) -> str:
    file = folder / ("ask.sh" if form is Form.CURL else "ask.py")
    file.write_text(text, encoding="utf-8")
    program = "bash" if form is Form.CURL else sys.executable
    process = await asyncio.create_subprocess_exec(
        program, file, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=ENVIRON | {"HOME": str(folder)},
    )  # fmt: skip
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    for secret in (KEY, KEY_ID, SECRET):
        assert secret not in text
    return out.decode()


STREAM = sse(delta("he"), delta("llo"))


def common(sent: Request) -> None:
    assert sent.headers["x-title"] == 'it\'s a "title" $1'
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["cookie"] == "id=crumb"
    assert "desktop-chat" not in sent.headers["user-agent"]


@pytest.mark.parametrize("form", [Form.CURL, Form.HTTPX])
@pytest.mark.parametrize("auth", ["bearer", "header", "query", "none"])
async def test_keys(form: Form, auth: str, tmp_path: Path) -> None:
    who = service(auth, header="X-Door", prefix="Token", query="k")
    async with ByteServer([STREAM]) as server:
        request = traced(server, body())
        assert form in forms(request, who)
        text = snippet(form, request, who)
        if auth == "query" and form is Form.CURL:
            # Keys that go into addresses are made of what may stand there.
            text = text.replace("$SERVICE_KEY", "plain")
        out = await run(form, text, tmp_path)
        sent = server.requests[0]
    assert '"content": "he"' in out
    common(sent)
    if form is Form.CURL:
        assert sent.body == request.body
    assert sent.json() == body()
    query = parse_qs(urlsplit(sent.path).query)
    assert (query["a"], query["d"]) == (["b c"], ["'"])
    assert sent.headers.get("authorization") == (f"Bearer {KEY}" if auth == "bearer" else None)
    assert sent.headers.get("x-door") == (f"Token {KEY}" if auth == "header" else None)
    wanted = ["plain" if form is Form.CURL else KEY]
    assert query.get("k") == (wanted if auth == "query" else None)


@pytest.mark.parametrize("form", [Form.CURL, Form.HTTPX])
@pytest.mark.parametrize("fields", [{}, {"path": "with_query", "key_header": "X-Own"}])
async def test_signatures(form: Form, fields: dict[str, str], tmp_path: Path) -> None:
    who = service("hmac", "gateway", **fields)
    async with ByteServer([STREAM]) as server:
        await run(form, snippet(form, traced(server, body(NASTY * 3)), who), tmp_path)
        sent = server.requests[0]
    common(sent)
    assert sent.json() == body(NASTY * 3)
    path = sent.path if fields else sent.path.partition("?")[0]
    stamp, nonce = sent.headers["x-api-timestamp"], sent.headers["x-api-nonce"]
    signed = f"POST\n{path}\n".encode() + sent.body + f"\n{stamp}\n{nonce}".encode()
    wanted = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert sent.headers["x-api-signature"] == base64.b64encode(wanted).decode()
    assert sent.headers["x-own" if fields else "x-api-key"] == KEY_ID


@pytest.mark.parametrize("form", [Form.CURL, Form.HTTPX])
@pytest.mark.parametrize("auth", ["oauth", "oauth-json"])
@pytest.mark.parametrize("way", ["", "basic"])
async def test_tokens(form: Form, auth: str, way: str, tmp_path: Path) -> None:
    who = service(auth, token_url="/oauth/token", scope="it's all", client_auth=way)
    token = json_reply(200, {"token_type": "bearer", "access_token": "tok-1", "expires_in": 9})
    async with ByteServer([token, STREAM]) as server:
        await run(form, snippet(form, traced(server, body()), who), tmp_path)
        first, sent = server.requests
    assert (first.method, first.path) == ("POST", "/oauth/token")
    if auth == "oauth-json":
        given = first.json()
    else:
        given = {name: value[0] for name, value in parse_qs(first.body.decode()).items()}
    assert (given["grant_type"], given["scope"]) == ("client_credentials", "it's all")
    pair = base64.b64encode(f"{KEY_ID}:{SECRET}".encode()).decode()
    if way:
        assert first.headers["authorization"] == f"Basic {pair}"
        assert "client_secret" not in given
    else:
        assert (given["client_id"], given["client_secret"]) == (KEY_ID, SECRET)
    common(sent)
    assert sent.headers["authorization"] == "Bearer tok-1"
    assert sent.json() == body()


async def test_a_body_with_pictures_has_room(tmp_path: Path) -> None:
    large = body("x" * 300_000)
    async with ByteServer([STREAM]) as server:
        request = traced(server, large)
        await run(Form.CURL, snippet(Form.CURL, request, service()), tmp_path)
        assert server.requests[0].body == request.body


@pytest.mark.parametrize("stream", [True, False])
async def test_the_openai_package(stream: bool, tmp_path: Path) -> None:
    whole = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}}]}
    content = body(stream=stream, temperature=0.5, top_k=7)
    async with ByteServer([STREAM if stream else json_reply(200, whole)]) as server:
        request = traced(server, content)
        assert Form.OPENAI in forms(request, service())
        out = await run(Form.OPENAI, snippet(Form.OPENAI, request, service()), tmp_path)
        sent = server.requests[0]
    assert out == "hello\n"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["x-title"] == 'it\'s a "title" $1'
    assert sent.json() == content
    assert sent.path.startswith("/v1/chat/completions?")


async def test_the_openai_package_with_responses(tmp_path: Path) -> None:
    who = service(protocol="openai-responses")
    content = {"model": "m", "input": [{"role": "user", "content": NASTY}], "stream": True, "x": 1}
    said = sse(
        {"type": "response.output_text.delta", "delta": "he", "sequence_number": 1},
        {"type": "response.output_text.delta", "delta": "llo", "sequence_number": 2},
        done=False,
    )
    async with ByteServer([said]) as server:
        request = traced(server, content, "/responses")
        out = await run(Form.OPENAI, snippet(Form.OPENAI, request, who), tmp_path)
        sent = server.requests[0]
    assert out == "hello\n"
    assert (sent.path, sent.json()) == ("/v1/responses", content)


def test_what_has_no_form() -> None:
    link = TraceRequest(0.0, "s", "WEBSOCKET", "wss://h/v1", (), b"{}")
    assert forms(link, service()) == ()
    other = TraceRequest(0.0, "s", "POST", "https://h/v1/messages", (), b"{}")
    assert Form.OPENAI not in forms(other, service())
    assert Form.OPENAI not in forms(other, None)


@pytest.mark.parametrize(
    "value",
    [NASTY, {"a": [1, 2.5, True, None, {"b": []}], "c": {}}, ["x" * 100, "y"], [[["z" * 90]]],
     "a'b\"c", "\\n", "\ud83d".encode("utf-8", "replace").decode(), 10**30],
)  # fmt: skip
def test_literals_are_what_they_were(value: Any) -> None:
    import ast

    assert ast.literal_eval(literal(value)) == value
    for line in literal(value).split("\n"):
        assert line == line.rstrip()
