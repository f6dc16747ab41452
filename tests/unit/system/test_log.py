import asyncio
import gc
import io
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from desktop_chat.system.log import FILE_NAME, Log, Redactor, setup_logging
from desktop_chat.system.paths import AppPaths

KEY = "0f9c-a-key-of-no-known-shape"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.add(KEY)
    return redactor


@pytest.fixture
def log(tmp_path: Path, redactor: Redactor) -> Iterator[Log]:
    log = setup_logging(AppPaths.below(tmp_path / "home"), redactor)
    yield log
    log.close()


def run_child(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    start = (
        "import sys, logging, asyncio, threading; from pathlib import Path\n"
        "from desktop_chat.system.log import Redactor, setup_logging\n"
        "from desktop_chat.system.paths import AppPaths\n"
        f"redactor = Redactor(); redactor.add({KEY!r})\n"
        f"log = setup_logging(AppPaths.below(Path({str(folder)!r})), redactor)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", start + script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_writes_lines_for_the_owner_alone(log: Log) -> None:
    logging.getLogger("desktop_chat.x").info("hello %s", "there")
    text = log.path.read_text()
    assert log.path.name == FILE_NAME
    assert " INFO " in text
    assert "desktop_chat.x: hello there" in text
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_an_existing_file_becomes_private(tmp_path: Path, redactor: Redactor) -> None:
    paths = AppPaths.below(tmp_path / "home")
    (paths.logs / FILE_NAME).touch(0o644)
    log = setup_logging(paths, redactor)
    logging.getLogger("desktop_chat").error("x")
    log.close()
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_redacts_messages_arguments_and_tracebacks(log: Log) -> None:
    logger = logging.getLogger("desktop_chat.x")
    logger.error("message %s and sk-0123456789abcdef", KEY)
    try:
        try:
            raise ValueError(f"inner {KEY}")
        except ValueError as error:
            raise RuntimeError(f'reply: {{"error": "bad key {KEY}"}}') from error
    except RuntimeError:
        logger.exception("failed")
    logger.error("stack", stack_info=True)
    text = log.path.read_text()
    assert "RuntimeError" in text
    assert "inner ***" in text
    assert KEY not in text
    assert "sk-0" not in text


def test_the_record_keeps_no_plain_traceback(log: Log) -> None:
    """What ``logging`` would cache on the record would reach every other handler."""
    record = logging.LogRecord("desktop_chat", 40, "", 0, "x", (), None)
    try:
        raise ValueError(KEY)
    except ValueError:
        record.exc_info = sys.exc_info()
    handlers = logging.getLogger().handlers
    next(item for item in handlers if isinstance(item, RotatingFileHandler)).handle(record)
    assert record.exc_text is None
    assert "ValueError: ***" in log.path.read_text()


def test_a_key_that_comes_later_is_left_out_from_then_on(log: Log, redactor: Redactor) -> None:
    redactor.add("another-key")
    logging.getLogger("desktop_chat").warning("with another-key")
    assert "with ***" in log.path.read_text()


def test_network_libraries_are_kept_quiet(log: Log) -> None:
    for name in ("httpx", "httpcore.connection", "asyncio"):
        logging.getLogger(name).info("address and query")
        logging.getLogger(name).warning("warning of %s", name)
    logging.getLogger("desktop_chat").debug("detail")
    text = log.path.read_text()
    assert "address" not in text
    assert "detail" not in text
    assert text.count("warning of") == 3


def test_rotates(tmp_path: Path, redactor: Redactor) -> None:
    log = Log(tmp_path / "x.log", redactor, size=2000, count=2)
    logger = logging.getLogger("desktop_chat")
    for number in range(200):
        logger.info("line %d", number)
    log.close()
    files = sorted(tmp_path.glob("x.log*"))
    assert [file.name for file in files] == ["x.log", "x.log.1", "x.log.2"]
    assert all(file.stat().st_size <= 2000 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert "line 199" in files[0].read_text()


def test_follows_a_file_that_another_process_rotated(tmp_path: Path, redactor: Redactor) -> None:
    log = Log(tmp_path / "x.log", redactor, size=10_000, count=1)
    logger = logging.getLogger("desktop_chat")
    logger.info("first")
    (tmp_path / "x.log").rename(tmp_path / "x.log.1")
    logger.info("second")
    log.close()
    assert "second" in (tmp_path / "x.log").read_text()
    assert "second" not in (tmp_path / "x.log.1").read_text()


def test_close_gives_everything_back(tmp_path: Path, redactor: Redactor) -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook, logging.root.handlers[:])
    level = logging.getLogger("httpx").level
    setup_logging(AppPaths.below(tmp_path / "home"), redactor).close()
    after = (sys.excepthook, threading.excepthook, sys.unraisablehook, logging.root.handlers[:])
    assert after == before
    assert logging.getLogger("httpx").level == level


def test_a_folder_that_went_away_does_no_harm(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    log.path.parent.rmdir()
    logging.getLogger("desktop_chat").error("lost")
    assert log.dropped == 1
    log.path.parent.mkdir()
    logging.getLogger("desktop_chat").error("found")
    assert "found" in log.path.read_text()
    assert capsys.readouterr().err == ""


def test_a_full_disk_does_no_harm(tmp_path: Path) -> None:
    done = run_child(
        """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
logger = logging.getLogger("desktop_chat")
logger.info("first")
size = log.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, resource.RLIM_INFINITY))
for _ in range(50): logger.info("more of it")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
logger.info("last")
dropped = log.dropped
log.close()
print(dropped > 40, "last" in log.path.read_text())
""",
        tmp_path / "home",
    )
    assert (done.stdout, done.stderr) == ("True True\n", "")


def test_uncaught_in_the_main_thread(tmp_path: Path) -> None:
    done = run_child(
        "log.faults.subscribe(lambda place, error: print(place, type(error).__name__))\n"
        f"raise ValueError({KEY!r})\n",
        tmp_path / "home",
    )
    text = (tmp_path / "home" / "logs" / FILE_NAME).read_text()
    assert done.returncode == 1
    assert done.stdout == "main ValueError\n"
    assert "ValueError: ***" in done.stderr
    assert "ValueError: ***" in text
    assert KEY not in text + done.stderr


def test_keyboard_interrupt_is_no_fault(tmp_path: Path) -> None:
    done = run_child(
        "log.faults.subscribe(lambda place, error: print(place))\nraise KeyboardInterrupt\n",
        tmp_path / "home",
    )
    assert done.stdout == ""
    assert "KeyboardInterrupt" in done.stderr


def test_uncaught_in_a_thread(log: Log) -> None:
    told: list[tuple[str, str]] = []
    log.faults.subscribe(lambda place, error: told.append((place, str(error))))

    def work() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    thread.join()
    assert told == [("thread worker", "in a thread")]
    assert "in a thread" in log.path.read_text()


def test_uncaught_in_a_finaliser(log: Log) -> None:
    told: list[str] = []
    log.faults.subscribe(lambda place, error: told.append(place))

    class Bad:
        def __del__(self) -> None:
            raise ValueError("in a finaliser")

        def __repr__(self) -> str:
            return "the question of the user"

    Bad()
    gc.collect()
    assert told == ["finaliser of function"]
    text = log.path.read_text()
    assert "in a finaliser" in text
    assert "question" not in text


async def test_uncaught_in_a_loop(log: Log) -> None:
    told: list[str] = []
    log.faults.subscribe(lambda place, error: told.append(str(error)))
    loop = asyncio.get_running_loop()
    log.faults.watch(loop)

    def fail() -> None:
        raise ValueError("in a callback")

    loop.call_soon(fail)
    await asyncio.sleep(0)
    assert told == ["in a callback"]
    assert "in a callback" in log.path.read_text()


async def test_what_a_loop_tells_holds_no_results(log: Log) -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    future.set_result("the answer of the model")
    log.faults.watch(asyncio.get_running_loop())
    asyncio.get_running_loop().call_exception_handler({"message": "odd", "future": future})
    text = log.path.read_text()
    assert "event loop: odd" in text
    assert "answer" not in text


def test_a_listener_that_fails_is_logged_and_does_not_loop(log: Log) -> None:
    told: list[str] = []

    def bad(place: str, error: BaseException) -> None:
        told.append(place)
        log.faults.report("again", RuntimeError("from the listener"))
        raise RuntimeError("listener")

    log.faults.subscribe(bad)
    unsubscribe = log.faults.subscribe(lambda place, error: told.append("second"))
    log.faults.report("here", ValueError("x"))
    assert told == ["here", "second"]
    unsubscribe()
    log.faults.report("there", ValueError("x"))
    assert told == ["here", "second", "there"]
    assert "a listener failed" in log.path.read_text()


def test_standard_error_that_is_closed_does_no_harm(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a program without a console on Windows."""
    closed = io.StringIO()
    closed.close()
    error = ValueError("x")
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        sys.excepthook(ValueError, error, None)
    assert log.path.read_text().count("ValueError: x") == 2


def test_two_processes_write_one_file(tmp_path: Path) -> None:
    script = "[logging.getLogger('desktop_chat').info('of %d', i) for i in range(100)]; log.close()"
    home = str(tmp_path / "home")
    AppPaths.below(Path(home))
    one = threading.Thread(target=run_child, args=(script, home))
    one.start()
    run_child(script, Path(home))
    one.join()
    lines = (tmp_path / "home" / "logs" / FILE_NAME).read_text().splitlines()
    assert len(lines) == 200
    assert all(" INFO " in line for line in lines)


def test_names_of_processes_tell_lines_apart(log: Log) -> None:
    logging.getLogger("desktop_chat").info("x")
    assert f" {os.getpid()} MainThread " in log.path.read_text()
