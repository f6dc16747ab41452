"""Keys in a real Secret Service, on a bus and in a home of the test's own."""

import json
from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.helpers.secret_service import Finished, run_python, run_with_keyring

KEY = "sk-first-0123456789"
START = f"""
import asyncio, os, signal, subprocess, sys, threading
from desktop_chat.core.errors import SecretStoreError
from desktop_chat.core.secret import Secret
from desktop_chat.system.secrets import KeyringSecrets

KEY, OTHER = Secret({KEY!r}), Secret("sk-second-0123456789")
A, B = "https://a.example", "https://b.example"

def show(key):
    return key.reveal() if key is not None else None

def daemon():
    bus = subprocess.run(
        ["dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/",
         "org.freedesktop.DBus.GetConnectionUnixProcessID", "string:org.freedesktop.secrets"],
        capture_output=True, text=True, check=True)
    return int(bus.stdout.split()[-1])

async def told(secrets, wanted):
    "Wait until the store's problem is as wanted."
    event = asyncio.Event()
    unsubscribe = secrets.subscribe(event.set)
    while secrets.problem() != wanted:
        event.clear()
        await event.wait()
    unsubscribe()

def wait_for(secrets, seconds):
    secrets._read_seconds = secrets._write_seconds = seconds

async def reason(work):
    try:
        await work
    except SecretStoreError as error:
        return error.reason
    return ""
"""


def script(body: str) -> str:
    body = indent(dedent(body).strip(), "    ")
    return f"{START}\nasync def main():\n{body}\n\nasyncio.run(main())\n"


def lines(done: Finished) -> list[str]:
    assert done.code == 0, done.err
    return done.out.splitlines()


def test_set_get_delete(tmp_path: Path) -> None:
    body = """
        secrets = KeyringSecrets("Desktop Chat (one)")
        print(await secrets.get("x", A))
        print(await secrets.set("x", A, KEY))
        print(show(await secrets.get("x", A)), repr(secrets.problem()), secrets.backend())
        print(await secrets.set("x", A, OTHER), show(await secrets.get("x", A)))
        await secrets.delete("x", A)
        await secrets.delete("x", A)
        print(await secrets.get("x", A), repr(secrets.problem()))
    """
    assert lines(run_with_keyring(script(body), tmp_path)) == [
        "None",
        "keyring",
        f"{KEY} '' Secret Service",
        "keyring sk-second-0123456789",
        "None ''",
    ]


def test_a_key_stays_with_its_origin_service_and_home(tmp_path: Path) -> None:
    first = """
        await KeyringSecrets("Desktop Chat").set("x", A, KEY)
    """
    second = """
        secrets = KeyringSecrets("Desktop Chat")
        print(show(await secrets.get("x", A)))
        print(await secrets.get("x", B), await secrets.get("y", A))
        print(await secrets.get("x", "http://a.example"), await secrets.get("x", A + ":8443"))
        print(await KeyringSecrets("Desktop Chat (other)").get("x", A))
    """
    lines(run_with_keyring(script(first), tmp_path))
    assert lines(run_with_keyring(script(second), tmp_path)) == [
        KEY,
        "None None",
        "None None",
        "None",
    ]


def test_several_keys(tmp_path: Path) -> None:
    """The first one stays where it always was; slots have no gaps."""
    first = """
        secrets = KeyringSecrets("Desktop Chat")
        await secrets.set("x", A, KEY)
        await secrets.set("x", A, OTHER, 1)
        await secrets.set("x", A, Secret.pair("an-id", "a-secret"), 9)
        await secrets.set("x", B, OTHER)
        import keyring
        print(keyring.get_password("Desktop Chat", "x@https://a.example"))
    """
    second = """
        secrets = KeyringSecrets("Desktop Chat")
        print([show(key) for key in await secrets.get_all("x", A)])
        await secrets.delete("x", A, 0)
        print([show(key) for key in await secrets.get_all("x", A)])
        await secrets.set("x", A, KEY, 1)
        print([show(key) for key in await KeyringSecrets("Desktop Chat").get_all("x", A)])
        await secrets.set("x", A, OTHER, 2)
        print(len(await secrets.get_all("x", A)))
        await secrets.delete("x", A)
        print(await secrets.get_all("x", A), [await secrets.get("x", A, n) for n in range(3)])
        print([show(key) for key in await secrets.get_all("x", B)])
    """
    assert lines(run_with_keyring(script(first), tmp_path)) == [KEY]
    other, pair = "sk-second-0123456789", "an-id\na-secret"
    assert lines(run_with_keyring(script(second), tmp_path)) == [
        str([KEY, other, pair]),
        str([other, pair]),
        str([other, KEY]),
        "2",
        "[] [None, None, None]",
        str([other]),
    ]


def test_several_keys_without_a_keyring(tmp_path: Path) -> None:
    body = """
        secrets = KeyringSecrets("D")
        print(await reason(secrets.get_all("x", A)))
        print(await secrets.set("x", A, KEY, 3), await secrets.set("x", A, OTHER, 1))
        print([show(key) for key in await secrets.get_all("x", A)])
        await secrets.delete("x", A, 0)
        print([show(key) for key in await secrets.get_all("x", A)])
        await secrets.delete("x", A)
        print(await reason(secrets.get_all("x", A)), secrets._memory)
    """
    assert lines(run_python(script(body), tmp_path)) == [
        "missing",
        "memory memory",
        str([KEY, "sk-second-0123456789"]),
        "['sk-second-0123456789']",
        "missing {}",
    ]


def test_a_keyring_that_fails_half_way_loses_no_key(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        for slot, key in enumerate((KEY, OTHER, Secret("third-0123456789"))):
            await secrets.set("x", A, key, slot)
        Keyring.fail = RuntimeError()
        print(await reason(secrets.delete("x", A, 0)))
        print(await secrets.set("y", A, KEY, 2))
        Keyring.fail = None
        print([show(key) for key in await secrets.get_all("x", A)])
        while secrets._settling is not None:
            await asyncio.sleep(0)
        print("y@https://a.example#3" in {name for _, name in Keyring.kept})
        """,
    )
    kept = [KEY, "sk-second-0123456789", "third-0123456789"]
    assert out == ["failed", "memory", str(kept), "True"]


def test_there_is_a_bound(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        for slot in range(16):
            await secrets.set("x", A, Secret(f"key-{slot}"), slot)
        try:
            await secrets.set("x", A, KEY, 16)
        except ValueError as error:
            print(error, len(await secrets.get_all("x", A)))
        """,
    )
    assert out == ["there are too many keys 16"]


def test_the_home_holds_no_key_in_the_clear(tmp_path: Path) -> None:
    lines(run_with_keyring(script('await KeyringSecrets("D").set("x", A, KEY)'), tmp_path))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".keyring" for path in files)
    assert all(KEY.encode() not in path.read_bytes() for path in files)


def test_no_keyring(tmp_path: Path) -> None:
    body = """
        changes = []
        secrets = KeyringSecrets("D")
        secrets.subscribe(lambda: changes.append(secrets.problem()))
        print(await reason(secrets.get("x", A)))
        print(await secrets.set("x", A, KEY), show(await secrets.get("x", A)))
        print(repr(secrets.backend()), secrets.problem(), changes)
        await secrets.delete("x", A)
        print(await reason(secrets.get("x", A)))
    """
    assert lines(run_python(script(body), tmp_path)) == [
        "missing",
        f"memory {KEY}",
        "'' missing ['missing']",
        "missing",
    ]


@pytest.mark.parametrize(
    "backend",
    [
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "keyring.backends.chainer.ChainerBackend",
        "no.such.Module",
    ],
)
def test_stand_ins_count_as_missing(tmp_path: Path, backend: str) -> None:
    body = """
        secrets = KeyringSecrets("D")
        print(await secrets.set("x", A, KEY), show(await secrets.get("x", A)), secrets.problem())
    """
    environment = {"PYTHON_KEYRING_BACKEND": backend}
    assert lines(run_python(script(body), tmp_path, environment=environment)) == [
        f"memory {KEY} missing"
    ]


FILE_BACKEND = """
import json, os, keyring.backend

class Keyring(keyring.backend.KeyringBackend):
    priority = 9
    file_path = os.path.expanduser("~/keys.json")

    def get_password(self, service, username):
        return None

    def set_password(self, service, username, password):
        with open(self.file_path, "w") as file:
            json.dump([service, username, password], file)

class PlaintextKeyring(Keyring):
    del_path = True

PlaintextKeyring.file_path = Keyring.file_path
"""


@pytest.mark.parametrize("module", ["keyrings/alt/file.py", "mine.py"])
@pytest.mark.parametrize("named", [True, False])
def test_a_backend_that_writes_a_file_is_never_used(
    tmp_path: Path, module: str, named: bool
) -> None:
    """Whether the user's settings of keyring name it or it is merely installed."""
    path = tmp_path / "modules" / module
    path.parent.mkdir(parents=True)
    path.write_text(FILE_BACKEND)
    name = module.removesuffix(".py").replace("/", ".")
    body = f"""
        sys.path.insert(0, {str(tmp_path / "modules")!r})
        import {name}
        secrets = KeyringSecrets("D")
        print(await secrets.set("x", A, KEY), secrets.problem())
        print(os.path.exists(os.path.expanduser("~/keys.json")))
    """
    environment = {"PYTHON_KEYRING_BACKEND": f"{name}.Keyring"} if named else {}
    done = run_python(script(body), tmp_path, environment=environment)
    assert lines(done) == ["memory missing", "False"]


def test_a_file_backend_beside_a_real_one_is_passed_over(tmp_path: Path) -> None:
    """keyring itself would chain the two and might write the file."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "mine.py").write_text(FILE_BACKEND)
    body = f"""
        sys.path.insert(0, {str(tmp_path / "modules")!r})
        import mine
        secrets = KeyringSecrets("D")
        print(await secrets.set("x", A, KEY), secrets.backend())
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.chainer.ChainerBackend"
        print(show(await KeyringSecrets("D").get("x", A)))
        print(os.path.exists(os.path.expanduser("~/keys.json")))
    """
    assert lines(run_with_keyring(script(body), tmp_path)) == [
        "keyring Secret Service",
        KEY,
        "False",
    ]


def test_locked(tmp_path: Path) -> None:
    """The prompt that would unlock it cannot be shown here, which counts as dismissed."""
    body = """
        secrets = KeyringSecrets("D", read_seconds=30)
        print(await secrets.set("x", A, KEY))
        subprocess.run(
            ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets",
             "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock",
             "array:objpath:/org/freedesktop/secrets/collection/login"],
            check=True, capture_output=True)
        print(await reason(secrets.get("x", A)), secrets.problem(), secrets.backend())
        print(await secrets.set("x", A, OTHER), show(await secrets.get("x", A)))
        print(await reason(secrets.delete("y", A)))
    """
    assert lines(run_with_keyring(script(body), tmp_path)) == [
        "keyring",
        "locked locked Secret Service",
        "memory sk-second-0123456789",
        "locked",
    ]


def test_daemon_that_dies_between_calls(tmp_path: Path) -> None:
    """The bus starts another one where it can, which is locked; where not there is none."""
    body = """
        secrets = KeyringSecrets("D", read_seconds=30)
        print(await secrets.set("x", A, KEY))
        os.kill(daemon(), signal.SIGKILL)
        print(await reason(secrets.get("x", A)) in ("missing", "locked", "failed"))
        print(await secrets.set("x", A, OTHER), show(await secrets.get("x", A)))
        print(secrets.problem() in ("missing", "locked", "failed"))
    """
    assert lines(run_with_keyring(script(body), tmp_path)) == [
        "keyring",
        "True",
        "memory sk-second-0123456789",
        "True",
    ]


def test_daemon_that_hangs_and_comes_back(tmp_path: Path) -> None:
    """What could not be saved in time is saved after all, and told."""
    body = """
        secrets = KeyringSecrets("D", read_seconds=0.1, write_seconds=0.1)
        await KeyringSecrets("D").set("x", A, KEY)
        await KeyringSecrets("D").set("z", A, KEY)
        pid = daemon()
        os.kill(pid, signal.SIGSTOP)
        print(await secrets.set("x", A, OTHER), secrets.problem())
        print(show(await secrets.get("x", A)))
        print(await reason(secrets.get("z", A)))
        wait_for(secrets, 60)
        os.kill(pid, signal.SIGCONT)
        await told(secrets, "")
        print(show(await secrets.get("z", A)))
        print(show(await KeyringSecrets("D").get("x", A)))
        await secrets.aclose()
    """
    assert lines(run_with_keyring(script(body), tmp_path)) == [
        "memory timeout",
        "sk-second-0123456789",
        "timeout",
        KEY,
        "sk-second-0123456789",
    ]


BACKEND = """
import threading, keyring.backend

class Keyring(keyring.backend.KeyringBackend):
    "Keeps keys in this process; a call hangs while the gate, or its own one, is shut."
    priority = 9
    kept = {}
    fail = None
    gate = threading.Event()
    gates = {}
    begun = finished = 0
    gate.set()

    def call(self, work):
        number = Keyring.begun
        Keyring.begun += 1
        self.gates.get(number, self.gate).wait()
        if self.fail is not None:
            raise self.fail
        try:
            return work()
        finally:
            Keyring.finished += 1

    def get_password(self, service, username):
        return self.call(lambda: self.kept.get((service, username)))

    def set_password(self, service, username, password):
        self.call(lambda: self.kept.update({(service, username): password}))

    def delete_password(self, service, username):
        self.call(lambda: self.kept.pop((service, username)))
"""


def run_scripted(tmp_path: Path, body: str) -> list[str]:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "scripted.py").write_text(BACKEND)
    environment = {"PYTHON_KEYRING_BACKEND": "scripted.Keyring"}
    head = f"""
        sys.path.insert(0, {str(tmp_path / "modules")!r})
        from scripted import Keyring
        secrets = KeyringSecrets("D", read_seconds=60, write_seconds=60)
    """
    whole = script(dedent(head) + dedent(body))
    return lines(run_python(whole, tmp_path, environment=environment))


def test_hung_backend(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        Keyring.gate.clear()
        wait_for(secrets, 0.05)
        print(await secrets.set("x", A, KEY), show(await secrets.get("x", A)), secrets.problem())
        for number in range(20):
            await secrets.set(f"s{number}", A, KEY)
            await reason(secrets.get(f"n{number}", A))
        print(sum(thread.name == "keyring" for thread in threading.enumerate()) <= 3)
        print(await reason(secrets.delete("x", A)))
        wait_for(secrets, 60)
        Keyring.gate.set()
        await told(secrets, "")
        print(len(Keyring.kept), ("D", "x@https://a.example") in Keyring.kept)
        await secrets.aclose()
        """,
    )
    assert out == [f"memory {KEY} timeout", "True", "timeout", "20 False"]


def test_a_late_write_does_not_undo_a_newer_one(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        Keyring.gates = {0: threading.Event(), 1: threading.Event()}
        wait_for(secrets, 0.4)
        await secrets.set("x", A, KEY)
        await secrets.set("x", A, OTHER)
        print(show(await secrets.get("x", A)))
        wait_for(secrets, 60)
        Keyring.gates[1].set()
        await told(secrets, "")
        Keyring.gates[0].set()
        while Keyring.finished < 3 or secrets._settling is not None:
            await asyncio.sleep(0)
        print(*Keyring.kept.values(), secrets._memory, show(await secrets.get("x", A)))
        """,
    )
    assert out == ["sk-second-0123456789", "sk-second-0123456789 {} sk-second-0123456789"]


def test_a_late_write_does_not_bring_back_a_deleted_key(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        Keyring.gates = {0: threading.Event(), 1: threading.Event()}
        wait_for(secrets, 0.4)
        await secrets.set("x", A, KEY)
        print(await reason(secrets.delete("x", A)))
        wait_for(secrets, 60)
        Keyring.gates[1].set()
        await told(secrets, "")
        Keyring.gates[0].set()
        while Keyring.finished < 5 or secrets._settling is not None:
            await asyncio.sleep(0)
        print(Keyring.kept, await secrets.get("x", A))
        """,
    )
    assert out == ["timeout", "{} None"]


def test_a_backend_that_fails_and_recovers(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        Keyring.fail = RuntimeError(KEY.reveal())
        changes = []
        secrets.subscribe(lambda: changes.append(secrets.problem()))
        print(await secrets.set("x", A, KEY), secrets.problem())
        try:
            await secrets.get("y", A)
        except SecretStoreError as error:
            print(error, error.__cause__, error.__context__)
        Keyring.fail = None
        print(await secrets.get("y", A))
        await told(secrets, "")
        print(show(await secrets.get("x", A)), secrets._memory, changes)
        await secrets.aclose()
        """,
    )
    assert out == [
        "memory failed",
        "failed None None",
        "None",
        f"{KEY} {{}} ['failed', '']",
    ]


def test_every_key_that_passes_is_told(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        import json
        seen = []
        Keyring.kept["D", "y@" + A] = "another"
        secrets = KeyringSecrets("D", seen=seen.append)
        await secrets.set("x", A, KEY)
        await secrets.get("y", A)
        await secrets.get("z", A)
        print(json.dumps(seen))
        """,
    )
    assert json.loads(out[0]) == [KEY, "another"]


def test_an_empty_key_is_refused(tmp_path: Path) -> None:
    out = run_scripted(
        tmp_path,
        """
        try:
            await secrets.set("x", A, Secret("  "))
        except ValueError as error:
            print(error)
        """,
    )
    assert out == ["an empty key is not kept"]


def test_it_belongs_to_no_loop_and_runs_under_qasync(tmp_path: Path) -> None:
    body = f"""
{START}
secrets = KeyringSecrets("D")
async def put():
    print(await secrets.set("x", A, KEY))
async def look():
    print(show(await secrets.get("x", A)))
    await secrets.aclose()
asyncio.run(put())
asyncio.run(look())
import gc, qasync
from PySide6.QtCore import QCoreApplication
app = QCoreApplication([])
def run():
    with qasync.QEventLoop(app) as loop:
        loop.run_until_complete(look())
run()
# Left to the interpreter's end, what a cycle keeps of Qt may abort the process.
gc.collect()
app.shutdown()
"""
    assert lines(run_with_keyring(body, tmp_path)) == ["keyring", KEY, KEY]


def test_importing_it_imports_no_keyring(tmp_path: Path) -> None:
    body = "import sys, desktop_chat.system.secrets; print('keyring' in sys.modules)"
    assert lines(run_python(body, tmp_path)) == ["False"]
