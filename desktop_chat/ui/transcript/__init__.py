"""The view of a conversation: it paints what is visible and touches the tail alone."""
