"""The Qt half: application, event loop, window, shutdown."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import QEvent, QObject, QThreadPool, Signal
from PySide6.QtWidgets import QApplication

from desktop_chat import __version__
from desktop_chat.chat.explain import Tone
from desktop_chat.chat.session_events import MessageFinished, SessionEvent
from desktop_chat.core import settings as keys
from desktop_chat.core.errors import ErrorInfo, StoreError
from desktop_chat.core.i18n import tr
from desktop_chat.core.identity import APP_ID, APP_NAME, HOME_VARIABLE
from desktop_chat.core.messages import Message, MessageState
from desktop_chat.desktop.display import has_display
from desktop_chat.desktop.input_method import prepare_input_method
from desktop_chat.desktop.signals import TerminationWatch
from desktop_chat.ui.bridge import Bridge
from desktop_chat.ui.collector import GarbageCollector
from desktop_chat.ui.loop import EventLoop
from desktop_chat.ui.main_window import MainWindow
from desktop_chat.ui.neighbours import Neighbours
from desktop_chat.ui.notices import NoticeText
from desktop_chat.ui.theme import Theme, load_tokens
from desktop_chat.ui.transcript.code.browser_page import sweep
from desktop_chat.wiring import House, build, install_language

T = TypeVar("T")

EX_UNAVAILABLE: Final = 69
"""Of sysexits.h; ``make run`` reads it as: there is no display."""
_LOOK: Final = frozenset(
    key.name
    for key in (keys.THEME, keys.REDUCED_MOTION, keys.CONTRAST, keys.TEXT_SIZE, keys.CODE_FONT)
)
"""The settings that the theme holds."""


def make_application() -> QApplication:
    """Return the QApplication, with the identity that desktops know the program by.

    ``QT_IM_MODULE`` is mended first, while Qt has not read it yet.
    """
    prepare_input_method(os.environ)
    app = QApplication([APP_NAME])
    app.setApplicationName(APP_NAME)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName(APP_ID)
    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)
    return app


class _Faults(QObject):
    """Brings what nobody caught, on whatever thread, to the window's."""

    happened = Signal(str, object)


class Desk:
    """The window over a house: what must be connected for it, and taken apart after.

    Args:
        app: the application.
        house: every part that needs no Qt, opened.
    """

    def __init__(self, app: QApplication, house: House) -> None:
        self.house = house
        self.theme = Theme(load_tokens(house.paths.resources))
        self.bridge = Bridge(house.tasks, house.settings, house.catalogue, house.secrets)
        self._app = app
        self._apply_language()
        self._apply_look()
        self.bridge.setting_changed.connect(self._setting_changed)
        self.window = MainWindow(
            Neighbours(
                theme=self.theme,
                bridge=self.bridge,
                settings=house.settings,
                catalogue=house.catalogue,
                sessions=house.sessions,
                history=house.history,
                setup=house.setup,
                lists=house.lists,
                secrets=house.secrets,
                pictures=house.providers.pictures,
                redact=house.redactor.clean,
            )
        )
        self._faults = _Faults()
        self._faults.happened.connect(self.bridge.task_failed)
        self._unsubscribe = house.log.faults.subscribe(self._faults.happened.emit)

    def _setting_changed(self, name: str) -> None:
        if name == keys.LANGUAGE.name:
            self._apply_language()
            for widget in QApplication.topLevelWidgets():
                QApplication.sendEvent(widget, QEvent(QEvent.Type.LanguageChange))
        elif name in _LOOK:
            self._apply_look()

    def _apply_language(self) -> None:
        install_language(self.house.settings.get(keys.LANGUAGE))

    def _apply_look(self) -> None:
        settings = self.house.settings
        self.theme.reduced_motion = settings.get(keys.REDUCED_MOTION)
        self.theme.choose(
            settings.get(keys.THEME),
            contrast=settings.get(keys.CONTRAST),
            text_scale=settings.get(keys.TEXT_SIZE) / 100,
            code_family=settings.get(keys.CODE_FONT),
        )
        self._app.setFont(self.theme.font(13))

    def tell_problems(self, history: ErrorInfo | None) -> None:
        """Say in the window what was wrong when the house was opened.

        Args:
            history: why the history cannot be read, or None.
        """
        if history is not None:
            self.bridge.task_failed.emit("open history", StoreError(history))
        problems = [*self.house.settings.problems, *self.house.catalogue.problems]
        if problems:
            self.window.board.put(
                "files",
                lambda: NoticeText(
                    Tone.WARN,
                    "warning-circle",
                    tr("A settings file could not be read in full"),
                    " ".join(problem.sentence() for problem in problems),
                ),
            )

    def close(self) -> None:
        """Let the window go; ``House.aclose`` waits until what it held is saved."""
        self._unsubscribe()
        self.window.finish()
        self.bridge.close()
        self.window.deleteLater()


async def _serve(app: QApplication, demo: bool) -> int:
    """Show the window until it is closed."""
    house = build(os.environ)
    trouble = await house.open()
    house.log.faults.watch(asyncio.get_running_loop())
    desk = Desk(app, house)
    closed = asyncio.Event()
    desk.window.closed.connect(closed.set)
    app.commitDataRequest.connect(desk.window.save_all)
    watch = TerminationWatch(closed.set)
    try:
        desk.window.tabs.restore()
        desk.tell_problems(trouble)
        if demo:
            desk.window.try_demo()
        desk.window.show()
        desk.window.current_page().focus_composer()
        sweep()
        await closed.wait()
    finally:
        try:
            watch.close()
            desk.close()
        finally:
            # Whatever the window may do, what arrived is saved.
            await house.aclose()
    return 0


async def _photograph(app: QApplication, path: Path) -> int:
    """Ask the demo service in the real window, and save a picture of the whole answer."""
    house = build(os.environ)
    await house.open()
    desk = Desk(app, house)
    try:
        answer = await _ask_demo(desk)
        saved = desk.window.grab().save(str(path))
    finally:
        desk.close()
        await house.aclose()
    if not saved:
        print(tr("The picture could not be written: {path}").format(path=path), file=sys.stderr)
        return 1
    print(path)
    print(answer.text.rstrip().rsplit("\n", 1)[-1])
    return 0 if answer.state is MessageState.DONE else 1


async def _ask_demo(desk: Desk) -> Message:
    """Ask as a user would, and return the answer when all of it has been painted."""
    finished: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    painted: dict[str, int] = {}
    shown = asyncio.Event()

    def see(message_id: str, chars: int) -> None:
        painted[message_id] = chars
        shown.set()

    def hear(event: SessionEvent) -> None:
        if isinstance(event, MessageFinished) and not finished.done():
            finished.set_result(event.message)

    desk.window.resize(1280, 820)
    desk.window.tabs.restore()
    desk.window.show()
    desk.window.try_demo()
    page = desk.window.current_page()
    page.session.subscribe(hear)
    page.transcript.painted.connect(see)
    page.composer.set_text(tr("What can you do? Show me an example."))
    page.composer.submitted.emit(page.composer.text())
    answer = await finished
    while painted.get(answer.id, 0) < len(answer.text):
        shown.clear()
        await shown.wait()
    return answer


def main(*, demo: bool = False, screenshot: Path | None = None) -> int:
    """Open the window, or make a picture of it.

    Args:
        demo: start with the demo service chosen.
        screenshot: where to save a picture of an answer of the demo service; nothing is shown on
            a screen then, and none is needed.

    Returns:
        The exit status: 0, 1 for a picture that failed, 69 without a display.
    """
    install_language()
    if screenshot is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif not has_display():
        print(tr("There is no display here, so no window can be opened."), file=sys.stderr)
        return EX_UNAVAILABLE
    with ExitStack() as stack:
        if screenshot is not None and not os.environ.get(HOME_VARIABLE):
            # The picture's chat must not stand among the user's own.
            home = tempfile.TemporaryDirectory(prefix="desktop-chat-")
            os.environ[HOME_VARIABLE] = stack.enter_context(home)
        app = make_application()
        # A coroutine function waits to be called: the loop must be there first.
        work = partial(_photograph, app, screenshot) if screenshot else partial(_serve, app, demo)
        status = run_on_loop(app, work)
        app.shutdown()
    return status


def run_on_loop(app: QApplication, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on Qt's event loop, and leave nothing of it for the interpreter's end.

    There Qt objects that only a cycle keeps would be deleted without the interpreter that some of
    them call, and the process would abort.

    Args:
        app: the application.
        work: makes the coroutine.

    Returns:
        What the coroutine returned.
    """
    loop = EventLoop(app)
    asyncio.set_event_loop(loop)
    collector = GarbageCollector()
    try:
        return loop.run_until_complete(work())  # type: ignore[no-any-return]
    finally:
        QThreadPool.globalInstance().waitForDone()
        loop.close()
        asyncio.set_event_loop(None)
        del loop
        collector.close()
