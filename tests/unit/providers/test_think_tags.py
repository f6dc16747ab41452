import pytest

from desktop_chat.providers.think_tags import ThinkTags

CASES = {
    "plain": ("Hello", "", "Hello"),
    "tags": ("<think>why</think>because", "why", "because"),
    "white space around the tags": (" \n<think>\nwhy?\n\n</think>\n\nso.\n", "why?", "so.\n"),
    "white space before text stays": ("  \n code", "", "  \n code"),
    "nothing thought": ("<think>\n\n</think>\n\nhi", "", "hi"),
    "later tags are text": ("Use `<think>` and </think>", "", "Use `<think>` and </think>"),
    "a second pair is text": ("<think>a</think><think>b</think>", "a", "<think>b</think>"),
    "never closed": ("<think>a\nb", "a\nb", ""),
    "something like the end": ("<think>a </thin b </think>c", "a </thin b ", "c"),
    "an unfinished end": ("<think>a</th", "a</th", ""),
    "an unfinished end first": ("<think></th", "</th", ""),
    "an unfinished beginning": ("<thi", "", "<thi"),
    "something like the beginning": ("<thinking>a", "", "<thinking>a"),
    "text before": ("a<think>b</think>", "", "a<think>b</think>"),
    "inner lines stay": ("<think>a\n\nb\n</think>\n- c", "a\n\nb", "- c"),
    "nothing": ("", "", ""),
    "only white space": (" \n ", "", " \n "),
}


@pytest.mark.parametrize("name", CASES)
def test_whole_and_cut_anywhere(name: str) -> None:
    text, thought, answer = CASES[name]
    cuts = [[text], list(text), *([text[:at], text[at:]] for at in range(len(text)))]
    for pieces in cuts:
        tags = ThinkTags()
        got = [tags.feed(piece) for piece in pieces if piece]
        got.append(tags.close())
        assert "".join(item[0] for item in got) == thought, pieces
        assert "".join(item[1] for item in got) == answer, pieces


def test_once_in_the_answer_nothing_is_looked_for() -> None:
    tags = ThinkTags()
    assert not tags.in_answer
    tags.feed("Hi")
    assert tags.in_answer


def test_a_service_that_thinks_by_itself_means_tags_literally() -> None:
    tags = ThinkTags()
    tags.stop_looking()
    assert tags.feed("<think>a") == ("", "<think>a")


def test_a_tag_that_has_begun_is_not_given_up() -> None:
    tags = ThinkTags()
    tags.feed("<thi")
    tags.stop_looking()
    assert tags.feed("nk>a") == ("a", "")
