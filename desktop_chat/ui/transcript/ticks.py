"""Where the hits of a search lie on the scroll bar."""

from desktop_chat.ui.transcript.body import MessageBody, Spot
from desktop_chat.ui.transcript.found import Found
from desktop_chat.ui.transcript.model import Column
from desktop_chat.ui.transcript.places import Part
from desktop_chat.ui.transcript.results import Results


def heights_of_hits(results: Results, column: Column, rows: int) -> list[float]:
    """Return where there are hits, as shares of the scroll bar's length from its top.

    It costs as much as the bar is long, however many messages and hits there are.

    Args:
        results: the hits.
        column: the messages.
        rows: how many heights are told apart.
    """
    if not results.total or rows <= 0 or results.messages != len(column.items):
        return []
    edges = [column.bar_place(column.bar_total * row // rows) for row in range(rows + 1)]
    return [
        (row + 0.5) / rows
        for row in range(rows)
        if _any(results, column, edges[row], max(edges[row] + 1, edges[row + 1]))
    ]


def _any(results: Results, column: Column, top: int, bottom: int) -> bool:
    """Tell whether any hit lies between two heights of the column."""
    first, last = column.at(top), column.at(bottom - 1)
    if last - first > 1 and results.between(first + 1, last):
        return True
    for index in {first, last}:
        found = results.of(column.items[index].id)
        if found is not None:
            y = column.top_of(index)
            if _any_in(found, column, index, top - y, bottom - y):
                return True
    return False


def _any_in(found: Found, column: Column, index: int, top: int, bottom: int) -> bool:
    """Tell whether any hit lies between two heights of a message."""
    body = column.items[index].body
    height = max(1, column.height_of(index))
    low = 0 if top <= 0 else _number(found, body, column, top, height)
    high = found.count if bottom >= height else _number(found, body, column, bottom, height)
    return low < high


def _number(found: Found, body: MessageBody | None, column: Column, y: int, height: int) -> int:
    """Return the number of the first hit below a height of a message."""
    if body is not None:
        spot: Spot = body.spot(column.page, y)
        return found.first_from(spot.part, spot.number + (spot.dy > 0 and spot.part != Part.HEAD))
    return found.first_from(Part.BODY, found.extent * y // height)
