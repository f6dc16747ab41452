"""Whether windows can be translucent here."""

import ctypes

from PySide6.QtGui import QGuiApplication, QNativeInterface


def composited() -> bool:
    """Tell whether a translucent window shows what is behind it.

    Only X11 can be without: there a compositor owns the selection ``_NET_WM_CM_S0``. It may come
    and go, so it is asked for each window that wants to know.
    """
    if QGuiApplication.platformName() != "xcb":
        return True
    app = QGuiApplication.instance()
    native = app.nativeInterface() if isinstance(app, QGuiApplication) else None
    if not isinstance(native, QNativeInterface.QX11Application):
        return False
    return _selection_owned(int(native.display()), b"_NET_WM_CM_S0")


def _selection_owned(display: int, name: bytes) -> bool:
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    x11.XInternAtom.restype = ctypes.c_ulong
    x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x11.XGetSelectionOwner.restype = ctypes.c_ulong
    x11.XGetSelectionOwner.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    atom = x11.XInternAtom(display, name, 0)
    return bool(x11.XGetSelectionOwner(display, atom))
