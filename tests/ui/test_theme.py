"""Colours of every scheme, and fonts that can be chosen."""

from dataclasses import fields

import pytest
from PySide6.QtGui import QColor

from desktop_chat.ui.theme import Tokens
from tests.helpers.theme import make_theme

INKS = ("text", "text2", "text3", "accent", "ok", "warn", "danger")
CODE = ("syn_kw", "syn_str", "syn_num", "syn_fn", "syn_com")
GROUNDS = ("window", "canvas", "raised", "sunken", "bubble", "soft", "hover2")


def luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pair(tokens: Tokens, ink: str, ground: str) -> float:
    return contrast(getattr(tokens, ink), getattr(tokens, ground))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_high_contrast_is_high(scheme: str) -> None:
    theme = make_theme(scheme)
    theme.choose(contrast="high")
    tokens = theme.tokens
    assert tokens.strong
    assert theme.high_contrast
    assert theme.dark is (scheme == "dark")
    for ground in GROUNDS:
        assert pair(tokens, "text", ground) == pytest.approx(21)
        for line in ("line", "line2", "ctl", "softline", "dangerline"):
            assert pair(tokens, line, ground) == pytest.approx(21)
        for ink in (*INKS, *CODE):
            assert pair(tokens, ink, ground) >= 7, (ink, ground)
    for ground in ("sel", "selected", "hover", "warnsoft", "warnline"):
        assert pair(tokens, "text", ground) >= 4.5, ground
    for mark in ("sel", "warnline"):
        assert pair(tokens, mark, "canvas") >= 3, mark
    assert pair(tokens, "disabled", "canvas") >= 4.5
    assert pair(tokens, "onaccent", "accent") >= 7
    assert tokens.edge == tokens.text
    theme.choose(contrast="normal")
    assert not theme.tokens.strong
    assert theme.tokens.edge is None


def test_every_scheme_has_every_colour() -> None:
    theme = make_theme()
    for tokens in theme._schemes.values():
        for field in fields(Tokens):
            value = getattr(tokens, field.name)
            assert field.name == "strong" or value.isValid()


def test_a_choice_keeps_what_is_not_chosen() -> None:
    theme = make_theme("dark")
    told: list[bool] = []
    theme.changed.connect(lambda: told.append(True))
    theme.choose(text_scale=1.5, code_family="Courier")
    theme.choose(contrast="high")
    assert (theme.text_scale, theme.code_family) == (1.5, "Courier")
    assert theme.dark
    assert len(told) == 2
    assert theme.font(13, mono=True).families()[0] == "Courier"
    assert theme.font(13).families()[0] != "Courier"
