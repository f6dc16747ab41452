"""Puts the resources into the wheel; an editable install reads them where they are."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ResourcesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by the build backend for the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add ``resources/`` as ``desktop_chat/resources``, but not to an editable install."""
        if version != "editable":
            build_data["force_include"]["resources"] = "desktop_chat/resources"
