"""``desktop-chat ask --trace``: what goes over the wire, in a private file, without secrets."""

import json
import os
import stat

import pytest

from tests.e2e.test_ask import KEY, Ended, ask, at_home, write
from tests.helpers.byte_server import ByteServer, json_reply
from tests.unit.chat.support import answer

ENVIRON = {"DESKTOP_CHAT_API_KEY": KEY}


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def judge(ended: Ended, text: str) -> None:
    assert (ended.code, ended.out) == (0, "hello\n")
    assert KEY not in text + ended.err
    lines = records(text)
    assert [line["record"] for line in lines if line["record"] != "bytes"] == [
        "request", "reply", "note", "request", "reply", "event", "event", "event", "note",
    ]  # fmt: skip
    assert [line["authorization"] for line in map(headers, lines) if line] == ["Bearer ***"] * 2
    assert [line["what"] for line in lines if line["record"] == "note"] == ["retry", "end"]


def headers(line: dict[str, object]) -> dict[str, str]:
    """Return the headers of a request, or nothing."""
    found = line["headers"] if line["record"] == "request" else []
    assert isinstance(found, list)
    return {name.lower(): value for name, value in found}


def busy() -> bytes:
    return json_reply(503, {"error": {"message": f"busy, {KEY}"}}, "retry-after-ms: 1")


async def test_a_file_of_ones_own() -> None:
    path = at_home("trace.jsonl")
    write(path, "older")
    path.chmod(0o644)
    async with ByteServer([busy(), answer("he", "llo")]) as server:
        ended = await ask(server, "--trace", str(path), "hi", environ=ENVIRON)
        assert KEY in server.requests[0].headers["authorization"]
    judge(ended, path.read_text("utf-8"))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


async def test_standard_error() -> None:
    async with ByteServer([busy(), answer("he", "llo")]) as server:
        ended = await ask(server, "--trace", "-", "hi", environ=ENVIRON)
    lines = [line for line in ended.err.splitlines() if line.startswith("{")]
    judge(ended, "\n".join(lines))


@pytest.mark.parametrize("name", [".", "missing/trace.jsonl"])
async def test_a_place_that_cannot_be_written(name: str) -> None:
    async with ByteServer([answer("hello")]) as server:
        ended = await ask(server, "--trace", str(at_home(name)), "hi")
        assert server.requests == []
    assert ended.code == 2
    assert "cannot be written" in ended.err
