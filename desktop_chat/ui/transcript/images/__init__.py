"""Images: decoding, cards, the viewer."""
