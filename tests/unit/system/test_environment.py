import os
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_chat.core.services import Service
from desktop_chat.system.environment import FoundKey, find_key, read_env_file

SERVICE = Service("x", {"": "X"}, key_env=("FIRST_KEY", "SECOND_KEY"))


def found(
    folder: Path, environ: dict[str, str], *, own_names: bool = True
) -> tuple[str, str, bool] | None:
    key: FoundKey | None = find_key(SERVICE, environ, folder, own_names=own_names)
    return None if key is None else (key.secret.reveal(), key.source, key.given)


def test_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, {}) is None
    assert found(tmp_path, {"FIRST_KEY": "  ", "DESKTOP_CHAT_API_KEY": ""}) is None


def test_order(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DESKTOP_CHAT_API_KEY=d\nFIRST_KEY='e'\n")
    environ = {"DESKTOP_CHAT_API_KEY": "a", "FIRST_KEY": " b\n", "SECOND_KEY": "c"}
    assert found(tmp_path, environ) == ("a", "DESKTOP_CHAT_API_KEY", True)
    del environ["DESKTOP_CHAT_API_KEY"]
    assert found(tmp_path, environ) == ("b", "FIRST_KEY", False)
    del environ["FIRST_KEY"]
    assert found(tmp_path, environ) == ("c", "SECOND_KEY", False)
    assert found(tmp_path, {}) == ("d", ".env: DESKTOP_CHAT_API_KEY", True)
    (tmp_path / ".env").write_text("FIRST_KEY='e'\n")
    assert found(tmp_path, {}) == ("e", ".env: FIRST_KEY", False)


def test_without_the_services_own_names(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FIRST_KEY=e\n")
    assert found(tmp_path, {"FIRST_KEY": "b"}, own_names=False) is None
    environ = {"FIRST_KEY": "b", "DESKTOP_CHAT_API_KEY": "a"}
    assert found(tmp_path, environ, own_names=False) == ("a", "DESKTOP_CHAT_API_KEY", True)


def test_the_current_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("FIRST_KEY=e\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECOND_KEY", "s")
    key = find_key(SERVICE)
    assert key is not None
    assert key.source == "SECOND_KEY"
    assert read_env_file(Path(".env")) == {"FIRST_KEY": "e"}


def test_the_file_is_not_exported(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FIRST_KEY=e\n")
    assert found(tmp_path, {}) is not None
    assert "FIRST_KEY" not in os.environ


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (b"", {}),
        (b"\xef\xbb\xbfA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        (b"# c\nexport A=1 # d\nB\nC=${A}x\n", {"A": "1", "C": "${A}x"}),
        (b"A=\xff\xfe", {}),
    ],
)
def test_what_a_file_may_hold(tmp_path: Path, content: bytes, values: dict[str, str]) -> None:
    (tmp_path / ".env").write_bytes(content)
    assert read_env_file(tmp_path / ".env") == values


def test_a_folder_of_that_name_is_none(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert read_env_file(tmp_path / ".env") == {}


def test_an_id_with_its_secret(tmp_path: Path) -> None:
    signed = replace(SERVICE, auth="hmac")
    own = {"FIRST_KEY": " id ", "SECOND_KEY": "secret"}
    general = {"DESKTOP_CHAT_KEY_ID": "a", "DESKTOP_CHAT_KEY_SECRET": "b"}

    def pair(environ: dict[str, str], **how: bool) -> tuple[tuple[str, str], str, bool] | None:
        key = find_key(signed, environ, tmp_path, **how)
        return None if key is None else (key.secret.parts(), key.source, key.given)

    assert pair(own) == (("id", "secret"), "FIRST_KEY SECOND_KEY", False)
    assert pair(own | general) == (
        ("a", "b"),
        "DESKTOP_CHAT_KEY_ID DESKTOP_CHAT_KEY_SECRET",
        True,
    )
    assert pair(own, own_names=False) is None
    assert pair({"FIRST_KEY": "id", "DESKTOP_CHAT_API_KEY": "x"}) is None
    assert pair({"DESKTOP_CHAT_KEY_ID": "a"}) is None
    # Both halves are of one place.
    (tmp_path / ".env").write_text("DESKTOP_CHAT_KEY_SECRET=c\nSECOND_KEY=d\n")
    assert pair({"DESKTOP_CHAT_KEY_ID": "a", "FIRST_KEY": "id"}) is None
    (tmp_path / ".env").write_text("FIRST_KEY=e\nSECOND_KEY=d\n")
    assert pair({}) == (("e", "d"), ".env: FIRST_KEY SECOND_KEY", False)
    # Another way takes no half.
    assert found(tmp_path, general) == ("e", ".env: FIRST_KEY", False)
