"""What one chat asks with beside its model."""

from desktop_chat.ui.parameters.dialog import ParametersDialog

__all__ = ["ParametersDialog"]
