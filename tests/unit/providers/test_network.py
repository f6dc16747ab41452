"""Ways to a service: proxies, authorities, HTTP/2, connections that died; real servers for all."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Network
from desktop_chat.providers import network
from desktop_chat.providers.http import HttpRequest, HttpTransport
from desktop_chat.providers.network import (
    Clients,
    Moves,
    ProxySettingError,
    Route,
    bare,
    parse_proxy,
)
from tests.helpers.byte_server import (
    ABORT,
    CLOSE,
    END,
    HANG,
    SSE_HEAD,
    ByteServer,
    Script,
    Step,
    chunk,
    delta,
    event,
    reply,
)
from tests.helpers.h2_server import H2Server
from tests.helpers.proxy import Proxy
from tests.unit.providers.support import reader

CA = trustme.CA()
WORD = "pässword-9"


def no_proxy(_scheme: str, _host: str) -> str:
    return ""


class Clock:
    """Two clocks and a place, moved by hand."""

    def __init__(self) -> None:
        self.wall = 1000.0
        self.steady = 50.0
        self.place: tuple[str, ...] = ("10.0.0.2",)

    def moves(self) -> Moves:
        return Moves(lambda: self.wall, lambda: self.steady, lambda: self.place)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def transport(clock: Clock, _no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(no_proxy, moves=clock.moves())
    yield made
    await made.aclose()


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "company.pem"
    CA.cert_pem.write_to_path(path)
    return str(path)


def served(*names: str, ca: trustme.CA = CA, **when: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*(names or ("localhost",)), **when).configure_cert(context)
    return context


def tls_server(context: ssl.SSLContext) -> ByteServer:
    return ByteServer([reply(200, "ok")], tls=context)


def get(url: str, **changes: Any) -> HttpRequest:
    return HttpRequest("GET", url, **changes)


async def read(transport: HttpTransport, request: HttpRequest) -> bytes:
    async with transport.open(request, reader()) as answer:
        return await answer.read_all(10)


async def fail(transport: HttpTransport, request: HttpRequest) -> ErrorInfo:
    with pytest.raises(ProviderError) as caught:
        await read(transport, request)
    assert WORD not in repr(caught.value.info)
    return caught.value.info


def through(kind: str, proxy: Proxy) -> Network:
    return Network(proxy="custom", proxy_url=f"{kind}://{proxy.address}")


class TestProxies:
    @pytest.mark.parametrize("kind", ["http", "socks5", "socks5h"])
    async def test_plain_http_with_a_password(self, transport: HttpTransport, kind: str) -> None:
        async with (
            ByteServer([reply(200, "through")]) as server,
            Proxy(server.port, ("me", WORD)) as proxy,
        ):
            sender = transport.with_login(Secret.pair("me", WORD))
            request = get("http://service.test/v1", network=through(kind, proxy))
            assert await read(sender, request) == b"through"
            assert proxy.asked in (["service.test"], ["service.test:80"])

    @pytest.mark.parametrize("kind", ["http", "socks5h"])
    async def test_tls_goes_through_a_tunnel(
        self, transport: HttpTransport, kind: str, ca_file: str
    ) -> None:
        async with tls_server(served("service.test")) as server, Proxy(server.port) as proxy:
            way = through(kind, proxy)
            way = Network("custom", way.proxy_url, ca_file)
            for _turn in range(2):
                assert await read(transport, get("https://service.test/", network=way)) == b"ok"
            assert proxy.asked == ["service.test:443"]

    async def test_a_proxy_that_speaks_tls_itself(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        async with (
            tls_server(served("service.test")) as server,
            Proxy(server.port, ("me", WORD), served("localhost")) as proxy,
        ):
            port = proxy.address.rpartition(":")[2]
            way = Network("custom", f"https://localhost:{port}", ca_file)
            sender = transport.with_login(Secret.pair("me", WORD))
            assert await read(sender, get("https://service.test/", network=way)) == b"ok"

    @pytest.mark.parametrize("kind", ["http", "socks5"])
    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize("login", [None, Secret.pair("me", WORD)], ids=["none", "wrong"])
    async def test_a_wrong_password(
        self, transport: HttpTransport, kind: str, scheme: str, login: Secret | None
    ) -> None:
        async with ByteServer([reply(200, "")]) as server, Proxy(server.port, ("me", "x")) as proxy:
            sender = transport.with_login(login)
            info = await fail(
                sender, get(f"{scheme}://service.test/", network=through(kind, proxy))
            )
            assert server.requests == []
        assert (info.kind, info.code) == (ErrorKind.NETWORK, "proxy_auth")

    async def test_a_proxy_that_is_not_there(self, transport: HttpTransport) -> None:
        async with Proxy(1) as proxy:
            way = through("http", proxy)
        for scheme in ("http", "https"):
            info = await fail(transport, get(f"{scheme}://service.test/", network=way))
            assert (info.kind, info.code) == (ErrorKind.NETWORK, "proxy_unreachable")
            assert info.values["proxy"] == way.proxy_url

    @pytest.mark.parametrize(
        "address", ["", "socks4://127.0.0.1:1", "http://a:b:c", "http://x y:1", "http://h:0", "::"]
    )
    async def test_an_address_that_is_none(self, transport: HttpTransport, address: str) -> None:
        way = Network(proxy="custom", proxy_url=address)
        info = await fail(transport, get("https://service.test/", network=way))
        assert (info.kind, info.code) == (ErrorKind.NETWORK, "proxy")

    async def test_none_and_loopback_ask_directly(
        self, monkeypatch: pytest.MonkeyPatch, clock: Clock
    ) -> None:
        async with ByteServer([reply(200, "right")]) as server, Proxy(1) as proxy:
            sender = HttpTransport(lambda _scheme, _host: f"http://{proxy.address}")
            assert sender.proxy_for("http://service.test/", Network("none")) == ""
            assert sender.proxy_for("http://service.test/", Network("system")) != ""
            way = through("socks5", proxy)
            for host in ("127.0.0.1", "localhost"):
                address = f"http://{host}:{server.port}/"
                assert await read(sender, get(address, network=way)) == b"right"
            assert proxy.connections == 0
            await sender.aclose()

    async def test_what_gnome_writes_is_a_socks_proxy(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with ByteServer([reply(200, "ok")]) as server, Proxy(server.port) as proxy:
            monkeypatch.setenv("ALL_PROXY", f"socks://{proxy.address}/")
            sender = HttpTransport()
            assert await read(sender, get("http://service.test/")) == b"ok"
            assert proxy.asked == ["service.test:80"]
            await sender.aclose()


def test_addresses_of_proxies() -> None:
    assert parse_proxy("127.0.0.1:7890") == ("http://127.0.0.1:7890", None)
    assert parse_proxy("SOCKS://h:1/") == ("socks5h://h:1", None)
    assert parse_proxy("http://[::1]:3128") == ("http://[::1]:3128", None)
    address, login = parse_proxy("http://me:a%40b%2Fc@h.cn")
    assert (address, login and login.parts()) == ("http://h.cn", ("me", "a@b/c"))
    for text in ("http://me:a/b@h:1", "http://me:@/x@h:1", "ftp://h", "http://", "http://h:99999"):
        with pytest.raises(ProxySettingError) as caught:
            parse_proxy(text)
        assert "me" not in caught.value.shown
    assert bare("http://me:a/b@h:1/x") == "http://h:1"


def test_a_way_is_printed_without_its_password() -> None:
    route = Route("http://h:1", Secret.pair("me", WORD), CA.cert_pem.bytes().decode())
    assert WORD not in repr(route)
    assert "CERTIFICATE" not in repr(route)


class TestTls:
    async def test_a_file_of_authorities_is_trusted_beside_the_usual(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        async with tls_server(served()) as server:
            url = f"https://localhost:{server.port}/"
            way = Network(ca_file=ca_file)
            assert await read(transport, get(url, network=way)) == b"ok"
            assert await read(transport, get(url, network=way)) == b"ok"
            assert server.connections == 1
            info = await fail(transport, get(url))
        assert (info.code, info.values["reason"]) == ("tls", "unknown_issuer")
        assert network.tls_context(CA.cert_pem.bytes().decode()).cert_store_stats()["x509_ca"] > 100

    @pytest.mark.parametrize(
        ("names", "when", "reason"),
        [
            (("other.test",), {}, "host"),
            (("localhost",), {"not_before": "2019-01-01", "not_after": "2020-01-01"}, "expired"),
            (
                ("localhost",),
                {"not_before": "2099-01-01", "not_after": "2099-02-01"},
                "not_yet_valid",
            ),
        ],
    )
    async def test_a_certificate_that_is_no_good(
        self,
        transport: HttpTransport,
        ca_file: str,
        names: tuple[str, ...],
        when: dict[str, str],
        reason: str,
    ) -> None:
        from datetime import datetime

        moments: dict[str, Any] = {name: datetime.fromisoformat(day) for name, day in when.items()}
        async with tls_server(served(*names, ca=CA, **moments)) as server:
            url = f"https://localhost:{server.port}/"
            info = await fail(transport, get(url, network=Network(ca_file=ca_file)))
        assert (info.kind, info.code) == (ErrorKind.NETWORK, "tls")
        assert info.values["reason"] == reason

    async def test_one_that_nobody_signed(
        self, transport: HttpTransport, tmp_path: Path, ca_file: str
    ) -> None:
        key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
        maker = await asyncio.create_subprocess_exec(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-keyout", key, "-out", cert, "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost",
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await maker.wait() == 0
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, key)
        async with tls_server(context) as server:
            url = f"https://localhost:{server.port}/"
            info = await fail(transport, get(url))
            assert (info.code, info.values["reason"]) == ("tls", "self_signed")
            assert await read(transport, get(url, network=Network(ca_file=str(cert)))) == b"ok"

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (None, "unreadable"),
            (b"", "not_pem"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not_pem"),
            (b"\0\xff" * 99, "not_pem"),
        ],
    )
    async def test_a_file_that_is_none(
        self, transport: HttpTransport, tmp_path: Path, content: bytes | None, reason: str
    ) -> None:
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_bytes(content)
        way = Network(ca_file=str(path))
        info = await fail(transport, get("https://service.test/", network=way))
        assert (info.kind, info.code) == (ErrorKind.NETWORK, "ca_file")
        assert info.values == {"reason": reason, "path": str(path)}

    async def test_a_pipe_is_no_file_of_authorities(
        self, transport: HttpTransport, tmp_path: Path
    ) -> None:
        path = tmp_path / "ca.pem"
        os.mkfifo(path)
        try:
            asked = get("https://service.test/", network=Network(ca_file=str(path)))
            info = await asyncio.wait_for(fail(transport, asked), 10)
            assert info.values["reason"] == "not_pem"
        finally:
            # Whoever waits at its other end is let go.
            os.close(os.open(path, os.O_RDWR))


class TestHttp2:
    async def test_it_is_used_where_it_is_offered(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        async with H2Server(served(), [b"one ", b"two"]) as server:
            url = f"https://localhost:{server.port}/v1"
            way = Network(ca_file=ca_file)
            bodies = await asyncio.gather(
                *(read(transport, get(url, network=way)) for _turn in range(5))
            )
            assert bodies == [b"one two"] * 5
            assert server.connections == 1

    async def test_a_header_with_a_line_break_is_not_sent(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        async with H2Server(served()) as server:
            url = f"https://localhost:{server.port}/"
            for value in ("a\r\nx-other: 1", "a\0"):
                asked = get(url, network=Network(ca_file=ca_file), headers={"x-title": value})
                info = await fail(transport, asked)
                assert (info.kind, info.code) == (ErrorKind.BAD_REQUEST, "request")
            assert server.connections == 0

    async def test_it_is_not_used_where_it_is_not_wanted_or_not_offered(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        async with H2Server(served()) as server:
            way = Network(ca_file=ca_file, http2=False)
            await fail(transport, get(f"https://localhost:{server.port}/", network=way))
            assert server.requests == []
        async with tls_server(served()) as plain:
            way = Network(ca_file=ca_file)
            url = f"https://localhost:{plain.port}/"
            assert await read(transport, get(url, network=way)) == b"ok"

    async def test_giving_up_a_stream_tells_the_peer_and_keeps_the_connection(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        way = Network(ca_file=ca_file)
        async with H2Server(served(), [b"one"], open_ended=True) as server:
            request = get(f"https://localhost:{server.port}/", network=way)
            async with transport.open(request, reader()) as answer:
                assert await answer.read(10) == b"one"
            await asyncio.wait_for(server.reset.wait(), 10)
            assert server.resets == [8]
            server.open_ended = False
            assert await read(transport, request) == b"one"
            assert server.connections == 1

    async def test_giving_up_before_the_reply_tells_the_peer_too(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        way = Network(ca_file=ca_file)
        async with H2Server(served(), silent=True) as server:
            request = get(f"https://localhost:{server.port}/", network=way)
            task = asyncio.create_task(read(transport, request))
            await asyncio.wait_for(server.asked.wait(), 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.reset.wait(), 10)
            server.silent = False
            assert await read(transport, request) == b"ok"
            assert server.connections == 1

    async def test_a_connection_that_died_is_replaced(
        self, transport: HttpTransport, ca_file: str
    ) -> None:
        async with H2Server(served()) as server:
            request = get(f"https://localhost:{server.port}/", network=Network(ca_file=ca_file))
            assert await read(transport, request) == b"ok"
            server.drop()
            assert await read(transport, request) == b"ok"
            assert server.connections == 2


class TestDeadConnections:
    @pytest.mark.parametrize("end", [CLOSE, ABORT])
    async def test_what_died_unnoticed_is_asked_again_anew(
        self, transport: HttpTransport, end: Any
    ) -> None:
        """The peer is there when the request is sent, and goes away without a byte."""
        async with ByteServer([reply(200, "a"), [end], reply(200, "b")]) as server:
            assert await read(transport, get(server.url)) == b"a"
            assert await read(transport, get(server.url)) == b"b"
            assert [item.connection for item in server.requests] == [0, 0, 1]

    async def test_a_new_connection_is_not_tried_twice(self, transport: HttpTransport) -> None:
        async with ByteServer([[CLOSE]]) as server:
            info = await fail(transport, get(server.url))
            assert (info.code, len(server.requests)) == ("closed", 1)

    async def test_a_reply_that_began_is_not_asked_for_twice(
        self, transport: HttpTransport
    ) -> None:
        async with ByteServer([reply(200, "a"), [SSE_HEAD + chunk(b"b"), ABORT]]) as server:
            await read(transport, get(server.url))
            info = await fail(transport, get(server.url))
            assert (info.kind, len(server.requests)) == (ErrorKind.DROPPED, 2)

    @pytest.mark.parametrize("how", ["sleep", "place"])
    async def test_after_a_sleep_or_elsewhere_nothing_old_is_used(
        self, transport: HttpTransport, clock: Clock, how: str
    ) -> None:
        async with ByteServer([reply(200, "a")]) as server:
            await read(transport, get(server.url))
            clock.wall += 500.0
            clock.steady += 500.0
            await read(transport, get(server.url))
            assert server.connections == 1
            if how == "sleep":
                clock.wall += 3600.0
            else:
                clock.place = ("192.168.1.7",)
            await read(transport, get(server.url))
            assert server.connections == 2
            await asyncio.wait_for(server.disconnected.wait(), 10)

    async def test_what_streams_goes_on_after_a_sleep(
        self, transport: HttpTransport, clock: Clock
    ) -> None:
        go = asyncio.Event()
        async with ByteServer(
            [[SSE_HEAD + chunk(b"a"), go, chunk(b"b") + b"0\r\n\r\n"], reply(200, "x")]
        ) as server:
            async with transport.open(get(server.url), reader()) as answer:
                assert await answer.read(10) == b"a"
                clock.wall += 3600.0
                assert await read(transport, get(server.url)) == b"x"
                go.set()
                assert await answer.read_all(10) == b"b"
            await asyncio.wait_for(server.disconnected.wait(), 10)


class TestClients:
    async def test_their_number_is_bounded_and_those_in_use_stay(self) -> None:
        clients = Clients({}, Clock().moves())
        used = await clients.take(Route("http://h:1", secure=False))
        for port in range(2, network.MAX_CLIENTS + 9):
            client = await clients.take(Route(f"http://h:{port}", secure=False))
            await clients.give_back(client)
        assert len(clients._kept) <= network.MAX_CLIENTS + 1
        assert not used.http.is_closed
        assert used is await clients.take(used.route)
        await clients.aclose()
        assert used.http.is_closed

    async def test_one_that_nobody_uses_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clients = Clients({}, Clock().moves())
        first = await clients.take(Route("http://h:1", secure=False))
        await clients.give_back(first)
        monkeypatch.setattr(network, "IDLE_SECONDS", -1.0)
        second = await clients.take(Route("http://h:2", secure=False))
        assert first.http.is_closed
        assert not second.http.is_closed
        await clients.aclose()

    async def test_another_password_is_another_client(self) -> None:
        clients = Clients({}, Clock().moves())
        one = Route("http://h:1", Secret.pair("me", "one"), secure=False)
        two = Route("http://h:1", Secret.pair("me", "two"), secure=False)
        assert await clients.take(one) is await clients.take(one)
        assert await clients.take(one) is not await clients.take(two)
        await clients.aclose()


class TestTotalTime:
    async def test_it_ends_an_answer_and_keeps_what_came(self, transport: HttpTransport) -> None:
        async with (
            ByteServer([[SSE_HEAD + chunk(b"a"), HANG]]) as server,
            transport.open(get(server.url, total_timeout=0.2), reader()) as answer,
        ):
            assert await answer.read(10) == b"a"
            with pytest.raises(ProviderError) as caught:
                await answer.read(10)
        info = caught.value.info
        assert (info.kind, info.code, info.values) == (
            ErrorKind.TIMEOUT,
            "total",
            {"seconds": "0.2"},
        )

    async def test_it_counts_from_the_question(self, transport: HttpTransport) -> None:
        async with ByteServer([[HANG]]) as server:
            info = await fail(transport, get(server.url, total_timeout=0.1))
        assert (info.kind, info.code) == (ErrorKind.TIMEOUT, "total")


class TestKeepAlives:
    async def test_a_long_queue_does_not_time_out(self, transport: HttpTransport) -> None:
        """Comments come before the limit again and again, for many times the limit together."""
        waits: list[Step] = [(0.06, chunk(b": keep-alive\n\n"))] * 12
        script: Script = [SSE_HEAD, *waits, chunk(event(delta("late", finish="stop"))), END]
        limit = 0.3
        async with ByteServer([script]) as server:
            request = get(server.url, first_byte_timeout=limit)
            got = b""
            async with transport.open(request, reader()) as answer:
                while data := await answer.read(limit, "first_token"):
                    got += data
        assert got.count(b": keep-alive") == 12
        assert b"late" in got


async def test_who_is_cancelled_while_others_are_closed_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clients = Clients({}, Clock().moves())
    here, there = (Route(secure=False, http2=flag) for flag in (False, True))
    third = Route("http://127.0.0.1:9", secure=False)
    old = [await clients.take(route) for route in (here, there)]
    for client in old:
        await clients.give_back(client)
        client.used_at -= network.IDLE_SECONDS + 1
    closing, never = asyncio.Event(), asyncio.Event()
    close = old[0].http.aclose

    async def slow() -> None:
        closing.set()
        await never.wait()

    monkeypatch.setattr(old[0].http, "aclose", slow)
    taking = asyncio.create_task(clients.take(third))
    await closing.wait()
    taking.cancel()
    await asyncio.wait({taking})
    assert taking.cancelled()
    assert [client.uses for client in clients._kept.values()] == [0]
    monkeypatch.setattr(old[0].http, "aclose", close)
    await clients.aclose()
    assert all(client.http.is_closed for client in old)
