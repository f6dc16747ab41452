import random

import pytest

from desktop_chat.core.messages import Message, MessageHead, MessageState, MessageTree, Role


def head(message_id: str, parent_id: str | None = None) -> MessageHead:
    return MessageHead(message_id, parent_id, Role.USER, MessageState.DONE, 0.0, 1)


#   a - b - c - d
#     \   \ e
#      f - g
#   h
HEADS = [
    head("a"),
    head("b", "a"),
    head("c", "b"),
    head("d", "c"),
    head("e", "b"),
    head("f", "a"),
    head("g", "f"),
    head("h"),
]


@pytest.fixture
def tree() -> MessageTree:
    heads = HEADS[:]
    random.Random(1).shuffle(heads)
    return MessageTree(heads)


def test_branch(tree: MessageTree) -> None:
    assert [item.id for item in tree.branch("d")] == ["a", "b", "c", "d"]
    assert [item.id for item in tree.branch("g")] == ["a", "f", "g"]
    assert tree.branch(None) == []
    assert tree.branch("nobody") == []


def test_siblings_are_oldest_first(tree: MessageTree) -> None:
    assert tree.siblings("f") == ["b", "f"]
    assert tree.siblings("c") == ["c", "e"]
    assert tree.siblings("a") == ["a", "h"]
    assert tree.siblings("d") == ["d"]


def test_newest_leaf(tree: MessageTree) -> None:
    assert tree.newest_leaf("a") == "g"
    assert tree.newest_leaf("b") == "e"
    assert tree.newest_leaf("d") == "d"


def test_size_and_membership(tree: MessageTree) -> None:
    assert len(tree) == 8
    assert "a" in tree
    assert "nobody" not in tree
    with pytest.raises(KeyError):
        tree.head("nobody")


def test_adding_a_known_message_replaces_it(tree: MessageTree) -> None:
    longer = MessageHead("d", "c", Role.USER, MessageState.FAILED, 0.0, 99)
    tree.add(longer)
    assert tree.head("d") is longer
    assert tree.siblings("d") == ["d"]
    assert len(tree) == 8


def test_changing_what_siblings_returns_changes_nothing(tree: MessageTree) -> None:
    tree.siblings("b").clear()
    assert tree.siblings("b") == ["b", "f"]


def test_a_damaged_tree_that_goes_round_ends() -> None:
    tree = MessageTree([head("x", "y"), head("y", "x")])
    assert {item.id for item in tree.branch("x")} == {"x", "y"}


def test_a_message_whose_parent_is_lost_is_still_shown() -> None:
    tree = MessageTree([head("b", "lost"), head("c", "b")])
    assert [item.id for item in tree.branch("c")] == ["b", "c"]


def test_head_of_a_message() -> None:
    message = Message("m", "c", "p", Role.ASSISTANT, "four", 1.5, reasoning="six ch")
    assert message.head() == MessageHead("m", "p", Role.ASSISTANT, MessageState.DONE, 1.5, 10)
