"""Where links go, how hosts are written, when the reader is asked."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desktop_chat.ui.transcript.links.links import Doubt, doubt_of, hosts_in, target_of, visible


@pytest.mark.parametrize(
    ("href", "before", "host", "shown", "after"),
    [
        ("https://Example.COM/Path?q#f", "https://", "example.com", "example.com", "/Path?q#f"),
        ("HTTP://example.com.", "http://", "example.com", "example.com", ""),
        ("https://example.com:8443/a", "https://", "example.com", "example.com", ":8443/a"),
        ("https://[2001:DB8::1]:80/", "https://", "[2001:db8::1]", "[2001:db8::1]", ":80/"),
        ("https://%65xample.com/", "https://", "example.com", "example.com", "/"),
        ("https://me:pw@example.com/", "https://me:pw@", "example.com", "example.com", "/"),
        ("mailto:a@Example.com?subject=x", "mailto:a@", "example.com", "example.com", "?subject=x"),
        ("https://中文.com/", "https://", "xn--fiq228c.com", "中文.com", "/"),
        ("https://中文。com/", "https://", "xn--fiq228c.com", "中文.com", "/"),
        ("https://한국.kr", "https://", "xn--3e0b707e.kr", "한국.kr", ""),
        ("https://qq中.com", "https://", "xn--qq-ry2c.com", "xn--qq-ry2c.com", ""),
        ("https://Bücher.de", "https://", "xn--bcher-kva.de", "xn--bcher-kva.de", ""),
        ("https://ｅｘａｍｐｌｅ.com", "https://", "example.com", "example.com", ""),
        ("https://xn--fiq228c.com", "https://", "xn--fiq228c.com", "中文.com", ""),
        ("https://XN--FIQ228C.com.", "https://", "xn--fiq228c.com", "中文.com", ""),
        ("https://xn--r0a8biqsd.com", "https://", "xn--r0a8biqsd.com", "xn--r0a8biqsd.com", ""),
        ("https://xn--a-ecp.ru", "https://", "xn--a-ecp.ru", "xn--a-ecp.ru", ""),
        ("https://кремль.рф", "https://", "xn--e1ajeds9e.xn--p1ai", "xn--e1ajeds9e.xn--p1ai", ""),
        ("https://a.com/\u202egnp.exe", "https://", "a.com", "a.com", "/%E2%80%AEgnp.exe"),
    ],
)
def test_addresses_are_taken_apart(
    href: str, before: str, host: str, shown: str, after: str
) -> None:
    target = target_of(href)
    assert target is not None
    assert (target.before, target.host, target.shown, target.after) == (before, host, shown, after)


@pytest.mark.parametrize("href", ["javascript:alert(1)", "file:///etc/passwd", "data:,x", "", "#1"])
def test_other_schemes_are_no_targets(href: str) -> None:
    assert target_of(href) is None
    assert doubt_of(href, "here") is Doubt.ODD


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("here", []),
        ("the docs", []),
        ("https://paypal.com", ["paypal.com"]),
        ("see https://PayPal.com/login, please", ["paypal.com"]),
        ("www.paypal.com", ["www.paypal.com"]),
        ("paypal.com", ["paypal.com"]),
        ("“paypal.com”", ["paypal.com"]),
        ("paypal.com:8080/x", ["paypal.com"]),
        ("docs.python.org/3/library", ["docs.python.org"]),
        ("me@bank.com", ["bank.com"]),
        ("中文.中国", ["xn--fiq228c.xn--fiqs8s"]),
        ("pay\u200bpal.com", ["paypal.com"]),
        ("https://a.com and https://b.com", ["a.com", "b.com"]),
        ("https://exam…", []),
        ("https://example.com/a/very/lo…", ["example.com"]),
        ("Node.js", []),
        ("main.py", []),
        ("README.md", []),
        ("ASP.NET", []),
        ("v1.2.3", []),
        ("3.14", []),
        ("e.g.", []),
        ("and/or", []),
        ("第 1.2 节", []),
    ],
)
def test_hosts_that_a_text_names(text: str, hosts: list[str]) -> None:
    assert hosts_in(text) == hosts


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("here", "https://example.com/"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com", "http://EXAMPLE.com.:8080/x"),
        ("example.com", "https://www.example.com/"),
        ("www.example.com", "https://example.com/"),
        ("python.org", "https://docs.python.org/3"),
        ("https://中文.com/路", "https://xn--fiq228c.com/%E8%B7%AF"),
        ("Node.js", "https://nodejs.org/"),
        ("me@example.com", "mailto:me@example.com"),
        ("Bücher", "https://bücher.de/"),
        ("官网", "https://例子.中国"),
        ("местo", "https://пример.рф"),
        ("https://[::1]:8000/", "http://[::1]:8000/"),
        ("https://example.com/a/b…", "https://example.com/a/b/c"),
    ],
)
def test_what_is_plain_opens_at_once(text: str, href: str) -> None:
    assert doubt_of(href, text) is None


@pytest.mark.parametrize(
    ("text", "href", "doubt"),
    [
        ("https://paypal.com", "https://evil.example/", Doubt.OTHER_HOST),
        ("paypal.com", "https://evil.example/paypal.com", Doubt.OTHER_HOST),
        ("paypal.com", "https://paypal.com.evil.example/", Doubt.OTHER_HOST),
        ("paypal.com", "https://notpaypal.com/", Doubt.OTHER_HOST),
        ("docs.python.org", "https://python.org.evil.example", Doubt.OTHER_HOST),
        ("me@bank.com", "mailto:me@evil.example", Doubt.OTHER_HOST),
        ("https://example.com", "https://[::1]/", Doubt.OTHER_HOST),
        ("https://раypal.com", "https://paypal.com/", Doubt.OTHER_HOST),
        ("go", "https://paypal.com@evil.example/", Doubt.USER),
        ("go", "https://paypal.com%2Flogin@evil.example/", Doubt.USER),
        ("go", "https://user:password@example.com/", Doubt.USER),
        ("go", "https://pаypal.com/", Doubt.LOOKALIKE),
        ("pаypal.com", "https://pаypal.com/", Doubt.LOOKALIKE),
        ("go", "https://аррӏе.com/", Doubt.LOOKALIKE),
        ("go", "https://xn--80ak6aa92e.com/", Doubt.LOOKALIKE),
        ("go", "https://ɡoogle.com/", Doubt.LOOKALIKE),
        ("go", "https://googlе丿login.com/", Doubt.LOOKALIKE),
        ("go", "https://中丿文.com/", Doubt.LOOKALIKE),
        ("go", "https://good.com\\@evil.example/", Doubt.ODD),
        ("go", "https:\\\\evil.example/", Doubt.ODD),
        ("go", "https:///evil.example/", Doubt.ODD),
        ("go", "https:evil.example", Doubt.ODD),
        ("go", "https://good.com%2F.evil.example/", Doubt.ODD),
        ("go", "https://good.com%00.evil.example/", Doubt.ODD),
        ("go", "https://goo\u200bd.com/", Doubt.ODD),
        ("go", "https://", Doubt.ODD),
        ("go", "https://a b.com/", Doubt.ODD),
    ],
)
def test_what_may_deceive_is_asked(text: str, href: str, doubt: Doubt) -> None:
    assert doubt_of(href, text) is doubt


def test_what_cannot_be_seen_is_written_as_numbers() -> None:
    assert visible("a\u202eb\u200b中\n") == "a%E2%80%AEb%E2%80%8B中%0A"
    assert visible("plain %20 text") == "plain %20 text"


@given(st.text(max_size=40), st.text(max_size=40))
@example("\ud800", "https://\ud800.com")
@example("xn--99999999999.com", "xn--a\x80.com")
def test_no_address_breaks_it(name: str, text: str) -> None:
    for href in (f"https://{name}", f"mailto:{name}", f"http://{name}@{text}", name):
        target = target_of(href)
        if target is not None:
            assert target.host.isascii()
            assert all(ord(mark) > 31 for mark in target.shown)
        doubt_of(href, text)
    hosts_in(text)


def is_odd(href: str) -> bool:
    target = target_of(href)
    assert target is not None
    return target.odd


def test_fields_of_a_mail_that_do_more_than_write_are_asked_about() -> None:
    assert not is_odd("mailto:a@example.com?subject=Hi&body=Text")
    assert is_odd("mailto:a@example.com?attach=/etc/passwd")
    assert is_odd("mailto:a@example.com?bcc=b@example.org")


def test_a_host_longer_than_any_is_not_taken_apart() -> None:
    long = "".join(chr(0x4E00 + number % 5000) for number in range(16_000))
    assert is_odd(f"http://{long}/")
