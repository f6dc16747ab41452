"""Links: where they really go, and the question before a deceptive one."""
