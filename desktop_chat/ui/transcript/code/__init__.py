"""Code cards: lines, colours, what can be pressed on them."""
