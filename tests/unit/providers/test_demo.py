import asyncio
import gc
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.core.access import Access
from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.events import (
    FinishReason,
    Notice,
    NoticeKind,
    ReasoningDelta,
    StreamControl,
    TextDelta,
)
from desktop_chat.core.messages import Role
from desktop_chat.core.requests import ChatMessage
from desktop_chat.providers.demo.answers import Answers, Plan, pieces
from desktop_chat.providers.demo.models import MODELS
from desktop_chat.providers.demo.server import DemoServer
from desktop_chat.providers.registry import HttpProviders
from desktop_chat.providers.retry import RetryPolicy
from tests.unit.providers.support import DEMO_TEXTS, Heard, first, hear, request, service

DEMO = service("", protocol="demo")


@pytest.fixture
async def providers(_no_leaked_tasks: None) -> AsyncIterator[HttpProviders]:
    made = HttpProviders(
        redact=lambda text: text,
        demo_texts=DEMO_TEXTS,
        retry=RetryPolicy(base=0.001),
        demo_speed=math.inf,
    )
    yield made
    await made.aclose()


async def ask(
    providers: HttpProviders, model: str, text: str = "Hello", **changes: object
) -> Heard:
    return await hear(providers.provider(Access(DEMO)), request(text, model=model, **changes))


@pytest.mark.parametrize(("question", "says"), [("Hello", "not a model"), ("你好", "不是模型")])
async def test_the_rich_answer(providers: HttpProviders, question: str, says: str) -> None:
    heard = await ask(providers, "demo-rich", question)
    kinds = [type(event) for event in heard.events]
    assert kinds.index(ReasoningDelta) < kinds.index(TextDelta)
    assert says in heard.text
    for mark in (
        "\n1. ",
        "\n   - ",
        "\n|:--|",
        "```python",
        "\n> ",
        "\n$$\n",
        "$n$",
        "`demo-rich`",
    ):
        assert mark in heard.text, mark
    assert "%" not in heard.text.replace("%2", "")
    assert heard.reason is FinishReason.STOP
    assert heard.usage is not None
    assert heard.usage.output_tokens == len(pieces(heard.text)) + heard.usage.reasoning_tokens
    assert heard.usage.reasoning_tokens > 0


@pytest.mark.parametrize("name", ["rich", "long"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_code_in_the_answers_runs(
    name: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (DEMO_TEXTS / f"{name}.{language}.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), {"__name__": "__main__"})
        for promised in re.findall(r"print\(.*\)\s+# (.*)", block):
            assert capsys.readouterr().out.strip() == promised


async def test_it_says_how_many_messages_it_received(providers: HttpProviders) -> None:
    asked = request(
        model="demo-rich",
        messages=(
            ChatMessage(Role.SYSTEM, "be brief"),
            ChatMessage(Role.USER, "Hello"),
            ChatMessage(Role.ASSISTANT, "Hi"),
            ChatMessage(Role.USER, "And now?"),
        ),
    )
    heard = await hear(providers.provider(Access(DEMO)), asked)
    assert "**3** messages" in heard.text
    assert heard.usage is not None
    assert 0 < heard.usage.cached_tokens < heard.usage.input_tokens


@pytest.mark.parametrize(
    ("question", "tokens"), [("about 500 tokens", 500), ("写 12,000 个", 12_000), ("long", 4_000)]
)
async def test_the_long_answer(providers: HttpProviders, question: str, tokens: int) -> None:
    heard = await ask(providers, "demo-long", question)
    assert heard.usage is not None
    assert tokens <= heard.usage.output_tokens <= tokens + 250
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", heard.text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "%" not in heard.text
    assert str(tokens) in heard.text


async def test_the_refused_key(providers: HttpProviders) -> None:
    heard = await ask(providers, "demo-401")
    assert heard.error is not None
    assert (heard.error.kind, heard.error.status) == (ErrorKind.AUTHENTICATION, 401)
    heard = await ask(providers, "demo-401", "你好")
    assert heard.error is not None
    assert "演示" in heard.error.message


async def test_the_limit(providers: HttpProviders) -> None:
    control = StreamControl()
    stream = providers.provider(Access(DEMO)).stream(request(model="demo-429"), control)
    async with aclosing(stream):
        notice = await first(stream, Notice)
        assert (notice.kind, notice.delay) == (NoticeKind.RETRY, 2.0)
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        control.retry_now()
        await following
        heard = Heard([event async for event in stream])
    assert "429" in heard.text
    assert heard.reason is FinishReason.STOP


async def test_the_drop(providers: HttpProviders) -> None:
    for question, whole in (("Hello", "drop.en.md"), ("你好", "drop.zh_CN.md")):
        heard = await ask(providers, "demo-drop", question)
        assert heard.kind is ErrorKind.DROPPED
        text = (DEMO_TEXTS / whole).read_text("utf-8")
        assert heard.text
        assert text.startswith(heard.text)
        assert heard.text != text


async def test_the_length(providers: HttpProviders) -> None:
    heard = await ask(providers, "demo-length")
    assert heard.reason is FinishReason.LENGTH
    heard = await ask(providers, "demo-long", max_tokens=20)
    assert heard.reason is FinishReason.LENGTH
    assert heard.usage is not None
    assert heard.usage.output_tokens == 20


async def test_every_model_answers_in_both_languages(providers: HttpProviders) -> None:
    assert await providers.provider(Access(DEMO)).list_models() == list(MODELS)
    answers = Answers(DEMO_TEXTS)
    for model in MODELS:
        for question in ("Hello", "你好"):
            body = {"model": model.id, "messages": [{"role": "user", "content": question}]}
            assert answers.plan(body) != answers.plan(body | {"model": "other"})


async def test_thinking_can_be_switched_off(providers: HttpProviders) -> None:
    heard = await ask(providers, "demo-rich", thinking=False)
    assert heard.reasoning == ""
    assert (await ask(providers, "demo-rich", thinking=True)).reasoning


async def test_a_whole_answer(providers: HttpProviders) -> None:
    streamed = await ask(providers, "demo-rich")
    heard = await ask(providers, "demo-rich", stream=False)
    assert (heard.text, heard.reasoning) == (streamed.text, streamed.reasoning)
    assert heard.reason is FinishReason.STOP
    assert heard.usage is not None
    assert heard.usage.output_tokens == (streamed.usage.output_tokens if streamed.usage else 0)
    assert (await ask(providers, "demo-drop", stream=False)).kind is ErrorKind.DROPPED


async def test_an_unknown_model(providers: HttpProviders) -> None:
    assert (await ask(providers, "demo-nothing")).kind is ErrorKind.NOT_FOUND


def test_the_pace() -> None:
    answers = Answers(DEMO_TEXTS)

    def plan(model: str) -> Plan:
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
        made = answers.plan(body)
        assert isinstance(made, Plan)
        return made

    assert 60 <= plan("demo-rich").rate <= 80
    assert plan("demo-slow").rate < 10
    assert plan("demo-slow").wait > plan("demo-rich").wait


async def test_others_on_this_machine_get_nothing() -> None:
    server = DemoServer(DEMO_TEXTS)
    base = await server.start()
    origin = base.split("/", 3)
    root = "/".join(origin[:3])
    body = {"model": "demo-rich", "messages": [{"role": "user", "content": "Hi"}]}
    async with httpx.AsyncClient(trust_env=False) as client:
        for path in ("/", "/v1/models", "/guess/v1/chat/completions"):
            answer = await client.post(root + path, json=body)
            assert answer.status_code == 404
        assert (await client.get(f"{base}/models")).status_code == 200
        assert (await client.get(f"{base}/other")).status_code == 404
        assert (await client.post(f"{base}/chat/completions", json=[])).status_code == 400
        assert (await client.post(f"{base}/chat/completions", json={})).status_code == 400
    await server.aclose()


async def test_nothing_is_taken_from_who_does_not_know_the_way() -> None:
    """The body of a stranger is not waited for, and so takes no memory."""
    server = DemoServer(DEMO_TEXTS)
    port = int((await server.start()).split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /guess/v1/models HTTP/1.1\r\nContent-Length: 60000000\r\n\r\nx")
    answer = await asyncio.wait_for(reader.read(), 10)
    assert answer.startswith(b"HTTP/1.1 404 ")
    writer.close()
    await writer.wait_closed()
    await server.aclose()


@pytest.mark.parametrize(
    "sent", [b"", b"what\r\n\r\n", b"GET", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
             b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 100_000]
)  # fmt: skip
async def test_nonsense_ends_the_connection(sent: bytes) -> None:
    server = DemoServer(DEMO_TEXTS)
    port = int((await server.start()).split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    await server.aclose()


async def test_it_starts_once_and_ends_with_answers_under_way() -> None:
    server = DemoServer(DEMO_TEXTS)
    assert await server.start() == await server.start()
    base = await server.start()
    body = {"model": "demo-slow", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    async with httpx.AsyncClient(trust_env=False) as client:
        async with client.stream("POST", f"{base}/chat/completions", json=body) as answer:
            assert answer.status_code == 200
            await server.aclose()
            with pytest.raises(httpx.RemoteProtocolError):
                await answer.aread()
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{base}/models")
    await server.aclose()


async def test_it_notices_that_the_reader_is_gone() -> None:
    providers = HttpProviders(redact=lambda text: text, demo_texts=DEMO_TEXTS)
    stream = providers.provider(Access(DEMO)).stream(request(model="demo-long"), StreamControl())
    await first(stream, TextDelta)
    await stream.aclose()
    tasks = list(providers._demo._connections)
    assert len(tasks) == 1
    await asyncio.wait_for(asyncio.wait(tasks), 10)
    await providers.aclose()


async def test_a_missing_text_is_an_error(tmp_path: object) -> None:
    from pathlib import Path

    providers = HttpProviders(redact=str, demo_texts=Path(str(tmp_path)), demo_speed=math.inf)
    async with aclosing(
        providers.provider(Access(DEMO)).stream(request(model="demo-rich"), StreamControl())
    ) as stream:
        notice = await first(stream, Notice)
    assert notice.error is not None
    assert notice.error.kind is ErrorKind.SERVER
    await providers.aclose()


@given(st.text())
def test_pieces_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_pieces_are_about_tokens() -> None:
    assert pieces("Hello, world: 你好世界") == (
        "Hello", ",", " world", ":", " ", "你好", "世界",
    )  # fmt: skip


def test_texts_follow_the_rules_of_words() -> None:
    for path in DEMO_TEXTS.iterdir():
        text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert "Sorry" not in text
        assert "抱歉" not in text
        assert "!" not in text
        assert "！" not in text
        other = path.with_name(
            path.name.replace(".en.", ".zh_CN.") if ".en." in path.name
            else path.name.replace(".zh_CN.", ".en.")
        )  # fmt: skip
        assert other.exists()
        shape = [re.findall(r"^(#+|- |\d\. |\||> |```|\$\$)", line) for line in text.splitlines()]
        counterpart = re.sub(r"```.*?```", "", other.read_text("utf-8"), flags=re.DOTALL)
        assert shape == [
            re.findall(r"^(#+|- |\d\. |\||> |```|\$\$)", line) for line in counterpart.splitlines()
        ], path.name
        assert json.dumps(text)


async def test_a_start_that_is_cancelled_leaves_no_socket() -> None:
    for turns in range(8):
        server = DemoServer(DEMO_TEXTS)
        starting = asyncio.create_task(server.start())
        for _turn in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await server.aclose()
        assert server._server is None
    # A socket that was left open warns when it goes, and a warning is a failure here.
    gc.collect()
