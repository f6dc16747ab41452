"""Heights of a long column, with prefix sums that stay cheap while the column changes."""

from collections.abc import Iterable


class HeightIndex:
    """The heights of consecutive things, in whole pixels.

    A Fenwick tree: append, change, prefix sum and search cost O(log n), cutting the end off O(1).

    Args:
        heights: the first ones; building costs O(n).
    """

    __slots__ = ("_tree", "_values")

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._values = list(heights)
        tree = [0, *self._values]
        for node in range(1, len(tree)):
            above = node + (node & -node)
            if above < len(tree):
                tree[above] += tree[node]
        self._tree = tree

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    def append(self, height: int) -> None:
        """Add one at the end."""
        self._values.append(height)
        node = len(self._values)
        below = node - (node & -node)
        child = node - 1
        while child > below:
            height += self._tree[child]
            child -= child & -child
        self._tree.append(height)

    def truncate(self, count: int) -> None:
        """Keep only the first ``count``."""
        del self._values[count:]
        del self._tree[count + 1 :]

    def set(self, index: int, height: int) -> int:
        """Change one.

        Returns:
            How much the column has grown.
        """
        grown = height - self._values[index]
        if grown:
            self._values[index] = height
            node = index + 1
            tree = self._tree
            while node < len(tree):
                tree[node] += grown
                node += node & -node
        return grown

    def offset(self, index: int) -> int:
        """Return the sum of the heights before ``index``, which may be the length."""
        total = 0
        tree = self._tree
        while index > 0:
            total += tree[index]
            index -= index & -index
        return total

    @property
    def total(self) -> int:
        """The sum of all heights."""
        return self.offset(len(self._values))

    def find(self, y: int) -> int:
        """Return the index of the one that covers ``y``.

        A position above the column gives the first, one below it the last. Things of height 0
        are never found unless they are the last.

        Raises:
            IndexError: the column is empty.
        """
        count = len(self._values)
        if not count:
            raise IndexError("an empty column")
        index = 0
        step = 1 << (count.bit_length() - 1)
        tree = self._tree
        while step:
            probe = index + step
            if probe <= count and tree[probe] <= y:
                index = probe
                y -= tree[probe]
            step >>= 1
        return min(index, count - 1)
