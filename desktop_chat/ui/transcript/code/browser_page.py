"""A page that a model wrote, as a file that a browser may open: shut in, without a network.

The page is the content of a frame that has an origin of its own, so that its scripts reach neither
other files nor what else the browser has open. Two policies, one outside and one inside of the
frame, forbid every request that a policy governs; forms, windows and leaving the frame are
forbidden by the sandbox. What no policy governs remains: looking up the name of a host that a page
asks to connect to, and WebRTC in a browser that does not know its directive.
"""

import html
import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from threading import Thread
from typing import IO, Final

from desktop_chat.ui.transcript.aside import collector_off

PREFIX: Final = "desktop-chat-page-"
_LOCK: Final = "lock"
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; media-src data:; frame-src 'none'; base-uri 'none'; "
    "form-action 'none'; webrtc 'block'"
)
"""Of the page, and of the document around it: a frame made from text inherits that one, and its
``frame-src`` keeps the frame from going elsewhere.
"""
_QUIET: Final = '<meta http-equiv="x-dns-prefetch-control" content="off">'


def sandboxed(page: str, title: str) -> str:
    """Return a document that shows a page in a frame that it cannot leave.

    Args:
        page: HTML or SVG as written by a model.
        title: of the window.
    """
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">'
    # The policy stands before anything that the page can write: it holds from there on.
    inner = html.escape(f"<!doctype html>{policy}{_QUIET}{_without_doctype(page)}", quote=True)
    return (
        "<!doctype html>\n"
        '<html><head><meta charset="utf-8">\n'
        f"{policy}{_QUIET}\n"
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)}</title>\n"
        "<style>html,body{margin:0;height:100%}iframe{border:0;width:100%;height:100%;"
        "display:block;background:#fff}</style></head>\n"
        f'<body><iframe sandbox="allow-scripts" referrerpolicy="no-referrer" srcdoc="{inner}">'
        "</iframe></body></html>\n"
    )


def _without_doctype(page: str) -> str:
    page = page.lstrip("\ufeff \t\r\n")
    if page[:9].lower() == "<!doctype":
        return page[page.find(">") + 1 :] if ">" in page else page
    return page


class BrowserPages:
    """Files for a browser, in a folder that only this user can read. They go with the process;
    what an earlier one left behind goes with the first page.

    Args:
        parent: where the folder is made; None is the system's folder for temporary files.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = Path(tempfile.gettempdir()) if parent is None else parent
        self._folder: Path | None = None
        self._count = 0

    def write(self, page: str, title: str) -> Path:
        """Write a page and return its file.

        Raises:
            OSError: it could not be written.
        """
        if self._folder is None or not self._folder.is_dir():
            remove_left(self._parent)
            self._folder = self._make()
        self._count += 1
        path = self._folder / f"page-{self._count}.html"
        data = sandboxed(page, title).encode("utf-8", "replace")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        return path

    def _make(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._parent))
        lock = open(folder / _LOCK, "wb")  # noqa: SIM115  it is held as long as the folder is used
        _lock(lock)
        weakref.finalize(self, _remove, folder, lock)
        return folder


def _remove(folder: Path, lock: IO[bytes]) -> None:
    lock.close()
    shutil.rmtree(folder, ignore_errors=True)


def _lock(file: IO[bytes]) -> bool:
    """Hold a file as long as it is open; tell whether no other process holds it."""
    if sys.platform == "win32":
        # An open file cannot be removed there: that is the lock.
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_left(parent: Path | None = None) -> None:
    """Remove the folders of processes that ended without doing so."""
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            _remove_if_left(folder)
        except OSError:
            # It is another user's, or another process was quicker.
            continue


def _remove_if_left(folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        return
    if sys.platform != "win32" and folder.stat().st_uid != os.getuid():
        return
    if not (folder / _LOCK).exists():
        # It is being made.
        return
    with open(folder / _LOCK, "ab") as file:
        if not _lock(file):
            return
    if sys.platform == "win32":
        (folder / _LOCK).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what earlier processes left behind, beside the UI thread."""

    def work() -> None:
        with collector_off():
            remove_left()

    Thread(target=work, daemon=True).start()
