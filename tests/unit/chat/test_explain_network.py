"""What is said of connections that cannot be made."""

import pytest

from desktop_chat.chat.explain import explain_error
from desktop_chat.core.errors import ErrorInfo, ErrorKind

VALUES = {"proxy": "socks5h://p:1", "path": "/ca.pem"}


@pytest.mark.parametrize(
    ("code", "reason", "says"),
    [
        ("proxy", "", "socks5h://p:1"),
        ("proxy_auth", "", "another user or password"),
        ("proxy_unreachable", "", "Nothing answers at the proxy socks5h://p:1"),
        ("proxy_refused", "", "did not make the connection"),
        ("ca_file", "unreadable", "cannot be read: /ca.pem"),
        ("ca_file", "not_pem", "PEM format in this file: /ca.pem"),
        ("tls", "expired", "h.cn has expired"),
        ("tls", "not_yet_valid", "not valid yet"),
        ("tls", "self_signed", "nobody but itself"),
        ("tls", "unknown_issuer", "an authority that is not known here"),
        ("tls", "host", "another name than h.cn"),
        ("tls", "not_tls", "no https"),
        ("tls", "too_old", "outdated"),
        ("tls", "", "No secure connection could be made to h.cn"),
    ],
)
@pytest.mark.parametrize("terminal", [True, False])
def test_each_cause_is_told(code: str, reason: str, says: str, terminal: bool) -> None:
    values = VALUES | ({"reason": reason} if reason else {})
    told = explain_error(
        ErrorInfo(ErrorKind.NETWORK, code=code, host="h.cn", values=values), terminal=terminal
    )
    assert says in told.cause
    assert "{" not in told.cause


def test_a_proxy_that_tells_no_address_is_told_too() -> None:
    told = explain_error(ErrorInfo(ErrorKind.NETWORK, code="proxy_refused", host="h.cn"))
    assert "The proxy did not make the connection." in told.cause


def test_the_whole_time_of_an_answer() -> None:
    error = ErrorInfo(ErrorKind.TIMEOUT, code="total", values={"seconds": "600"})
    assert "not complete within 600 s" in explain_error(error).cause
