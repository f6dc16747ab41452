"""Lets people type Chinese: makes Qt pick an input method plugin that it really has.

The PySide6 wheel carries the ``ibus`` and ``compose`` plugins but no ``fcitx`` one. Many Chinese
desktops set ``QT_IM_MODULE=fcitx``; Qt then finds no plugin and nothing but Latin can be typed.
fcitx5 speaks the ibus protocol too, so ``ibus`` works there. A plugin of the user's own, found on
``QT_PLUGIN_PATH`` or beside Qt's, is left in charge.
"""

from collections.abc import MutableMapping
from pathlib import Path

from PySide6.QtCore import QLibraryInfo

_WANTED = ("fcitx", "fcitx5")


def prepare_input_method(environ: MutableMapping[str, str]) -> None:
    """Change ``QT_IM_MODULE`` and ``QT_IM_MODULES`` where they name a plugin that is not there.

    Call it before QApplication is made.

    Args:
        environ: the process's environment.
    """
    if environ.get("QT_IM_MODULE") not in _WANTED or _has_fcitx_plugin(environ):
        return
    del environ["QT_IM_MODULE"]
    environ.setdefault("QT_IM_MODULES", "fcitx;ibus")


def _has_fcitx_plugin(environ: MutableMapping[str, str]) -> bool:
    folders = [QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)]
    folders += environ.get("QT_PLUGIN_PATH", "").split(":")
    return any(
        any((Path(folder) / "platforminputcontexts").glob("*fcitx*"))
        for folder in folders
        if folder
    )
