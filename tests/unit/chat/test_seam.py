import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.chat.seam import Seam


def joined(before: str, pieces: list[str]) -> str:
    seam = Seam(before)
    return before + "".join(seam.feed(piece) for piece in pieces) + seam.finish()


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ("the quick brown fox ", "brown fox jumps", "the quick brown fox jumps"),
        ("先取出第一批，再写回", "第一批，再写回主表", "先取出第一批，再写回主表"),
        ("one two", " three", "one two three"),
        ("好", "好的", "好好的"),
        ("no, no", "no way", "no, nono way"),
        ("a complete sentence.", "a complete sentence.", "a complete sentence."),
        ("x = [1, 2, 3, 4, 5, 6]", "", "x = [1, 2, 3, 4, 5, 6]"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_what_is_repeated_at_the_seam_is_left_out(
    before: str, after: str, result: str, size: int
) -> None:
    pieces = [after[at : at + size] for at in range(0, len(after), size)]
    assert joined(before, pieces) == result


def test_text_passes_at_once_when_it_cannot_be_a_repetition() -> None:
    seam = Seam("The cat sat on the mat")
    assert seam.feed(" quietly") == " quietly"
    assert seam.feed("The cat sat on the mat") == "The cat sat on the mat"


def test_only_the_end_of_a_long_text_is_compared() -> None:
    before = "a long beginning " * 50
    assert joined(before, [before, "and on"]).endswith(before[200:] + "and on")


@given(st.text(alphabet="ab ", max_size=60), st.lists(st.text(alphabet="ab ", max_size=8)))
def test_nothing_is_lost_but_a_repetition(before: str, pieces: list[str]) -> None:
    result, after = joined(before, pieces), "".join(pieces)
    left_out = len(before) + len(after) - len(result)
    assert result == before + after[left_out:]
    assert left_out == 0 or before.endswith(after[:left_out])
