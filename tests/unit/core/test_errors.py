import pytest

from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind, ProviderError, StoreError


def test_text_of_an_error_is_kind_status_and_message_only() -> None:
    info = ErrorInfo(ErrorKind.AUTHENTICATION, 401, "wrong key", raw="<body>", request_id="r1")
    assert str(ProviderError(info)) == "authentication 401 wrong key"
    assert str(StoreError(ErrorInfo(ErrorKind.STORAGE))) == "storage"


@pytest.mark.parametrize("kind", [ProviderError, StoreError])
def test_every_failure_that_is_told_is_a_chat_error(kind: type[ChatError]) -> None:
    info = ErrorInfo(ErrorKind.SERVER, 500)
    with pytest.raises(ChatError) as caught:
        raise kind(info)
    assert caught.value.info is info


def test_values_of_kinds_are_fixed() -> None:
    """They are in databases and in the output of the terminal."""
    assert {kind.value for kind in ErrorKind} >= {
        "no_key",
        "authentication",
        "permission",
        "balance",
        "rate_limit",
        "network",
        "dropped",
        "timeout",
        "storage",
    }
