"""Is there a screen? Qt aborts the whole process when there is none, so we look first."""

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path


def has_display(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether a window can be opened here.

    Windows and macOS are taken to have a screen. Elsewhere a Wayland socket or an X server that
    accepts a connection is needed; ``QT_QPA_PLATFORM`` set by hand is believed.
    """
    environ = os.environ if environ is None else environ
    if sys.platform in ("win32", "darwin") or environ.get("QT_QPA_PLATFORM"):
        return True
    return _wayland_answers(environ) or _x_answers(environ.get("DISPLAY", ""))


def _wayland_answers(environ: Mapping[str, str]) -> bool:
    name = environ.get("WAYLAND_DISPLAY", "")
    if not name:
        return False
    return (Path(environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / name).is_socket()


def _x_answers(display: str) -> bool:
    library = ctypes.util.find_library("xcb") or "libxcb.so.1"
    if not display:
        return False
    try:
        xcb = ctypes.CDLL(library)
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    # xcb_connect never returns NULL; a failed connection is told by its error and freed the same.
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed
