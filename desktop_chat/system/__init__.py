"""Keyring, settings, catalogue, paths, log and tasks; no Qt."""
