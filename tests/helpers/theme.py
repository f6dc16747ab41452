"""The product's own theme, for widgets that are tested alone."""

from pathlib import Path

from desktop_chat.ui.theme import Theme, load_tokens

RESOURCES = Path(__file__).parents[2] / "resources"


def make_theme(choice: str = "light") -> Theme:
    """Return the theme; needs an application.

    Args:
        choice: ``light`` or ``dark``.
    """
    theme = Theme(load_tokens(RESOURCES))
    theme.choose(choice)
    return theme
