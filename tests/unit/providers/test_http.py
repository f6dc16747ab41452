import asyncio
import contextlib
import gzip
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.providers import http, network
from desktop_chat.providers.http import HttpRequest, HttpTransport, system_proxy
from tests.helpers.byte_server import (
    ABORT,
    CLOSE,
    END,
    HANG,
    SSE_HEAD,
    ByteServer,
    chunk,
    reply,
)
from tests.unit.providers.support import reader


def no_proxy(_scheme: str, _host: str) -> str:
    return ""


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(no_proxy)
    yield made
    await made.aclose()


def get(url: str, **changes: Any) -> HttpRequest:
    return HttpRequest("GET", url, **changes)


async def read(transport: HttpTransport, request: HttpRequest) -> bytes:
    async with transport.open(request, reader()) as answer:
        return await answer.read_all(10)


async def fail(transport: HttpTransport, request: HttpRequest) -> ErrorInfo:
    with pytest.raises(ProviderError) as caught:
        await read(transport, request)
    return caught.value.info


def test_a_request_is_printed_without_its_key() -> None:
    request = HttpRequest("POST", "https://h.cn/v1", {"authorization": "Bearer word"}, b"text")
    assert repr(request).startswith("HttpRequest(method='POST', url='https://h.cn/v1'")
    for part in ("word", "text"):
        assert part not in repr(request)


async def test_one_connection_serves_many_requests(transport: HttpTransport) -> None:
    async with ByteServer([reply(200, "a"), reply(200, "b")]) as server:
        assert await read(transport, get(server.url)) == b"a"
        assert await read(transport, get(server.url)) == b"b"
        assert server.connections == 1


async def test_a_connection_that_the_server_closed_is_replaced(transport: HttpTransport) -> None:
    async with ByteServer([[reply(200, "a"), CLOSE]]) as server:
        assert await read(transport, get(server.url)) == b"a"
        assert await read(transport, get(server.url)) == b"a"
        assert server.connections == 2


async def test_leaving_early_closes_the_connection(transport: HttpTransport) -> None:
    async with ByteServer([[SSE_HEAD + chunk(b"a"), HANG]]) as server:
        async with transport.open(get(server.url), reader()) as answer:
            assert await answer.read(10) == b"a"
        await asyncio.wait_for(server.disconnected.wait(), 10)


@pytest.mark.parametrize("script", [[HANG], [SSE_HEAD, HANG]], ids=["before", "after headers"])
async def test_cancelling_closes_the_connection(transport: HttpTransport, script: Any) -> None:
    async with ByteServer([script]) as server:
        task = asyncio.create_task(read(transport, get(server.url)))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.disconnected.wait(), 10)


async def test_silence_is_a_time_out(transport: HttpTransport) -> None:
    async with ByteServer([[HANG], [SSE_HEAD + chunk(b"a"), HANG]]) as server:
        info = await fail(transport, get(server.url, first_byte_timeout=0.05))
        assert (info.kind, info.code) == (ErrorKind.TIMEOUT, "first_token")
        assert info.values == {"seconds": "0.05"}
        async with transport.open(get(server.url), reader()) as answer:
            assert await answer.read(10) == b"a"
            with pytest.raises(ProviderError) as caught:
                await answer.read(0.05)
        info = caught.value.info
        assert (info.kind, info.code, info.host) == (ErrorKind.TIMEOUT, "idle", "here.test")
        assert info.values == {"seconds": "0.05"}


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ([CLOSE], ErrorKind.NETWORK, "closed"),
        ([ABORT], ErrorKind.NETWORK, "closed"),
        ([b"HTTP/1.1 200 OK\r\nConte", CLOSE], ErrorKind.NETWORK, "closed"),
        ([b"220 mail.test ESMTP\r\n\r\n", CLOSE], ErrorKind.PROTOCOL, "http"),
        ([SSE_HEAD, CLOSE], ErrorKind.DROPPED, ""),
        ([SSE_HEAD + chunk(b"a"), CLOSE], ErrorKind.DROPPED, ""),
        ([SSE_HEAD + chunk(b"a"), ABORT], ErrorKind.DROPPED, ""),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", CLOSE], ErrorKind.DROPPED, ""),
        ([SSE_HEAD + b"what?\r\n"], ErrorKind.DROPPED, ""),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"],
            ErrorKind.PROTOCOL,
            "encoding",
        ),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"],
            ErrorKind.PROTOCOL,
            "encoding",
        ),
    ],
)
async def test_what_the_peer_does_wrong(
    transport: HttpTransport, script: Any, kind: ErrorKind, code: str
) -> None:
    async with ByteServer([script]) as server:
        info = await fail(transport, get(server.url))
    assert (info.kind, info.code) == (kind, code)


async def test_no_connection(transport: HttpTransport) -> None:
    async with ByteServer([CLOSE]) as server:  # type: ignore[list-item]
        url = server.url
    info = await fail(transport, get(url))
    assert (info.kind, info.code) == (ErrorKind.NETWORK, "refused")
    info = await fail(transport, get("http://name.invalid/v1"))
    assert (info.kind, info.code) == (ErrorKind.NETWORK, "dns")


@contextlib.asynccontextmanager
async def no_tls() -> AsyncIterator[str]:
    """A server that does not speak TLS, at an address that says it does."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    server.close()
    await server.wait_closed()


async def test_plain_http_where_tls_is_spoken_to(transport: HttpTransport) -> None:
    async with no_tls() as url:
        info = await fail(transport, get(url))
    assert (info.kind, info.code) == (ErrorKind.NETWORK, "tls")
    assert info.values["reason"] == "not_tls"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_an_error_and_nothing_is_sent_there(
    transport: HttpTransport, status: int
) -> None:
    async with ByteServer([reply(200, "stolen")]) as other:
        location = f"Location: {other.origin.replace('127.0.0.1', 'localhost')}/v1?key=x"
        async with ByteServer([reply(status, "", location)]) as server:
            request = get(server.url, headers={"authorization": "Bearer sk-secret"})
            info = await fail(transport, request)
            assert len(server.requests) == 1
        assert other.requests == []
        assert other.connections == 0
    assert (info.kind, info.status) == (ErrorKind.REDIRECT, status)
    assert info.values == {"target": "localhost"}
    assert "key=x" not in repr(info)


async def test_a_redirect_within_the_host_and_one_to_nowhere(transport: HttpTransport) -> None:
    async with ByteServer(
        [reply(308, "", "Location: /v2"), reply(302, ""), reply(302, "", "Location: http://[x/")]
    ) as server:
        for target in ("127.0.0.1", "", ""):
            info = await fail(transport, get(server.url))
            assert (info.kind, info.values["target"]) == (ErrorKind.REDIRECT, target)


async def test_a_compressed_reply_is_read(transport: HttpTransport) -> None:
    body = gzip.compress(b"hello")
    async with ByteServer([reply(200, body, "Content-Encoding: gzip")]) as server:
        assert await read(transport, get(server.url)) == b"hello"


@pytest.mark.parametrize("size", [262_143, 262_144, 262_145, 262_500, 700_000])
async def test_a_packed_reply_is_unpacked_in_pieces(transport: HttpTransport, size: int) -> None:
    body = gzip.compress(b"0" * size)
    async with (
        ByteServer([reply(200, body, "Content-Encoding: gzip")]) as server,
        transport.open(get(server.url), reader()) as answer,
    ):
        pieces = [await answer.read(10)]
        while pieces[-1]:
            pieces.append(await answer.read(10))
    assert b"".join(pieces) == b"0" * size
    assert max(map(len, pieces)) <= 262_144


async def test_cookies_are_not_kept(transport: HttpTransport) -> None:
    async with ByteServer([reply(200, "", "Set-Cookie: id=1; Path=/")]) as server:
        await read(transport, get(server.url))
        await read(transport, get(server.url))
        assert "cookie" not in server.requests[1].headers


async def test_a_body_too_large_is_refused(transport: HttpTransport) -> None:
    async with (
        ByteServer([reply(200, "x" * 5000)]) as server,
        transport.open(get(server.url), reader()) as answer,
    ):
        with pytest.raises(ProviderError) as caught:
            await answer.read_all(10, limit=1000)
    assert (caught.value.info.kind, caught.value.info.code) == (ErrorKind.PROTOCOL, "too_large")


@pytest.mark.parametrize("end", [[HANG], [CLOSE], [chunk(b"x" * 100_000), HANG]])
async def test_the_body_of_an_error_is_bounded(
    transport: HttpTransport, end: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ERROR_BODY_TIMEOUT", 0.05)
    async with (
        ByteServer([[SSE_HEAD + chunk(b"why"), *end]]) as server,
        transport.open(get(server.url), reader()) as answer,
    ):
        body = await answer.read_error()
    assert body.startswith(b"why")


@pytest.mark.parametrize("headers", [{"x-name": "line\nbreak"}, {"x name": "a"}, {"näme": "a"}])
async def test_headers_that_cannot_be_sent(
    transport: HttpTransport, headers: dict[str, str]
) -> None:
    async with ByteServer([reply(200, "")]) as server:
        info = await fail(transport, get(server.url, headers=headers))
        assert server.requests == []
    assert (info.kind, info.code) == (ErrorKind.BAD_REQUEST, "request")
    assert "break" not in repr(info)


async def test_no_traceback_quotes_a_header(transport: HttpTransport) -> None:
    word = "-".join(("key", "of", "theirs"))  # or the line of the source would have it
    async with ByteServer([reply(200, "")]) as server:
        with pytest.raises(ProviderError) as caught:
            async with transport.open(get(server.url, headers={"x": f"a\n{word}"}), reader()):
                pass
    assert word not in "".join(traceback.format_exception(caught.value))


async def test_headers_in_other_scripts_are_sent(transport: HttpTransport) -> None:
    async with ByteServer([reply(200, "")]) as server:
        await read(transport, get(server.url, headers={"x-title": "桌面"}))
        sent = server.requests[0].headers["x-title"]
    assert sent.encode("latin-1").decode() == "桌面"


async def test_nothing_is_sent_after_closing(transport: HttpTransport) -> None:
    await transport.aclose()
    async with ByteServer([reply(200, "")]) as server:
        info = await fail(transport, get(server.url))
        assert server.connections == 0
    assert (info.kind, info.code) == (ErrorKind.CANCELLED, "closed")


async def test_clients_are_made_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the certificates takes long enough to be seen in the window."""
    import threading

    threads = []
    real = network.tls_context

    def watched(authorities: str = "") -> Any:
        threads.append(threading.current_thread())
        return real(authorities)

    monkeypatch.setattr(network, "tls_context", watched)
    transport = HttpTransport(no_proxy)
    async with no_tls() as url:
        await fail(transport, get(url))
        await fail(transport, get(url))
    await transport.aclose()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


class TestProxies:
    """A proxy is a byte server that answers for another host."""

    @contextlib.asynccontextmanager
    async def transport(self, lookup: Callable[[str, str], str]) -> AsyncIterator[HttpTransport]:
        made = HttpTransport(lookup)
        yield made
        await made.aclose()

    async def test_a_proxy_of_the_environment_is_used(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with (
            ByteServer([reply(200, "through")]) as proxy,
            self.transport(system_proxy) as transport,
        ):
            address = proxy.origin.replace("//", "//me:word@")
            monkeypatch.setenv("HTTP_PROXY", address)
            assert await read(transport, get("http://service.invalid/v1")) == b"through"
            sent = proxy.requests[0]
            assert sent.path == "http://service.invalid/v1"
            assert sent.headers["proxy-authorization"] == "Basic bWU6d29yZA=="

    async def test_switching_it_off_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with ByteServer([reply(200, "")]) as proxy, self.transport(system_proxy) as transport:
            monkeypatch.setenv("http_proxy", proxy.origin)
            await read(transport, get("http://service.invalid/v1"))
            monkeypatch.delenv("http_proxy")
            info = await fail(transport, get("http://service.invalid/v1"))
        assert info.code == "dns"

    async def test_loopback_never_goes_through_a_proxy(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with (
            ByteServer([reply(200, "wrong")]) as proxy,
            ByteServer([reply(200, "right")]) as server,
            self.transport(system_proxy) as transport,
        ):
            monkeypatch.setenv("HTTP_PROXY", proxy.origin)
            monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
            assert await read(transport, get(server.url)) == b"right"
            here = server.url.replace("127.0.0.1", "localhost")
            assert await read(transport, get(here)) == b"right"
            assert proxy.connections == 0

    @pytest.mark.parametrize(
        "value",
        ["socks://", "socks4://127.0.0.1:7890", "quic://127.0.0.1:1",
         "http://me:word@[::1", "http://host:port", "http://me:wo/rd@127.0.0.1:1",
         "http://me:word@127.0.0.1:99999"],
    )  # fmt: skip
    async def test_settings_that_cannot_be_used(
        self, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", value)
        async with self.transport(system_proxy) as transport:
            info = await fail(transport, get("https://service.invalid/v1"))
        assert (info.kind, info.code) == (ErrorKind.NETWORK, "proxy")
        assert info.values["proxy"].startswith(value.split(":")[0] + "://")
        for part in ("word", "'wo'", "Invalid port"):
            assert part not in repr(info)

    async def test_a_password_that_breaks_the_setting_is_not_in_the_traceback(self) -> None:
        async with self.transport(lambda _scheme, _host: "http://me:wo/rd@127.0.0.1:1") as sender:
            with pytest.raises(ProviderError) as caught:
                await read(sender, get("https://service.invalid/v1"))
        trace = "".join(traceback.format_exception(caught.value))
        assert "Invalid port" not in trace

    async def test_a_proxy_without_a_scheme_is_http(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "127.0.0.1:7890")
        assert system_proxy("https", "service.invalid") == "http://127.0.0.1:7890"
        assert system_proxy("http", "service.invalid") == ""
        monkeypatch.setenv("NO_PROXY", "service.invalid")
        assert system_proxy("https", "service.invalid") == ""

    async def test_a_proxy_that_refuses(self) -> None:
        async with (
            ByteServer([reply(407, "")]) as proxy,
            self.transport(lambda _scheme, _host: proxy.origin) as transport,
        ):
            info = await fail(transport, get("https://service.invalid/v1"))
        assert (info.kind, info.code) == (ErrorKind.NETWORK, "proxy_auth")


async def test_the_end_of_a_finished_stream_is_waited_for_briefly(
    transport: HttpTransport,
) -> None:
    go = asyncio.Event()
    async with ByteServer([[SSE_HEAD + chunk(b"a"), go, END], reply(200, "b")]) as server:
        async with transport.open(get(server.url), reader()) as answer:
            await answer.read(10)
            go.set()
            await answer.drain()
        await read(transport, get(server.url))
        assert server.connections == 1
    async with ByteServer([[SSE_HEAD + chunk(b"a"), HANG]]) as server:
        async with transport.open(get(server.url), reader()) as answer:
            await answer.read(10)
            await answer.drain()
        await asyncio.wait_for(server.disconnected.wait(), 10)
