"""A request as a program that can be run as it is: curl, Python with httpx, Python with the openai
package. No secret is in it: the key is read from the environment.
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from desktop_chat.chat.python_text import literal
from desktop_chat.core.identity import KEY_ID_VARIABLE, KEY_SECRET_VARIABLE, KEY_VARIABLE
from desktop_chat.core.services import Service
from desktop_chat.core.trace import Trace, TraceRequest

_INLINE: Final = 50_000
"""Characters of a body that stand in a command line; Linux allows 131,072 bytes in one word."""
_OWN: Final = frozenset(
    ("host", "connection", "user-agent", "content-length", "accept-encoding", "transfer-encoding")
)
"""Headers that every client sets for itself."""
_MASK: Final = "***"
_OPENAI_PATHS: Final = {"openai-chat": "/chat/completions", "openai-responses": "/responses"}
_CHAT_FIELDS: Final = frozenset(
    ("model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens",
     "max_completion_tokens", "stop", "seed", "n", "frequency_penalty", "presence_penalty",
     "response_format", "tools", "tool_choice", "reasoning_effort", "logprobs", "user")
)  # fmt: skip
_RESPONSES_FIELDS: Final = frozenset(
    ("model", "input", "instructions", "stream", "temperature", "top_p", "max_output_tokens",
     "tools", "tool_choice", "reasoning", "store", "include", "text", "previous_response_id",
     "metadata", "parallel_tool_calls")
)  # fmt: skip
"""What the package's methods take by name; everything else goes into ``extra_body``."""


class Form(StrEnum):
    """What a snippet is written for."""

    CURL = "curl"
    HTTPX = "httpx"
    OPENAI = "openai"


def forms(request: TraceRequest, service: Service | None) -> tuple[Form, ...]:
    """Return what a request can be written for; nothing, for one over a WebSocket."""
    if not request.url.startswith("http"):
        return ()
    if service is None or not _base(request, service) or service.auth not in ("bearer", "none"):
        return (Form.CURL, Form.HTTPX)
    return (Form.CURL, Form.HTTPX, Form.OPENAI)


def snippet(form: Form, request: TraceRequest, service: Service | None) -> str:
    """Return a request as a program.

    Args:
        form: one of ``forms``.
        request: from a trace, or rebuilt.
        service: that was asked, or None where it is gone; then a bearer key is read.
    """
    asked = _Asked.of(request, service)
    if form is Form.CURL:
        return _curl(asked)
    if form is Form.OPENAI and service is not None:
        return _openai(asked, _base(request, service), service.protocol)
    return _httpx(asked)


def asking_request(trace: Trace) -> TraceRequest | None:
    """Return the newest request of a trace that asks, not one for a token."""
    for record in reversed(trace.records):
        if isinstance(record, TraceRequest):
            return record
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request without what proves who we are, and how that is done."""

    method: str
    url: str
    headers: dict[str, str]
    hidden: dict[str, tuple[str, str]]
    """Headers whose values are secret: what stands before the secret, and the variable for it."""
    body: bytes
    auth: str
    fields: Mapping[str, str]
    variable: str

    @classmethod
    def of(cls, request: TraceRequest, service: Service | None) -> "_Asked":
        auth = service.auth if service is not None else "bearer"
        fields = service.auth_fields if service is not None else {}
        names = service.key_env if service is not None else ()
        left_out = _OWN | _proving(auth, fields)
        headers = {
            name.lower(): value for name, value in request.headers if name.lower() not in left_out
        }
        hidden = {
            name: (value.removesuffix(_MASK), re.sub(r"\W", "_", name).upper())
            for name, value in headers.items()
            if value.endswith(_MASK)
        }
        return cls(
            request.method,
            _unsigned_url(request.url, auth, fields),
            {name: value for name, value in headers.items() if name not in hidden},
            hidden,
            request.body,
            auth,
            fields,
            names[0] if names else KEY_VARIABLE,
        )

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none, or would not come out the same."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def signed_path(self) -> str:
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query and self.fields.get("path") == "with_query" else ""
        return (parts.path or "/") + query

    @property
    def token_url(self) -> str:
        given = self.fields.get("token_url", "").strip()
        parts = urlsplit(self.url)
        return given if "://" in given else f"{parts.scheme}://{parts.netloc}/{given.lstrip('/')}"

    def name(self, what: str, usual: str) -> str:
        """Return the name of a header or field of the way of proving."""
        return (self.fields.get(what) or usual).strip()

    @property
    def token_fields(self) -> dict[str, str]:
        found = {name: self.fields.get(name, "").strip() for name in ("scope", "audience")}
        return {name: value for name, value in found.items() if value}

    @property
    def basic(self) -> bool:
        return self.fields.get("client_auth", "").strip().lower() == "basic"


def _proving(auth: str, fields: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the headers that prove who we are, in lower case."""
    if auth == "header":
        return frozenset(((fields.get("header") or "x-api-key").strip().lower(),))
    if auth == "hmac":
        kinds = {"key": "x-api-key", "signature": "x-api-signature",
                 "timestamp": "x-api-timestamp", "nonce": "x-api-nonce"}  # fmt: skip
        return frozenset(
            (fields.get(f"{kind}_header") or usual).strip().lower() for kind, usual in kinds.items()
        )
    return frozenset(() if auth in ("query", "none") else ("authorization",))


def _unsigned_url(url: str, auth: str, fields: Mapping[str, str]) -> str:
    if auth != "query":
        return url
    name = (fields.get("query") or "key").strip()
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def _base(request: TraceRequest, service: Service) -> str:
    path = _OPENAI_PATHS.get(service.protocol, "")
    plain = request.url.partition("?")[0]
    return plain.removesuffix(path) if path and plain.endswith(path) else ""


# -- curl --------------------------------------------------------------------------------------


def _curl(asked: _Asked) -> str:
    """A value from the environment stands in double quotes, everything else in single ones."""
    before: list[str] = []
    url = shlex.quote(asked.url)
    proof: list[str] = []
    match asked.auth:
        case "bearer":
            proof = [f"-H 'authorization: Bearer '\"${asked.variable}\""]
        case "header":
            prefix = asked.fields.get("prefix", "").strip()
            start = f"{asked.name('header', 'x-api-key')}: {prefix + ' ' if prefix else ''}"
            proof = [f'-H {shlex.quote(start)}"${asked.variable}"']
        case "query":
            sign = "&" if "?" in asked.url else "?"
            url = shlex.quote(f"{asked.url}{sign}{asked.name('query', 'key')}=")
            url += f'"${asked.variable}"'
        case "oauth" | "oauth-json":
            before = [_curl_token(asked)]
            proof = ["-H 'authorization: Bearer '\"$TOKEN\""]
        case "hmac":
            before, proof = _curl_signature(asked)
    lines = [f"curl -sS -N -X {asked.method} {url}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in asked.headers.items()]
    lines += [
        f'-H {shlex.quote(f"{name}: {begin}")}"${variable}"'
        for name, (begin, variable) in asked.hidden.items()
    ]
    lines += proof
    start = ""
    if asked.body and (asked.auth == "hmac" or len(asked.text) > _INLINE):
        # From standard input: a command line has no room for pictures.
        before.insert(0, _here(asked.text))
        start = "printf '%s' \"$BODY\" | "
        lines.append("--data-binary @-")
    elif asked.body:
        lines.append(f"--data-raw {shlex.quote(asked.text)}")
    return "\n".join((*before, start + " \\\n  ".join(lines))) + "\n"


def _here(text: str) -> str:
    """Return what puts a text into ``BODY``, byte for byte."""
    end = "END_OF_BODY"
    while end in text:
        end += "_"
    return f"BODY=$(cat <<'{end}'\n{text}\n{end}\n)"


def _curl_token(asked: _Asked) -> str:
    lines = [f"TOKEN=$(curl -sS -X POST {shlex.quote(asked.token_url)}"]
    given = {"grant_type": "client_credentials", **asked.token_fields}
    key_id, secret = f"${KEY_ID_VARIABLE}", f"${KEY_SECRET_VARIABLE}"
    if asked.basic:
        lines.append(f'-u "{key_id}:{secret}"')
    if asked.auth == "oauth-json":
        text = json.dumps(given, ensure_ascii=False)
        words = shlex.quote(text)
        if not asked.basic:
            words = (
                shlex.quote(text[:-1] + ', "client_id": "') + f'"{key_id}"'
                + shlex.quote('", "client_secret": "') + f'"{secret}"' + shlex.quote('"}')
            )  # fmt: skip
        lines += ["-H 'content-type: application/json'", f"--data-raw {words}"]
    else:
        lines += [
            f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in given.items()
        ]
        if not asked.basic:
            lines.append(f'--data-urlencode "client_id={key_id}"')
            lines.append(f'--data-urlencode "client_secret={secret}"')
    found = """sed -n 's/.*"access_token"[^"]*"\\([^"]*\\)".*/\\1/p')"""
    return " \\\n  ".join((*lines, f"| {found}"))


def _curl_signature(asked: _Asked) -> tuple[list[str], list[str]]:
    path = shlex.quote(asked.signed_path)
    body = '"$BODY"' if asked.body else "''"
    before = [
        "TIMESTAMP=$(date +%s)",
        "NONCE=$(openssl rand -hex 16)",
        f"SIGNATURE=$(printf '%s\\n%s\\n%s\\n%s\\n%s' {asked.method} {path} {body} "
        '"$TIMESTAMP" "$NONCE" \\\n'
        f'  | openssl dgst -sha256 -hmac "${KEY_SECRET_VARIABLE}" -binary | base64)',
    ]
    values = {
        "key": KEY_ID_VARIABLE,
        "signature": "SIGNATURE",
        "timestamp": "TIMESTAMP",
        "nonce": "NONCE",
    }
    proof = [
        f'-H {shlex.quote(asked.name(f"{what}_header", f"x-api-{what}") + ": ")}"${variable}"'
        for what, variable in values.items()
    ]
    return before, proof


# -- Python with httpx -------------------------------------------------------------------------


def _httpx(asked: _Asked) -> str:
    body = asked.json
    plain = body is None
    signed = asked.auth == "hmac"
    modules = ["os"] if asked.auth != "none" or asked.hidden else []
    if signed:
        modules += ["base64", "hashlib", "hmac", "time", "uuid"]
        modules += [] if plain else ["json"]
    lines = [f"import {name}" for name in sorted(modules)]
    lines += ["", "import httpx", "", f"url = {literal(asked.url)}"]
    lines.append(f"headers = {literal(asked.headers)}")
    sends = ""
    if asked.body:
        lines.append(f"content = {asked.body!r}" if plain else f"body = {literal(body)}")
        sends = ", content=content" if plain or signed else ", json=body"
    for name, (begin, variable) in asked.hidden.items():
        start = f"{literal(begin)} + " if begin else ""
        lines.append(f'headers[{literal(name)}] = {start}os.environ["{variable}"]')
    lines += _python_proof(asked, plain=plain)
    lines += [
        "",
        "with httpx.stream(",
        f'    "{asked.method}", url, headers=headers{sends}, timeout=300',
        ") as reply:",
        '    print(f"HTTP {reply.status_code}")',
        "    for text in reply.iter_text():",
        '        print(text, end="", flush=True)',
    ]
    return "\n".join(lines).lstrip("\n") + "\n"


def _python_proof(asked: _Asked, *, plain: bool) -> list[str]:
    key = f'os.environ["{asked.variable}"]'
    key_id, secret = f'os.environ["{KEY_ID_VARIABLE}"]', f'os.environ["{KEY_SECRET_VARIABLE}"]'
    match asked.auth:
        case "bearer":
            return [f'headers["authorization"] = "Bearer " + {key}']
        case "header":
            name, prefix = asked.name("header", "x-api-key"), asked.fields.get("prefix", "").strip()
            start = f"{literal(prefix + ' ')} + " if prefix else ""
            return [f"headers[{literal(name)}] = {start}{key}"]
        case "query":
            name = literal(asked.name("query", "key"))
            return [f"url = httpx.URL(url).copy_set_param({name}, {key})"]
        case "oauth" | "oauth-json":
            given = {"grant_type": "client_credentials", **asked.token_fields}
            lines = [f"fields = {literal(given)}"]
            if not asked.basic:
                lines.append(f'fields["client_id"] = {key_id}')
                lines.append(f'fields["client_secret"] = {secret}')
            how = "json" if asked.auth == "oauth-json" else "data"
            basic = f", auth=({key_id}, {secret})" if asked.basic else ""
            return [
                *lines,
                f"token = httpx.post({literal(asked.token_url)}, {how}=fields{basic})",
                'headers["authorization"] = "Bearer " + token.json()["access_token"]',
            ]
        case "hmac":
            return _python_signature(asked, key_id, secret, plain=plain)
    return []


def _python_signature(asked: _Asked, key_id: str, secret: str, *, plain: bool) -> list[str]:
    lines = []
    if not asked.body:
        lines = ['content = b""']
    elif not plain:
        dumps = 'json.dumps(body, ensure_ascii=False, separators=(",", ":"))'
        lines = [f"content = {dumps}.encode()"]

    def name(what: str) -> str:
        return literal(asked.name(f"{what}_header", f"x-api-{what}"))

    start = f"{asked.method}\n{asked.signed_path}\n".encode()
    return [
        *lines,
        "timestamp, nonce = str(int(time.time())), uuid.uuid4().hex",
        f'signed = {start!r} + content + f"\\n{{timestamp}}\\n{{nonce}}".encode()',
        f"digest = hmac.new({secret}.encode(), signed, hashlib.sha256).digest()",
        f"headers[{name('key')}] = {key_id}",
        f"headers[{name('signature')}] = base64.b64encode(digest).decode()",
        f"headers[{name('timestamp')}] = timestamp",
        f"headers[{name('nonce')}] = nonce",
    ]


# -- Python with the openai package ------------------------------------------------------------


def _openai(asked: _Asked, base: str, protocol: str) -> str:
    body = asked.json if isinstance(asked.json, dict) else {}
    responses = protocol == "openai-responses"
    known = _RESPONSES_FIELDS if responses else _CHAT_FIELDS
    query = dict(parse_qsl(urlsplit(asked.url).query))
    further = {
        name: value
        for name, value in asked.headers.items()
        if name not in ("content-type", "accept")
    }
    key = literal("none") if asked.auth == "none" else f'os.environ["{asked.variable}"]'
    lines = ["import os", ""] if asked.auth != "none" or asked.hidden else []
    lines += ["from openai import OpenAI", "", "client = OpenAI("]
    lines += [f"    base_url={literal(base)},", f"    api_key={key},"]
    if further or asked.hidden:
        shown = [f"{literal(name)}: {literal(value)}" for name, value in further.items()]
        for name, (begin, variable) in asked.hidden.items():
            start = f"{literal(begin)} + " if begin else ""
            shown.append(f'{literal(name)}: {start}os.environ["{variable}"]')
        lines += ["    default_headers={", *(f"        {line}," for line in shown), "    },"]
    if query:
        lines.append(f"    default_query={literal(query, 1)},")
    where = "responses" if responses else "chat.completions"
    lines += [")", f"answer = client.{where}.create("]
    lines += [f"    {name}={literal(value, 1)}," for name, value in body.items() if name in known]
    rest = {name: value for name, value in body.items() if name not in known}
    if rest:
        lines.append(f"    extra_body={literal(rest, 1)},")
    lines += [")", *_openai_reading(responses=responses, stream=bool(body.get("stream")))]
    return "\n".join(lines) + "\n"


def _openai_reading(*, responses: bool, stream: bool) -> list[str]:
    if responses and stream:
        return [
            "for event in answer:",
            '    if event.type == "response.output_text.delta":',
            '        print(event.delta, end="", flush=True)',
            "print()",
        ]
    if responses:
        return ["print(answer.output_text)"]
    if not stream:
        return ["print(answer.choices[0].message.content)"]
    return [
        "for chunk in answer:",
        "    if chunk.choices and chunk.choices[0].delta.content:",
        '        print(chunk.choices[0].delta.content, end="", flush=True)',
        "print()",
    ]
