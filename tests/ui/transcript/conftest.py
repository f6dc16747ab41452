"""Fixtures of the transcript's tests."""

import pytest

from desktop_chat.ui.theme import Theme
from desktop_chat.ui.transcript.code.highlight import Lexers
from desktop_chat.ui.transcript.look import Look, Page
from tests.helpers.theme import make_theme


@pytest.fixture
def theme(qt_app: object) -> Theme:
    del qt_app
    return make_theme()


@pytest.fixture
def page(theme: Theme) -> Page:
    return Page(Look(theme), 760)


@pytest.fixture
def lexers(qt_app: object) -> Lexers:
    del qt_app
    return Lexers()
