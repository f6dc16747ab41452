"""Pointing, selecting by mouse and keys, and copying."""
