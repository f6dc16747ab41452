"""Where the hits of a search lie on the scroll bar."""

from desktop_chat.ui.transcript.find.found import Found
from desktop_chat.ui.transcript.find.results import Results
from desktop_chat.ui.transcript.model import Column
from desktop_chat.ui.transcript.places import Part


def heights_of_hits(results: Results, column: Column, rows: int) -> list[float]:
    """Return where there are hits, as shares of the scroll bar's length from its top.

    It costs as much as the bar is long, however many messages and hits there are, and nothing is
    laid out for it.

    Args:
        results: the hits.
        column: the messages.
        rows: how many heights are told apart.
    """
    if not results.total or rows <= 0 or results.messages != len(column.items):
        return []
    total = column.bar.total
    edges = [column.bar.share(total * row // rows) for row in range(rows + 1)]
    return [
        (row + 0.5) / rows
        for row in range(rows)
        if _any(results, column, edges[row], edges[row + 1])
    ]


def _any(
    results: Results, column: Column, first: tuple[int, float], last: tuple[int, float]
) -> bool:
    """Tell whether any hit lies between two places: a message, and how far in it."""
    if last[0] - first[0] > 1 and results.between(first[0] + 1, last[0]):
        return True
    if first[0] == last[0]:
        return _any_in(results, column, first[0], first[1], last[1])
    return _any_in(results, column, first[0], first[1], 1.0) or _any_in(
        results, column, last[0], 0.0, last[1]
    )


def _any_in(results: Results, column: Column, index: int, low: float, high: float) -> bool:
    """Tell whether any hit lies in a part of a message."""
    found = results.of(column.items[index].id)
    if found is None:
        return False
    first = 0 if low <= 0 else _number(found, column, index, low)
    last = found.count if high >= 1 else _number(found, column, index, high)
    return first < last


def _number(found: Found, column: Column, index: int, share: float) -> int:
    """Return the number of the first hit below a place in a message."""
    body = column.items[index].body
    if body is None:
        return found.first_from(Part.BODY, int(found.extent * share))
    spot = body.spot(column.page, int(column.height_of(index) * share))
    below = spot.part != Part.HEAD and spot.dy > 0
    return found.first_from(spot.part, spot.number + below)
