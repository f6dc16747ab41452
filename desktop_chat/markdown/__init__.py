"""Text that arrives in pieces becomes finished blocks and one open tail."""
