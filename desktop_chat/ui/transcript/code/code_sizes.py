"""The measures of a code card, in logical pixels."""

from math import ceil
from typing import Final

from desktop_chat.ui.transcript.look import Face, Look

HEADER: Final = 33
"""Of the card, with its upper border and the line below it."""
PAD_X: Final = 13
PAD_Y: Final = 8
BORDER: Final = 1
FOLD_ROW: Final = 33
"""Of the row that folds and unfolds, with the line above it."""
NUMBERED: Final = 20
"""A block of so many lines has line numbers."""
FOLD_LINES: Final = 40
"""A finished block of more lines is folded when it is shown for the first time."""
FOLDED_LINES: Final = 20
"""So many lines are shown of it then."""
_DIGITS: Final = 3
"""Line numbers have room for so many digits at least, so that lines move to the right once."""
_NUMBERS_LEFT: Final = 4
NUMBERS_RIGHT: Final = 14
"""Between a line's number and the line."""
BAR: Final = 4
"""The height of the bar that scrolls sideways."""


def gutter_of(lines: int, look: Look) -> int:
    """Return how far line numbers move the lines to the right, in logical pixels."""
    if lines < NUMBERED:
        return 0
    digits = max(_DIGITS, len(str(lines)))
    return ceil(digits * _digit(look)) + _NUMBERS_LEFT + NUMBERS_RIGHT - PAD_X


def _digit(look: Look) -> float:
    code, numbers = look.styles[Face.CODE], look.styles[Face.RAW]
    return look.code_advance * numbers.em / code.em
