"""Running a test on a Qt event loop, one loop for each test, and waiting without sleeping."""

import asyncio
import functools
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from PySide6.QtCore import QCoreApplication, QEvent, QThreadPool
from PySide6.QtWidgets import QApplication

from desktop_chat.ui.loop import EventLoop

P = ParamSpec("P")


def application() -> QApplication:
    """Return the one QApplication of the process, with the product's own identity."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    app = QApplication(["desktop-chat"])
    app.setQuitOnLastWindowClosed(False)
    return app


def settle() -> None:
    """Run what Qt has queued, deferred deletions included."""
    QCoreApplication.sendPostedEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def close_windows() -> None:
    """Close and delete every window that a test left, so that the next one starts bare.

    What the pool of threads still does is waited for, and garbage is collected here, on Qt's
    thread.
    """
    QThreadPool.globalInstance().waitForDone()
    for widget in QApplication.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    # The offscreen clipboard outlives the interpreter, and what Python made must not.
    QApplication.clipboard().clear()
    settle()
    gc.collect()
    # What is left lives on. Looking through all of it after each of some thousand tests would
    # take longer than the tests.
    gc.freeze()


def on_qt_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a coroutine test on a qasync loop of its own; fail on tasks that it leaves."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        loop = EventLoop(application())
        left: list[asyncio.Task[Any]] = []

        async def body() -> None:
            try:
                await test(*args, **kwargs)
            finally:
                close_windows()
                # A task that has been cancelled needs a turn of the loop to end.
                for _turn in range(5):
                    await asyncio.sleep(0)
                left.extend(asyncio.all_tasks() - {asyncio.current_task()})

        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(body())
            assert not left, f"tasks left running: {left}"
        finally:
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.close()
            asyncio.set_event_loop(None)

    return run


async def until(condition: Callable[[], object], what: str = "", seconds: float = 20.0) -> None:
    """Wait until a condition holds, looking after every turn of the event loop.

    Args:
        condition: looked at again and again; anything truthy ends the wait.
        what: named in the failure.
        seconds: after which the test fails; it is a safety net, not a measure.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"never came: {what or condition}")
        await asyncio.sleep(0.005)


async def signal(source: Any, seconds: float = 20.0) -> tuple[Any, ...]:
    """Wait for the next emission of a signal and return its arguments."""
    future: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def receive(*values: Any) -> None:
        if not future.done():
            future.set_result(values)

    source.connect(receive)
    try:
        return await asyncio.wait_for(future, seconds)
    finally:
        if sys.exc_info()[0] is None:
            source.disconnect(receive)
