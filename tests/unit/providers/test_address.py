import pytest

from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.providers.address import is_loopback, parse_address


@pytest.mark.parametrize(
    ("text", "base", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1", "https://api.openai.com"),
        ("https://api.openai.com", "https://api.openai.com/v1", "https://api.openai.com"),
        ("https://api.openai.com/", "https://api.openai.com/v1", "https://api.openai.com"),
        (" https://API.OpenAI.com:443/v1// ", "https://api.openai.com/v1", "https://api.openai.com"),
        ("https://api.deepseek.com", "https://api.deepseek.com", "https://api.deepseek.com"),
        ("https://api.deepseek.com/v1", "https://api.deepseek.com/v1", "https://api.deepseek.com"),
        ("http://localhost:11434", "http://localhost:11434/v1", "http://localhost:11434"),
        ("http://[::1]:8080/v1/", "http://[::1]:8080/v1", "http://[::1]:8080"),
        ("https://h.cn/api/v3", "https://h.cn/api/v3", "https://h.cn"),
        ("https://h.cn/v1beta/openai/", "https://h.cn/v1beta/openai", "https://h.cn"),
        ("https://h.cn/v1/chat/completions", "https://h.cn/v1", "https://h.cn"),
        ("https://h.cn/chat/completions/", "https://h.cn", "https://h.cn"),
        ("https://h.cn/api/v3/bots/chat/completions", "https://h.cn/api/v3/bots", "https://h.cn"),
        ("wss://H.cn/v1/chat", "https://h.cn/v1/chat", "https://h.cn"),
        ("wss://h.cn:443", "https://h.cn/v1", "https://h.cn"),
        ("ws://127.0.0.1:80/v1", "http://127.0.0.1/v1", "http://127.0.0.1"),
        ("wss://h.cn:80/v1", "https://h.cn:80/v1", "https://h.cn:80"),
        ("https://例子.测试/v1", "https://xn--fsqu00a.xn--0zwm56d/v1",
         "https://xn--fsqu00a.xn--0zwm56d"),
    ],
)  # fmt: skip
def test_addresses(text: str, base: str, origin: str) -> None:
    address = parse_address(text)
    assert (address.base, address.origin) == (base, origin)
    assert address.chat_url == base + "/chat/completions"
    assert address.below("/models?type=chat") == base + "/models?type=chat"
    assert parse_address(address.chat_url) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("api.openai.com/v1", "scheme"),
        ("localhost:11434", "scheme"),
        ("ftp://h.cn", "scheme"),
        ("https://", "host"),
        ("https:///v1", "host"),
        ("https://a..b/v1", "host"),
        ("https://exa mple.com", "space"),
        ("https://h.cn/v1 sk-0123", "space"),
        ("https://" + "a" * 64 + ".com", "host"),
        ("https://h.cn:0/v1", "host"),
        ("https://h.cn/v1?api-version=1", "query"),
        ("https://h.cn/v1#x", "query"),
        ("https://user:word@h.cn/v1", "user"),
        ("https://h.cn:99999/v1", "invalid"),
        ("https://h.cn:port/v1", "invalid"),
        ("https://[::1/v1", "invalid"),
        ("https://h\n.cn", "space"),
    ],
)
def test_what_is_no_address(text: str, reason: str) -> None:
    with pytest.raises(ProviderError) as caught:
        parse_address(text)
    info = caught.value.info
    assert (info.kind, info.code) == (ErrorKind.BAD_REQUEST, "base_url")
    assert info.values["reason"] == reason


def test_a_key_in_the_address_is_not_repeated() -> None:
    for text in (
        "https://h.cn/v1?key=sk-secret",
        "https://me:sk-secret@h.cn/v1",
        "me:sk-secret@h.cn/v1",
        "ftp:me:sk-secret@h.cn",
    ):
        with pytest.raises(ProviderError) as caught:
            parse_address(text)
        assert "sk-secret" not in repr(caught.value.info)


def test_loopback() -> None:
    for host in (
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "[::1]",
    ):
        assert is_loopback(host), host
    for host in ("example.com", "10.0.0.1", "localhost.example.com", "::2", "0.0.0.0", ""):
        assert not is_loopback(host), host
