import base64
import html
import json
import re
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_chat.system.redaction import Redactor, is_opaque, looks_like_key

ODD = 'k/ey+with "quotes"&ünïcode=\\1'
HEX = "0123456789abcdef0123456789abcdef"
UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def test_by_value() -> None:
    redactor = Redactor()
    redactor.add("  plain-value-of-a-key \n")
    assert redactor.clean("a plain-value-of-a-key, b") == "a ***, b"


def test_short_values_are_left() -> None:
    redactor = Redactor()
    redactor.add("error")
    redactor.add("")
    redactor.add("abcdef")
    assert redactor.clean("an error in abcdef") == "an error in ***"


@pytest.mark.parametrize(
    "encode",
    [
        lambda key: key,
        lambda key: urllib.parse.quote(key, safe=""),
        lambda key: re.sub("%..", lambda m: m.group().lower(), urllib.parse.quote(key, safe="")),
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda key: json.dumps({"k": key}),
        lambda key: json.dumps({"k": key}, ensure_ascii=False),
        lambda key: json.dumps({"k": json.dumps({"k": key})}),
        lambda key: json.dumps({"k": key}).replace("/", "\\/"),
        lambda key: repr({"k": key}),
        html.escape,
        lambda key: key.encode().hex(),
        lambda key: base64.b64encode(key.encode()).decode(),
        lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
        lambda key: base64.b64encode(f"me:{key}:x".encode()).decode(),
        lambda key: base64.urlsafe_b64encode(f"u:{key}".encode()).decode(),
    ],
)
@pytest.mark.parametrize("key", [ODD, "plain-value-of-a-key", "sk-Zz12Zz12Zz12Zz12"])
def test_by_value_in_every_encoding(encode: object, key: str) -> None:
    redactor = Redactor()
    redactor.add("another-secret")
    redactor.add(key)
    encoded = encode(key)  # type: ignore[operator]
    cleaned = redactor.clean(f"x{encoded} y")
    for part in (key, encoded, key[4:], encoded[4:-4]):
        assert part not in cleaned
    assert cleaned.endswith("y")


def test_a_key_that_was_cut_off() -> None:
    redactor = Redactor()
    redactor.add("abcdefghijklmnopqrstuvwx")
    assert redactor.clean("bad key abcdefghijklmnopq…") == "bad key ***…"
    assert redactor.clean("abcdefgh is short") == "abcdefgh is short"


@pytest.mark.parametrize(
    "echo",
    ["Zq7-opaq*****s_99", "Zq7-…s_99", "zq7-op...s_99", "Zq7-••••", "****s_99", "……S_99",
     "ZQ7-OPAQUE.KEY/WITH+ODD=CHARS_99", "zq7-opaque.key/with+odd=chars_99"],
)  # fmt: skip
def test_a_key_of_which_the_ends_are_shown(echo: str) -> None:
    redactor = Redactor()
    redactor.add("Zq7-opaque.key/with+odd=chars_99")
    assert redactor.clean(f"your key {echo} is wrong") == "your key *** is wrong"


def test_what_only_begins_or_ends_like_a_key_stays() -> None:
    redactor = Redactor()
    redactor.add("Zq7-opaque.key/with+odd=chars_99")
    for text in ("Zq7-9 is a word", "see s_99 …", "aZq7-x…", "and so on..."):
        assert redactor.clean(text) == text


def test_a_longer_key_is_not_cut_by_a_shorter_one() -> None:
    redactor = Redactor()
    redactor.add("secret-one")
    redactor.add("secret-one-and-more")
    assert redactor.clean("secret-one-and-more secret-one") == "*** ***"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("key sk-proj-Ab12_cd34-Ef56 end", "key sk-*** end"),
        ("sk-abcdefghijklmnopqrst", "sk-***"),
        ("Incorrect API key provided: sk-abc1****wxyz. See", "Incorrect API key provided: *** See"),
        ("Authorization: Bearer abc", "Authorization: ***"),
        ('{"authorization": "Basic dXNlcjpwYXNz"}', '{"authorization": "***"}'),
        (r"{\"Authorization\":\"Bearer abc123456\"}", r"{\"Authorization\":\"***\"}"),
        ("Proxy-Authorization: Digest x1y2z3", "Proxy-Authorization: ***"),
        ("sent bearer abcdefgh12345678 there", "sent bearer *** there"),
        ("api_key=abcdef123", "api_key=***"),
        ("'x-api-key': 'abcdef123'", "'x-api-key': '***'"),
        ("API key: abcdef123", "API key: ***"),
        ("client_secret=abc/def+123==&x=1", "client_secret=***&x=1"),
        ("DEEPSEEK_API_KEY=abcdef123", "DEEPSEEK_API_KEY=***"),
        ('"access_token":"abcdef.123"', '"access_token":"***"'),
        ("https://host/v1?key=abc&alt=sse", "https://host/v1?key=***&alt=sse"),
        ("http://user:pass@proxy:8080/", "http://***@proxy:8080/"),
        ("http://user:p@ss@proxy:8080/", "http://***@proxy:8080/"),
        ("http://:pass@proxy:8080/", "http://***@proxy:8080/"),
        (f"refused {HEX} here", "refused *** here"),
        (f"refused {UUID}.", "refused ***."),
        ("eyJhbGciOi.eyJzdWIiOi.SflKxwRJ", "***"),
        ("AIzaSyA1234567890abcdefghijk", "AIza***"),
    ],
)
def test_by_pattern(text: str, cleaned: str) -> None:
    assert Redactor().clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The risk-averse way of task-oriented sk-learn",
        "max_tokens: 4096, total_tokens=123456",
        "Unexpected token: something",
        "Bearer authentication required",
        "HTTP 401 invalid_api_key",
        f'"request_id": "{UUID}"',
        f"request id: {HEX}",
        f"x-trace-id: {UUID}",
        "0195e3f0a1b2c3d4e5f60718293a",
        "commit 56b2630, 1234567890123",
        "https://api.deepseek.com/chat/completions",
        "你好，密钥无效",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert Redactor().clean(text) == text


@settings(deadline=None)
@given(st.text(alphabet="abc123sk-:=\"' .*\\/&?_…BeareAuthorizationapi_key@密钥", max_size=80))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    redactor = Redactor()
    redactor.add("abc123abc123")
    once = redactor.clean(text)
    assert redactor.clean(once) == once


@settings(deadline=None)
@given(st.text(min_size=6, max_size=60).filter(lambda text: len(text.strip()) >= 6), st.text())
def test_a_known_value_never_survives(secret: str, around: str) -> None:
    redactor = Redactor()
    redactor.add(secret)
    cleaned = redactor.clean(f"{around}{secret}{around}")
    assert secret.strip() not in cleaned.replace("***", "\0")


def test_a_long_text_takes_no_long_time() -> None:
    """Patterns that go back and forth would take minutes here."""
    redactor = Redactor()
    redactor.add("abcdefghijklmnop")
    for text in (
        "a" * 200_000,
        "sk-" * 60_000,
        "api_key " * 20_000,
        "ab12-" * 40_000,
        "://a:" * 9,
        "://" + "a:" * 100_000,
        "request id" + " " * 200_000,
        "abcd-" * 40_000,
    ):
        redactor.clean(text)


def test_a_value_that_cannot_be_encoded() -> None:
    """So an environment variable reads that is no UTF-8."""
    redactor = Redactor()
    redactor.add("sk\udcff-plain-value")
    assert redactor.clean("a sk\udcff-plain-value b") == "a *** b"


@pytest.mark.parametrize("text", ["sk-abc123def456", "Bearer abc123def456", "http://u:p@h/"])
def test_looks_like_key(text: str) -> None:
    assert looks_like_key(text)
    assert not looks_like_key("https://host/v1")


def test_is_opaque() -> None:
    assert is_opaque(UUID)
    assert is_opaque(HEX)
    assert not is_opaque("ARK_API_KEY")


def test_both_halves_of_a_pair() -> None:
    redactor = Redactor()
    redactor.add("AKIDcompany01\nhunter22")
    redactor.add("admin\nword-of-pass")
    cleaned = redactor.clean("AKIDcompany01, hunter22, admin, word-of-pass")
    assert cleaned == "***, ***, admin, ***"


def test_a_token_is_hidden_until_it_is_shown() -> None:
    redactor = Redactor()
    token = "opaque words and dots. " * 100
    twice = redactor.hide(token), redactor.hide(token)
    for show in twice:
        assert redactor.clean(f"<{token.strip()}>") == "<***>"
        show()
        show()
    assert redactor.clean(f"<{token}>") == f"<{token}>"
    redactor.hide("tiny")()
    assert redactor.clean("tiny") == "tiny"
