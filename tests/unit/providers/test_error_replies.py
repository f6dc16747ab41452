import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.chat.explain import explain_error
from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.i18n import install, language
from desktop_chat.providers.errors import MAX_MESSAGE, MAX_RAW, retry_after
from desktop_chat.providers.texts import in_short
from tests.unit.providers.error_replies import PAGES, REFUSED, TRACES, Refused
from tests.unit.providers.support import reader

TRANSLATIONS = Path(__file__).parents[3] / "resources" / "translations"


def told(refused: Refused) -> ErrorInfo:
    errors = reader()
    if refused.status >= 400:
        return errors.from_reply(refused.status, refused.headers, refused.text.encode())
    if isinstance(refused.body, str):
        return errors.from_text(refused.body, refused.headers)
    return errors.from_payload(refused.body, refused.headers)


@pytest.mark.parametrize("refused", REFUSED, ids=lambda row: f"{row.service} {row.status}")
def test_what_is_told_of_a_refusal(refused: Refused) -> None:
    info = told(refused)
    assert info.kind is refused.kind
    assert info.message == refused.words
    assert info.code == refused.code
    assert info.request_id == refused.id


@pytest.mark.parametrize("refused", TRACES + PAGES, ids=lambda row: row.service)
def test_no_insides_are_shown(refused: Refused) -> None:
    """Neither in the words nor in the folded detail."""
    shown = repr(told(refused))
    for part in ("File ", "/srv", "/app", ".java", "goroutine", "Traceback", "<h", "198.51"):
        assert part not in shown


@pytest.mark.parametrize(
    "text",
    [
        "Internal Server Error",
        "Look at this:\n1. one\n2. two",
        "Error at line 3\nplease check",
        "see https://example.test/docs at the end",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert in_short(text) == text


@pytest.fixture(params=["en", "zh_CN"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    before = language()
    install(request.param, TRANSLATIONS)
    yield request.param
    install(before, TRANSLATIONS)


def test_every_refusal_has_a_next_step(spoken: str) -> None:
    for refused in REFUSED:
        card = explain_error(told(refused), service_name="Here")
        assert card.title
        assert card.cause
        assert card.actions
        if refused.words and refused.kind not in (ErrorKind.AUTHENTICATION,):
            assert refused.words.removesuffix(".")[:200] in card.cause


@pytest.mark.parametrize("kind", set(ErrorKind) - {ErrorKind.STORAGE})
def test_every_kind_has_title_words_and_a_step(spoken: str, kind: ErrorKind) -> None:
    card = explain_error(ErrorInfo(kind, host="h.test"), service_name="Here")
    assert card.title
    assert card.cause
    assert card.actions
    if spoken == "zh_CN":
        assert any("\u4e00" <= sign <= "\u9fff" for sign in card.title)
        assert any("\u4e00" <= sign <= "\u9fff" for sign in card.cause)


@given(st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,12} [A-Z][a-z]{2} \d{1,12} .*"))
def test_any_time_to_wait(value: str) -> None:
    seconds = retry_after({"retry-after": value})
    assert seconds is None or seconds >= 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["9" * 5000, "\ud800", "<html><title>x</title>", "Traceback"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "errors",
                    "message",
                    "msg",
                    "detail",
                    "loc",
                    "code",
                    "type",
                    "metadata",
                    "raw",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([400, 429, 500]))
def test_any_refusal_is_bounded_and_can_be_stored(payload: object, status: int) -> None:
    errors = reader()
    body = json.dumps(payload).encode()
    for info in (errors.from_reply(status, {}, body), errors.from_payload(payload, {})):
        assert len(info.message) <= MAX_MESSAGE
        assert len(info.raw) <= MAX_RAW
        (info.message + info.raw + info.code + info.request_id).encode()
        assert "<html" not in repr(info)
