import copy
import logging
import pickle
import traceback

import pytest

from desktop_chat.core.secret import Secret

KEY = "sk-0123456789abcdef"


def test_value_without_the_space_that_a_paste_brings() -> None:
    assert Secret(f"\n {KEY}\t").reveal() == KEY


def test_it_is_not_printed_by_accident(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(KEY)
    logging.getLogger("x").warning("%s %r %s", secret, secret, [secret])
    try:
        raise ValueError(secret)
    except ValueError:
        caught = traceback.format_exc()
    for text in (str(secret), repr(secret), f"{secret}", f"{[secret]}", caplog.text, caught):
        assert KEY not in text
        assert "***" in text


@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_not_kept_by_accident(keep: object) -> None:
    with pytest.raises(TypeError):
        keep(Secret(KEY))  # type: ignore[operator]


def test_it_has_no_place_for_more() -> None:
    assert not hasattr(Secret(KEY), "__dict__")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (KEY, "sk-…cdef"),
        ("b7c10000-0000-0000-0000-00000000e042", "b7c1…e042"),
        ("short", "…"),
        ("", "…"),
        ("123456789012345", "…"),
        ("1234567890123456", "1234…3456"),
    ],
)
def test_hint(value: str, hint: str) -> None:
    assert Secret(value).hint() == hint


def test_comparison() -> None:
    assert Secret(KEY) == Secret(f" {KEY} ")
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1
    assert hash(Secret(KEY)) != hash(KEY)


def test_an_empty_one_is_false() -> None:
    assert not Secret("  ")
    assert Secret(KEY)
