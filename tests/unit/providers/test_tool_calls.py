from typing import Any

import pytest

from desktop_chat.core.events import ToolCallDelta
from desktop_chat.providers.tool_calls import ToolCalls


def call(arguments: Any, **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", None)
    function = {"arguments": arguments} | ({"name": name} if name is not None else {})
    return {"type": "function", "function": function} | fields


def read(*chunks: Any) -> list[tuple[int, str, str, str]]:
    """Return the calls with their pieces joined."""
    tools = ToolCalls()
    joined: dict[int, list[str]] = {}
    for chunk in chunks:
        for piece in tools.read(chunk):
            parts = joined.setdefault(piece.index, ["", "", ""])
            for at, text in enumerate((piece.id, piece.name, piece.arguments)):
                parts[at] += text
    return [(index, *parts) for index, parts in joined.items()]  # type: ignore[misc]


TWO = [(0, "a", "f", '{"x":1}'), (1, "b", "g", "{}")]


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [
                [call("", index=0, id="a", name="f")],
                [call('{"x"', index=0)],
                [call(":1}", index=0)],
                [call("{}", index=1, id="b", name="g")],
            ],
            id="as documented",
        ),
        pytest.param(
            [[call('{"x":1}', id="a", name="f"), call("{}", id="b", name="g")]], id="no index"
        ),
        pytest.param(
            [
                [call('{"x"', id="a", name="f")],
                [call(":1}")],
                [call("{", id="b", name="g")],
                [call("}")],
            ],
            id="no index, in pieces",
        ),
        pytest.param(
            [
                [call('{"x"', index=0, id="a", name="f")],
                [call(":1}", index=0, id="", name="")],
                [call("{}", index=1, id="b", name="g")],
            ],
            id="empty id and name on continuations",
        ),
        pytest.param(
            [
                [call('{"x"', index=0, id="a", name="f")],
                [call(":1}", index=0, id="a", name="f")],
                [call("{", index=1, id="b", name="g")],
                [call("}", index=1, id="b", name="g")],
            ],
            id="id and name repeated",
        ),
        pytest.param(
            [
                [call('{"x"', index=0, id="a", name="f")],
                [call("{}", index=0, id="b", name="g")],
                [call(":1}", index=0, id="a")],
            ],
            id="every call is number 0",
        ),
        pytest.param(
            [[call({"x": 1}, id="a", name="f"), call({}, id="b", name="g")]],
            id="arguments as an object",
        ),
    ],
)
def test_two_calls(chunks: list[Any]) -> None:
    got = [(i, id_, name, args.replace(" ", "")) for i, id_, name, args in read(*chunks)]
    assert got == TWO


def test_an_index_without_id() -> None:
    assert read([call("{", index=0, name="f")], [call("}", index=0)]) == [(0, "", "f", "{}")]
    assert read([call("{", index=0, name="f")], [call("}", index=0, id="late")]) == [
        (0, "late", "f", "{}")
    ]


def test_arguments_cut_off_are_kept() -> None:
    assert read([call('{"city": "Bei', index=0, id="a", name="f")]) == [
        (0, "a", "f", '{"city": "Bei')
    ]


def test_the_older_function_call() -> None:
    assert read({"name": "f", "arguments": "{"}, {"arguments": "}"}) == [(0, "", "f", "{}")]


@pytest.mark.parametrize("value", ["text", 3, [None, "x"], [{}], [{"function": None}], {}])
def test_what_is_no_call_gives_nothing(value: Any) -> None:
    assert ToolCalls().read(value) == []


def test_id_and_name_are_said_once() -> None:
    tools = ToolCalls()
    tools.read([call("{", index=0, id="a", name="f")])
    assert tools.read([call("}", index=0, id="a", name="f")]) == [ToolCallDelta(0, "", "", "}")]
