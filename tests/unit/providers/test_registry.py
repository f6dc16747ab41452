import math
from collections.abc import AsyncIterator

import pytest

from desktop_chat.core.access import Access
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.ports import Providers
from desktop_chat.core.secret import Secret
from desktop_chat.providers.registry import HttpProviders
from desktop_chat.providers.retry import RetryPolicy
from tests.helpers.byte_server import ByteServer, delta, json_reply, sse
from tests.unit.providers.support import DEMO_TEXTS, hear, request, service

ANSWER = sse(delta("Hello"), delta(finish="stop"))


@pytest.fixture
async def providers(_no_leaked_tasks: None) -> AsyncIterator[HttpProviders]:
    made = HttpProviders(
        redact=lambda text: text.replace("hidden", "***"),
        demo_texts=DEMO_TEXTS,
        retry=RetryPolicy(base=0.001),
        demo_speed=math.inf,
    )
    port: Providers = made
    assert port is made
    yield made
    await made.aclose()


async def test_a_key_goes_where_it_was_passed_in(providers: HttpProviders) -> None:
    async with ByteServer([ANSWER]) as server:
        asked = service(server.url, auth="bearer")
        await hear(providers.provider(Access(asked, (Secret("sk-1"),))))
        await hear(providers.provider(Access(asked)))
        await hear(providers.provider(Access(asked, (Secret("sk-2"),))))
        keys = [sent.headers.get("authorization") for sent in server.requests]
    assert keys == ["Bearer sk-1", None, "Bearer sk-2"]


async def test_providers_share_connections_and_try_again(providers: HttpProviders) -> None:
    busy = json_reply(503, {"error": {"message": "hidden"}})
    async with ByteServer([busy, ANSWER]) as server:
        heard = await hear(providers.provider(Access(service(server.url))))
        await hear(providers.provider(Access(service(server.url))))
        assert server.connections == 1
    assert heard.text == "Hello"
    assert heard.notices[0].error is not None
    assert heard.notices[0].error.message == "***"


async def test_addresses(providers: HttpProviders) -> None:
    asked = service("HTTPS://API.Test:443/v1/chat/completions")
    assert providers.origin(asked) == "https://api.test"
    assert providers.chat_url(asked) == "https://api.test/v1/chat/completions"
    demo = service("", protocol="demo")
    assert providers.origin(demo) == "http://127.0.0.1"
    assert providers.chat_url(demo) == "http://127.0.0.1/v1/chat/completions"


async def test_a_bad_address_is_told_at_once(providers: HttpProviders) -> None:
    for ask in (
        providers.origin,
        providers.chat_url,
        lambda asked: providers.provider(Access(asked)),
    ):
        with pytest.raises(ProviderError) as caught:
            ask(service("api.test/v1"))
        assert caught.value.info.kind is ErrorKind.BAD_REQUEST


async def test_an_unknown_protocol(providers: HttpProviders) -> None:
    with pytest.raises(ProviderError) as caught:
        providers.provider(Access(service(protocol="telepathy")))
    info = caught.value.info
    assert (info.kind, info.values) == (ErrorKind.PROTOCOL, {"protocol": "telepathy"})


async def test_the_demo_starts_when_it_is_asked(providers: HttpProviders) -> None:
    demo = providers.provider(Access(service("", protocol="demo"), (Secret("sk-secret"),)))
    assert providers._demo._server is None
    assert (await hear(demo, request(model="demo-rich"))).text
    assert providers._demo._server is not None


async def test_closing_without_having_asked() -> None:
    await HttpProviders(redact=str, demo_texts=DEMO_TEXTS).aclose()
