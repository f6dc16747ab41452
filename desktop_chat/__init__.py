"""Desktop Chat: a native desktop assistant for large language models."""

__version__ = "0.1.0"
