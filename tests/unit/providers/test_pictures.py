"""Fetching images from addresses that a model wrote; a real server, and no way to private hosts."""

import struct
import zlib
from collections.abc import AsyncIterator

import pytest

from desktop_chat.core.errors import ErrorInfo, ErrorKind, ProviderError
from desktop_chat.providers import pictures
from desktop_chat.providers.http import HttpTransport
from desktop_chat.providers.pictures import MAX_REDIRECTS, HttpPictures, is_public
from tests.helpers.byte_server import CLOSE, END, HANG, ByteServer, Step, chunk, reply

HOST = "pictures.test"


def no_proxy(_scheme: str, _host: str) -> str:
    return ""


def part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + part(b"IDAT", zlib.compress(b"\0\0"))
    + part(b"IEND", b"")
)


async def here(host: str, _port: int) -> list[str]:
    """Look a host up: all are this computer."""
    if host == "nowhere.test":
        raise OSError("unknown")
    return ["127.0.0.1"]


def only_the_test_host(host: str, address: str) -> bool:
    return host == HOST or is_public(host, address)


@pytest.fixture
async def transport(_no_leaked_tasks: None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(no_proxy)
    yield made
    await made.aclose()


@pytest.fixture
def fetcher(transport: HttpTransport) -> HttpPictures:
    return HttpPictures(
        transport, redact=lambda text: text, resolve=here, permits=only_the_test_host
    )


def address(server: ByteServer, path: str = "/a.png", host: str = HOST) -> str:
    return f"http://{host}:{server.port}{path}"


async def fail(fetcher: HttpPictures, url: str) -> ErrorInfo:
    with pytest.raises(ProviderError) as caught:
        await fetcher.fetch(url)
    return caught.value.info


def sends_to(location: str) -> bytes:
    return reply(302, b"", f"Location: {location}")


async def test_an_image_is_fetched_and_nothing_tells_of_the_reader(fetcher: HttpPictures) -> None:
    async with ByteServer([reply(200, PNG, content_type="image/png")]) as server:
        assert await fetcher.fetch(address(server, "/p/a.png?x=1")) == PNG
        host = f"{HOST}:{server.port}"
    request = server.requests[0]
    assert (request.method, request.path, request.body) == ("GET", "/p/a.png?x=1", b"")
    assert request.headers["host"] == host
    for name in ("cookie", "authorization", "referer", "origin"):
        assert name not in request.headers


async def test_a_connection_is_not_used_for_another_host(fetcher: HttpPictures) -> None:
    async with ByteServer([reply(200, PNG, content_type="image/png")]) as server:
        await fetcher.fetch(address(server))
        await fetcher.fetch(address(server))
    assert [request.connection for request in server.requests] == [0, 1]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/a.png",
        "http://localhost:{port}/a.png",
        "http://[::1]:{port}/a.png",
        "http://2130706433:{port}/a.png",
        "http://0x7f.1:{port}/a.png",
        "http://192.168.1.1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://100.64.0.1/",
    ],
)
async def test_a_private_address_is_never_asked(transport: HttpTransport, url: str) -> None:
    fetcher = HttpPictures(transport, redact=lambda text: text)
    async with ByteServer([reply(200, PNG, content_type="image/png")]) as server:
        error = await fail(fetcher, url.format(port=server.port))
    assert (error.kind, error.code) == (ErrorKind.PERMISSION, "private_address")
    assert not server.connections


async def test_a_name_with_one_private_address_is_not_asked(transport: HttpTransport) -> None:
    async def both(_host: str, _port: int) -> list[str]:
        return ["93.184.215.14", "127.0.0.1"]

    fetcher = HttpPictures(transport, redact=lambda text: text, resolve=both)
    assert (await fail(fetcher, "http://a.test/x.png")).code == "private_address"


async def test_the_address_that_was_judged_is_the_one_that_is_asked(
    transport: HttpTransport,
) -> None:
    looked_up = []

    async def once(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    # The system cannot look this name up: what answers was reached by the address alone.
    fetcher = HttpPictures(
        transport, redact=lambda text: text, resolve=once, permits=lambda _host, _address: True
    )
    async with ByteServer([reply(200, PNG, content_type="image/png")]) as server:
        assert await fetcher.fetch(address(server, host="no-such-name.invalid")) == PNG
    assert looked_up == ["no-such-name.invalid"]


async def test_a_redirect_is_followed(fetcher: HttpPictures) -> None:
    scripts = [sends_to("/b.png"), reply(200, PNG, content_type="image/png")]
    async with ByteServer(scripts) as server:
        assert await fetcher.fetch(address(server)) == PNG
    assert [request.path for request in server.requests] == ["/a.png", "/b.png"]


async def test_a_redirect_to_a_private_address_is_not(fetcher: HttpPictures) -> None:
    async with (
        ByteServer([reply(200, PNG, content_type="image/png")]) as inner,
        ByteServer([sends_to(f"http://127.0.0.1:{inner.port}/")]) as server,
    ):
        error = await fail(fetcher, address(server))
    assert error.code == "private_address"
    assert not inner.connections


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://a.test/", "javascript:x"])
async def test_a_redirect_to_another_scheme_is_not(fetcher: HttpPictures, location: str) -> None:
    async with ByteServer([sends_to(location)]) as server:
        assert (await fail(fetcher, address(server))).kind is ErrorKind.BAD_REQUEST


async def test_redirects_without_end_end(fetcher: HttpPictures) -> None:
    async with ByteServer([sends_to("/again.png")]) as server:
        error = await fail(fetcher, address(server))
    assert error.kind is ErrorKind.REDIRECT
    assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PNG, "text/html"),
        (b"<html>no</html>", "image/png"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
        (b"", "image/png"),
    ],
)
async def test_what_is_no_image_is_refused(fetcher: HttpPictures, body: bytes, kind: str) -> None:
    async with ByteServer([reply(200, body, content_type=kind)]) as server:
        error = await fail(fetcher, address(server))
    assert (error.kind, error.code) == (ErrorKind.PROTOCOL, "not_image")


async def test_a_body_without_end_ends(
    fetcher: HttpPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 100_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
    more = chunk(b"\0" * 50_000)
    async with ByteServer([[head, chunk(PNG), more, more, more, HANG]]) as server:
        error = await fail(fetcher, address(server))
    assert (error.kind, error.code) == (ErrorKind.PROTOCOL, "too_large")


async def test_a_length_that_is_too_much_is_not_waited_for(fetcher: HttpPictures) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99999999\r\n\r\n"
    async with ByteServer([[head, HANG]]) as server:
        assert (await fail(fetcher, address(server))).code == "too_large"


@pytest.mark.parametrize(
    ("status", "kind"), [(404, ErrorKind.NOT_FOUND), (403, ErrorKind.PERMISSION), (500, "server")]
)
async def test_a_refusal_has_its_status(fetcher: HttpPictures, status: int, kind: str) -> None:
    async with ByteServer([reply(status, b"<h1>no</h1>", content_type="text/html")]) as server:
        error = await fail(fetcher, address(server))
    assert (error.kind, error.status, error.host) == (kind, status, HOST)


async def test_a_connection_that_ends_early_is_told(fetcher: HttpPictures) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 900\r\n\r\n"
    async with ByteServer([[head, PNG, CLOSE]]) as server:
        assert (await fail(fetcher, address(server))).kind is ErrorKind.DROPPED


async def test_a_host_that_is_unknown_is_told(fetcher: HttpPictures) -> None:
    error = await fail(fetcher, "http://nowhere.test/a.png")
    assert (error.kind, error.code, error.host) == (ErrorKind.NETWORK, "dns", "nowhere.test")


@pytest.mark.parametrize(
    "url", ["ftp://a.test/x", "http://", "http://u:p@a.test/", "http://[::", "data:x"]
)
async def test_what_is_no_address_is_told(fetcher: HttpPictures, url: str) -> None:
    assert (await fail(fetcher, url)).kind is ErrorKind.BAD_REQUEST


async def test_the_next_address_is_tried_where_the_first_does_not_answer(
    transport: HttpTransport,
) -> None:
    async def two(_host: str, _port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    fetcher = HttpPictures(
        transport, redact=lambda text: text, resolve=two, permits=lambda _host, _address: True
    )
    async with ByteServer([reply(200, PNG, content_type="image/png")]) as server:
        assert await fetcher.fetch(address(server)) == PNG


async def test_a_proxy_looks_up_for_itself() -> None:
    async with ByteServer([reply(200, PNG, content_type="image/png")]) as proxy:
        transport = HttpTransport(lambda _scheme, _host: proxy.origin)
        fetcher = HttpPictures(transport, redact=lambda text: text, resolve=here)
        try:
            assert await fetcher.fetch("http://nowhere.test/a.png") == PNG
            assert (await fail(fetcher, "http://here.test/a.png")).code == "private_address"
        finally:
            await transport.aclose()
    assert [request.path for request in proxy.requests] == ["http://nowhere.test/a.png"]


async def test_chunks_are_put_together(fetcher: HttpPictures) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
    script: list[Step] = [head, chunk(PNG[:20]), (0.0, chunk(PNG[20:])), END]
    async with ByteServer([script]) as server:
        assert await fetcher.fetch(address(server)) == PNG


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("198.18.0.7", True),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("2002:7f00:1::", False),
        ("fec0::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("192.0.0.192", False),
        ("168.63.129.16", False),
        ("words", False),
    ],
)
def test_addresses_of_the_open_internet(address: str, public: bool) -> None:
    assert is_public("a.test", address) is public
