"""Find in chat: the bar, the search in slices, ticks and hits."""
