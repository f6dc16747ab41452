"""The conversation for assistive technology: tree, announcements, review."""
