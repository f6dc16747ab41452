"""``desktop-chat ask`` as a process, against a local scripted server, in a home of its own."""

import asyncio
import base64
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desktop_chat.core.events import FinishReason
from desktop_chat.core.messages import Message, MessageState, MessageTree
from desktop_chat.core.services import Model
from desktop_chat.store import SqliteStore
from tests.helpers.byte_server import (
    ABORT,
    HANG,
    ByteServer,
    Script,
    chunk,
    delta,
    event,
    json_reply,
    sse,
)
from tests.unit.chat.support import answer, open_house, part, png

ROOT = Path(__file__).parents[2]
KEY = "sk-e2e-0123456789abcdef"


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it printed."""

    code: int
    out: str
    err: str

    def events(self) -> list[dict[str, Any]]:
        """Return what ``--json`` printed."""
        return [json.loads(line) for line in self.out.splitlines()]


def _heed_ctrl_c() -> None:
    """A shell starts what runs in the background deaf to it, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@asynccontextmanager
async def started(
    *arguments: str, environ: Mapping[str, str] | None = None, stdin: int = PIPE
) -> AsyncIterator[Process]:
    """Start the command; it is killed at the end if it still lives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "desktop_chat",
        *arguments,
        cwd=os.environ["HOME"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **(environ or {})},
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
        preexec_fn=_heed_ctrl_c,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run(
    *arguments: str, environ: Mapping[str, str] | None = None, stdin: str | None = None
) -> Ended:
    """Run the command to its end."""
    source = DEVNULL if stdin is None else PIPE
    async with started(*arguments, environ=environ, stdin=source) as process:
        text = None if stdin is None else stdin.encode()
        out, err = await asyncio.wait_for(process.communicate(text), 60)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())


async def ask(server: ByteServer, *arguments: str, **more: Any) -> Ended:
    """Ask the scripted server."""
    return await run("ask", "--base-url", server.url, "--model", "m", *arguments, **more)


@asynccontextmanager
async def history() -> AsyncIterator[SqliteStore]:
    """Open the database of the test's home, as a later run does."""
    store = SqliteStore(Path(os.environ["DESKTOP_CHAT_HOME"]) / "data")
    try:
        yield store
    finally:
        await store.aclose()


async def saved_branch(store: SqliteStore) -> list[Message]:
    """Return the visible branch of the only conversation."""
    (conversation,) = await store.conversations()
    tree = MessageTree(await store.heads(conversation.id))
    return await store.messages([head.id for head in tree.branch(conversation.leaf_id)])


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something of another process is so."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def at_home(name: str) -> Path:
    """Return the path of a file in the folder where the command runs."""
    return Path(os.environ["HOME"], name)


def write(path: Path, text: str) -> None:
    """Write a file before the command runs."""
    path.write_text(text, "utf-8")


def read(path: Path) -> str:
    """Read what a command has written."""
    return path.read_text("utf-8")


def files_with(secret: str) -> list[Path]:
    """Return the files of the home that hold a secret."""
    paths = (path for path in at_home("").rglob("*") if path.is_file())
    return [path for path in paths if secret.encode() in path.read_bytes()]


async def test_the_answer_streams_to_standard_output() -> None:
    server = ByteServer([[part("Hello, ", "wor"), HANG]])
    async with (
        server,
        started("ask", "--base-url", server.url, "--model", "m", "hi", stdin=DEVNULL) as process,
    ):
        assert process.stdout is not None
        # It is there while the answer goes on.
        first = await asyncio.wait_for(process.stdout.readexactly(len("Hello, wor")), 30)
        assert first == b"Hello, wor"


async def test_text() -> None:
    async with ByteServer([answer("Grüße, 世界 ", "😀")]) as server:
        ended = await ask(server, "hi")
    assert (ended.code, ended.out, ended.err) == (0, "Grüße, 世界 😀\n", "")
    body = server.requests[0].json()
    assert body["messages"] == [{"role": "user", "content": "hi"}]
    assert (body["model"], body["stream"]) == ("m", True)
    assert "authorization" not in server.requests[0].headers


async def test_json_events() -> None:
    script = sse(
        delta(reasoning_content="hm"),
        delta("你好"),
        delta(finish="stop"),
        {
            "choices": [],
            "usage": {
                "prompt_tokens": 5,
                "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
        },
    )
    async with ByteServer([script]) as server:
        ended = await ask(server, "--json", "hi")
    assert ended.code == 0
    assert ended.events() == [
        {"event": "reasoning", "text": "hm"},
        {"event": "text", "text": "你好"},
        {
            "event": "usage",
            "input_tokens": 5,
            "output_tokens": 7,
            "cached_tokens": 2,
            "reasoning_tokens": 3,
            "cache_write_tokens": 0,
            "images": 0,
        },
        {"event": "done", "reason": "stop"},
    ]


async def test_a_retry_is_told() -> None:
    limited = json_reply(429, {"error": {"message": "slow down"}}, "Retry-After: 0")
    async with ByteServer([limited, answer("ok")]) as server:
        ended = await ask(server, "--json", "hi")
    assert ended.code == 0
    assert [item["event"] for item in ended.events()] == ["notice", "text", "done"]
    assert ended.events()[0]["kind"] == "retry"


@pytest.mark.parametrize(
    ("script", "status", "kind"),
    [
        (json_reply(401, {"error": {"message": "bad"}}), 3, "authentication"),
        (json_reply(403, {"error": {"message": "not yours"}}), 3, "permission"),
        (json_reply(402, {"error": {"message": "pay"}}), 4, "balance"),
        (json_reply(429, {"error": {}}, "Retry-After: 600"), 4, "rate_limit"),
        (json_reply(400, {"error": {"message": "what"}}), 6, "bad_request"),
        (json_reply(503, {"error": {}}, "Retry-After: 600"), 6, None),
        ([part("half"), ABORT], 7, "dropped"),
    ],
)
async def test_exit_status_of_errors(script: Script, status: int, kind: str | None) -> None:
    async with ByteServer([script]) as server:
        ended = await ask(server, "--json", "hi")
    assert ended.code == status
    last = ended.events()[-1]
    assert last["event"] == "error"
    assert kind is None or last["kind"] == kind
    assert last["message"]


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        (answer("a", finish="stop"), 0, "stop"),
        (answer("a", finish="tool_calls"), 0, "tool_calls"),
        (answer("a", finish="length"), 7, "length"),
        (answer("a", finish="content_filter"), 7, "content_filter"),
        (answer("a", finish="made_up"), 7, "unknown"),
        (sse(delta("a")), 0, "stop"),
        (sse(delta("a"), done=False), 7, "unknown"),
    ],
)
async def test_exit_status_of_ends(script: Script, status: int, reason: str) -> None:
    async with ByteServer([script]) as server:
        ended = await ask(server, "--json", "hi")
    assert ended.code == status
    assert ended.events()[-1] == {"event": "done", "reason": reason}


async def test_no_connection_is_5() -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is not TLS\r\n")
        writer.close()
        await writer.wait_closed()

    # A failure of TLS is not tried again.
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        ended = await run(
            "ask", "--base-url", url, "--model", "m", "hi", environ={"DESKTOP_CHAT_API_KEY": KEY}
        )
    assert ended.code == 5
    assert ended.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--service", "nobody", "hi"),
        ("--service", "demo", ""),
        ("--service", "demo", "--param", "nonsense", "hi"),
        ("--service", "siliconflow", "hi"),
        ("--base-url", "nonsense", "--model", "m", "hi"),
        ("--base-url", "http://[::1", "--model", "m", "hi"),
        ("--base-url", "https://h.example?\x1b[2J", "--model", "m", "hi"),
        ("--service", "demo", "--log", "no/such/folder/file", "hi"),
        ("--service", "demo", "--no-such-option", "hi"),
    ],
)
async def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    ended = await run("ask", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err
    assert "Traceback" not in ended.err
    assert "\x1b" not in ended.err


async def test_without_any_service_it_says_how_to_set_one_up() -> None:
    ended = await run("ask", "hi")
    assert ended.code == 3
    assert "--service demo" in ended.err
    ended = await run("ask", "--json", "hi")
    assert ended.code == 3
    assert ended.events()[0]["kind"] == "no_key"
    ended = await run("ask", "hi", environ={"DESKTOP_CHAT_API_KEY": KEY})
    assert ended.code == 3
    assert "--service" in ended.err


async def test_the_demo_needs_no_network_and_no_key() -> None:
    ended = await run("ask", "--service", "demo", "--model", "demo-length", "你好")
    assert ended.code == 7
    assert ended.out.strip()


async def test_no_key_sends_nothing() -> None:
    async with ByteServer([answer("never")]) as server:
        origin = server.origin
        ended = await ask(server, "--service", "openai", "hi")
    assert ended.code == 3
    assert server.requests == []
    assert origin in ended.err


@pytest.mark.parametrize("place", ["environment", "file"])
async def test_a_services_own_key_does_not_go_to_another_host(place: str) -> None:
    environ = {}
    if place == "environment":
        environ["DEEPSEEK_API_KEY"] = KEY
    else:
        write(at_home(".env"), f"DEEPSEEK_API_KEY={KEY}\n")
    async with ByteServer([answer("never")]) as server:
        ended = await ask(server, "--service", "deepseek", "hi", environ=environ)
    assert ended.code == 3
    assert server.requests == []
    assert KEY not in ended.err


@pytest.mark.parametrize("place", ["environment", "file"])
async def test_a_key_for_this_call_goes_to_the_given_address(place: str) -> None:
    environ = {}
    if place == "environment":
        environ["DESKTOP_CHAT_API_KEY"] = KEY
    else:
        write(at_home(".env"), f"DESKTOP_CHAT_API_KEY={KEY}\n")
    async with ByteServer([answer("a")]) as server:
        ended = await ask(server, "--service", "deepseek", "hi", environ=environ)
    assert ended.code == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_key_that_is_echoed_is_not_shown() -> None:
    echo = json_reply(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
    async with ByteServer([echo]) as server:
        ended = await ask(
            server, "hi", "--save", "--log", "log.txt", environ={"DESKTOP_CHAT_API_KEY": KEY}
        )
    assert ended.code == 3
    assert KEY not in ended.out + ended.err
    assert files_with("Incorrect API key")
    assert files_with(KEY) == []


async def test_options_reach_the_request() -> None:
    async with ByteServer([answer("a")]) as server:
        ended = await ask(
            server,
            "--system", "Be brief.",
            "--param", "temperature=0.25",
            "--param", "max_tokens=5",
            "--param", "stop=END",
            "--param", 'tags=["a", 1]',
            "hi",
        )  # fmt: skip
    assert ended.code == 0
    body = server.requests[0].json()
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["max_tokens"]) == (0.25, 5)
    assert (body["stop"], body["tags"]) == ("END", ["a", 1])


async def test_sampling_reaches_the_request_in_the_words_of_the_protocol() -> None:
    whole = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "a"}]}]}
    flags = ("--temperature", "0.25", "--top-p", "0.5", "--max-tokens", "5", "--seed", "-7")
    async with ByteServer(
        [answer("a"), json_reply(200, whole | {"status": "completed"})]
    ) as server:
        first = await ask(server, *flags, "--stop", "END", "--stop", "\n", "--save", "hi")
        second = await ask(server, *flags, "--protocol", "openai-responses", "--no-stream", "hi")
        assert (first.code, second.code) == (0, 0), second.err
        body, other = (request.json() for request in server.requests)
    names = ("temperature", "top_p", "max_tokens", "seed", "stop")
    assert [body[name] for name in names] == [0.25, 0.5, 5, -7, ["END", "\n"]]
    assert (other["temperature"], other["max_output_tokens"]) == (0.25, 5)
    assert "max_tokens" not in other
    async with history() as store:
        (conversation,) = await store.conversations()
    options = conversation.options
    assert (options.temperature, options.max_tokens, options.sampling.seed) == (0.25, 5, -7)


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--temperature", "3"), ("--temperature", "nan"), ("--top-p", "x"), ("--max-tokens", "0")],
)
async def test_numbers_out_of_their_range_are_wrong_usage(flag: str, value: str) -> None:
    ended = await run("ask", "--service", "demo", flag, value, "hi")
    assert ended.code == 2
    assert f"{value} is not a" in ended.err


async def test_thinking_and_no_stream() -> None:
    whole = {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "all at once"},
                "finish_reason": "stop",
            }
        ]
    }
    environ = {"DESKTOP_CHAT_API_KEY": KEY}
    async with ByteServer([json_reply(200, whole), answer("a")]) as server:
        first = await ask(
            server, "--service", "deepseek", "--no-thinking", "--no-stream", "hi", environ=environ
        )
        second = await ask(server, "--service", "deepseek", "--thinking", "hi", environ=environ)
    assert (first.code, first.out, second.code) == (0, "all at once\n", 0)
    assert not server.requests[0].json().get("stream")
    assert server.requests[0].json()["thinking"] == {"type": "disabled"}
    assert server.requests[1].json()["thinking"] == {"type": "enabled"}


async def test_a_question_from_standard_input() -> None:
    async with ByteServer([answer("a")]) as server:
        ended = await ask(server, "-", stdin="一行\nanother\n")
    assert ended.code == 0
    assert server.requests[0].json()["messages"][0]["content"] == "一行\nanother\n"


async def test_the_loop_has_a_memory_that_can_be_cleared() -> None:
    async with ByteServer([answer("a"), answer("b"), answer("c")]) as server:
        ended = await ask(server, stdin="one\n\ntwo\n/clear\nthree\nquit\nnever\n")
    assert (ended.code, ended.out) == (0, "a\nb\nc\n")
    sent = [[item["content"] for item in request.json()["messages"]] for request in server.requests]
    assert sent == [["one"], ["one", "a", "two"], ["three"]]


@pytest.mark.parametrize("word", ["q", "quit", "EXIT", ""])
async def test_the_loop_ends(word: str) -> None:
    async with ByteServer([answer("a")]) as server:
        ended = await ask(server, stdin=f"one\n{word}\n" if word else "one")
    assert (ended.code, ended.out) == (0, "a\n")
    assert len(server.requests) == 1


async def test_the_loop_goes_on_after_an_error_and_leaves_it_out() -> None:
    refused = json_reply(400, {"error": {"message": "what"}})
    async with ByteServer([refused, answer("b")]) as server:
        ended = await ask(server, stdin="one\ntwo\n")
    assert (ended.code, ended.out) == (0, "b\n")
    assert [item["content"] for item in server.requests[1].json()["messages"]] == ["two"]


async def test_save_puts_the_conversation_into_the_history() -> None:
    async with ByteServer([answer("a"), answer("b")]) as server:
        ended = await ask(server, "--save", "--system", "S", stdin="What is 天气?\nmore\n")
        assert ended.code == 0
        silent = await ask(server, "not saved")
        assert silent.code == 0
    async with history() as store:
        (conversation,) = await store.conversations()
        assert conversation.title == "What is 天气?"
        assert conversation.options.system == "S"
        branch = await saved_branch(store)
        assert [item.text for item in branch] == ["What is 天气?", "a", "more", "b"]
        assert all(item.state is MessageState.DONE for item in branch)
        assert branch[-1].id == conversation.leaf_id


async def test_the_log_has_times_questions_answers_and_errors() -> None:
    refused = json_reply(400, {"error": {"message": "what"}})
    write(at_home("log.txt"), "kept\n")
    async with ByteServer([answer("第一\n", "second"), refused]) as server:
        await ask(server, "--log", "log.txt", stdin="一\ntwo\n")
    lines = read(at_home("log.txt")).splitlines()
    assert lines[0] == "kept"
    stamp = r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d\] "
    patterns = [
        stamp + "Question: 一",
        stamp + "Answer: custom m",
        "第一",
        "second",
        stamp + "End: stop",
        stamp + "Question: two",
        stamp + "Error: .*what.*HTTP 400.*",
    ]
    for line, pattern in zip(lines[1:], patterns, strict=False):
        assert re.fullmatch(pattern, line), line


async def test_the_log_is_flushed_as_it_arrives() -> None:
    async def logged() -> bool:
        return "so far" in read(at_home("log.txt"))

    server = ByteServer([[part("so far"), HANG]])
    async with (
        server,
        started(
            "ask", "--base-url", server.url, "--model", "m", "--log", "log.txt", "q", stdin=DEVNULL
        ) as process,
    ):
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readexactly(6), 30)
        await until(logged)


async def test_ctrl_c_is_130_and_keeps_what_came() -> None:
    server = ByteServer([[part("begun"), HANG]])
    async with (
        server,
        started(
            "ask", "--base-url", server.url, "--model", "m", "--json", "--save", "q", stdin=DEVNULL
        ) as process,
    ):
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 30)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 130
        assert json.loads(out) == {"event": "done", "reason": "stopped"}
        assert b"Traceback" not in err
        await asyncio.wait_for(server.disconnected.wait(), 10)
    async with history() as store:
        message = (await saved_branch(store))[-1]
        assert (message.text, message.state, message.reason) == (
            "begun",
            MessageState.STOPPED,
            FinishReason.STOPPED,
        )


async def test_ctrl_c_at_the_prompt_is_130() -> None:
    async with (
        ByteServer([answer("a")]) as server,
        started("ask", "--base-url", server.url, "--model", "m") as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one\n")
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"a\n"
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 30)
        assert process.returncode == 130


async def test_after_kill_9_the_history_shows_the_answer_interrupted() -> None:
    server = ByteServer([[part("saved so far"), HANG]])
    async with server, history() as store:

        async def saved() -> bool:
            return (await saved_branch(store))[-1].text == "saved so far"

        async with started(
            "ask", "--base-url", server.url, "--model", "m", "--save", "q", stdin=DEVNULL
        ) as process:
            assert process.stdout is not None
            await asyncio.wait_for(process.stdout.readexactly(12), 30)
            await until(saved)
            # While that run lives, its row is left alone.
            assert await store.recover() == []
            process.kill()
            await process.wait()
        message = (await saved_branch(store))[-1]
        assert await store.recover() == [message.id]
        message = (await saved_branch(store))[-1]
        assert (message.text, message.state) == ("saved so far", MessageState.INTERRUPTED)


async def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    gone = asyncio.Event()
    more = chunk(event(delta("more")))
    server = ByteServer([[part("the beginning"), gone, more, more, HANG]])
    async with (
        server,
        started("ask", "--base-url", server.url, "--model", "m", "q", stdin=DEVNULL) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        await asyncio.wait_for(process.stdout.readexactly(13), 30)
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        gone.set()
        err = await asyncio.wait_for(process.stderr.read(), 30)
        await asyncio.wait_for(process.wait(), 30)
        assert process.returncode == 141
        assert err == b""
        await asyncio.wait_for(server.disconnected.wait(), 10)


async def test_chinese_and_english() -> None:
    async with ByteServer([json_reply(401, {"error": {"message": "bad"}})]) as server:
        chinese = await ask(server, "hi", environ={"LC_ALL": "", "LANG": "zh_CN.UTF-8"})
        english = await ask(server, "hi", environ={"LC_ALL": "", "LANG": "en_GB.UTF-8"})
    assert "密钥无效" in chinese.err
    assert "Invalid key" in english.err
    settings = Path(os.environ["DESKTOP_CHAT_HOME"], "config", "settings.toml")
    write(settings, '[appearance]\nlanguage = "zh_CN"\n')
    chosen = await run("ask", "hi", environ={"LC_ALL": "", "LANG": "en_GB.UTF-8"})
    assert "还没有设置服务" in chosen.err


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--version"], ("PySide6", "qasync", "httpx", "keyring", "apsw", "asyncio")),
        (["ask", "--service", "demo", "--model", "demo-401", "hi"], ("PySide6", "qasync")),
    ],
)
async def test_what_is_not_imported(arguments: list[str], absent: tuple[str, ...]) -> None:
    script = (
        "import sys\n"
        "from desktop_chat.__main__ import main\n"
        f"main({arguments!r})\n"
        f"sys.exit(' '.join(name for name in {absent!r} if name in sys.modules) or 0)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=PIPE, stderr=PIPE, cwd=ROOT
    )
    _out, err = await process.communicate()
    assert process.returncode == 0, err.decode()


async def test_version() -> None:
    ended = await run("--version")
    assert ended.code == 0
    assert re.fullmatch(r"desktop-chat \d+\.\d+\.\d+\S*\n", ended.out)


async def test_services() -> None:
    ended = await run("services", environ={"DEEPSEEK_API_KEY": KEY})
    assert ended.code == 0
    assert re.search(r"^deepseek .*environment", ended.out, re.MULTILINE)
    assert KEY not in ended.out
    found = await run("services", "--json", environ={"DEEPSEEK_API_KEY": KEY})
    by_id = {item["id"]: item for item in found.events()}
    assert by_id["deepseek"]["key"] == "environment"
    assert by_id["openai"]["key"] is None
    assert list(by_id)[-1] == "demo"


async def test_a_list_that_nobody_reads() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "desktop_chat",
            "services",
            cwd=ROOT,
            stdin=DEVNULL,
            stdout=write_end,
            stderr=PIPE,
        )
    finally:
        os.close(write_end)
    _out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, err) == (141, b"")


async def test_models() -> None:
    listed = json_reply(200, {"data": [{"id": "large"}, {"id": "小模型"}]})
    async with ByteServer([listed, json_reply(401, {"error": {"message": "no"}})]) as server:
        ended = await run("models", "--base-url", server.url)
        assert ended.code == 0
        assert [line.split()[0] for line in ended.out.splitlines()[1:]] == ["large", "小模型"]
        refused = await run("models", "--base-url", server.url)
        assert refused.code == 3
    known = await run("models", "--service", "demo", "--json")
    assert "demo-rich" in [item["id"] for item in known.events()]


def images_reply(*pictures: bytes) -> bytes:
    data = [{"b64_json": base64.b64encode(item).decode()} for item in pictures]
    return json_reply(200, {"created": 1, "data": data})


async def test_files_go_with_the_first_question() -> None:
    home = Path(os.environ["HOME"])
    (home / "a.png").write_bytes(png(3, 2))
    (home / "注.txt").write_bytes("你好".encode("gb18030"))
    async with ByteServer([answer("ok")]) as server:
        ended = await ask(server, "--attach", "a.png", "--attach", "注.txt", "what is it")
    assert ended.code == 0
    body = server.requests[0].body.decode()
    assert base64.b64encode(png(3, 2)).decode() in body
    assert "你好" in body


async def test_a_file_that_cannot_be_sent_is_told_before_anything_is_asked() -> None:
    home = Path(os.environ["HOME"])
    (home / "a.zip").write_bytes(b"PK\x03\x04\x00\x00")
    (home / "wide.png").write_bytes(png(4000, 1))
    async with ByteServer([answer("ok")]) as server:
        for name, sentence in (
            ("a.zip", "a.zip is no picture, no text and no PDF."),
            ("none.txt", "none.txt was not found."),
            ("wide.png", "wide.png is larger than models take: 2048 pixels a side and 4 MB."),
        ):
            ended = await ask(server, "--attach", name, "q")
            assert ended.code == 2
            assert sentence in ended.err
        ended = await ask(server, *(["--attach", "a.zip"] * 13), "q")
        assert "at most 12 files" in ended.err
    assert not server.requests


async def test_further_answers_are_printed_after_the_first() -> None:
    second = {"choices": [{"index": 1, "delta": {"content": "two"}, "finish_reason": None}]}
    script = sse(delta("one"), second, delta(finish="stop"))
    async with ByteServer([script]) as server:
        ended = await ask(server, "--param", "n=2", "q")
        assert ended.out == "one\n\ntwo\n"
        ended = await ask(server, "--json", "--param", "n=2", "q")
        choice = {"event": "choice", "index": 1, "text": "two", "reasoning": ""}
        assert choice in ended.events()


async def test_pictures_are_saved_beside_and_named() -> None:
    home = Path(os.environ["HOME"])
    (home / "picture-1.png").write_bytes(b"mine")
    painter = Model("painter", makes="image")
    async with ByteServer([images_reply(png(3, 2), png(4, 2))]) as server:
        async with open_house(server, images="openai-images", models=(painter,)):
            pass
        asking = ("ask", "--service", "local", "--model", "painter")
        ended = await run(*asking, "--save", "a cat")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.split() == ["picture-2.png", "picture-3.png"]
        assert (home / "picture-1.png").read_bytes() == b"mine"
        assert (home / "picture-3.png").read_bytes() == png(4, 2)
        ended = await run(*asking, "--json", "--output-dir", "new/folder", "a cat")
        paths = [item["path"] for item in ended.events() if item["event"] == "picture"]
        assert paths == [
            str(Path("new/folder/picture-1.png")),
            str(Path("new/folder/picture-2.png")),
        ]
        (home / "file").write_bytes(b"")
        ended = await run(*asking, "--output-dir", "file", "a cat")
        assert ended.code == 1
        assert "A picture cannot be saved" in ended.err
    async with history() as store:
        _, told = await saved_branch(store)
        assert [item.name for item in told.attachments] == ["picture-1.png", "picture-2.png"]
        assert await store.blob(told.attachments[0].blob) == png(3, 2)
