import stat
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from desktop_chat.core.settings import (
    ALL,
    CONTEXT_ROUNDS,
    LANGUAGE,
    OPEN_TABS,
    REDUCED_MOTION,
    SIDEBAR_WIDTH,
    THEME,
    Setting,
)
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.settings import FileSettings

LATER = 3600.0
"""A delay that no test lives to see: only ``close`` and ``flush`` write."""


def open_settings(path: Path) -> FileSettings:
    return FileSettings(path, delay=LATER)


def test_defaults_without_a_file(tmp_path: Path) -> None:
    settings = open_settings(tmp_path / "settings.toml")
    for setting in ALL:
        assert settings.get(setting) == setting.default  # type: ignore[misc]
    settings.close()
    assert not (tmp_path / "settings.toml").exists()
    assert settings.problems == []


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.toml"
    settings = open_settings(path)
    settings.set(THEME, "dark")
    settings.set(SIDEBAR_WIDTH, 300)
    settings.set(REDUCED_MOTION, True)
    settings.set(OPEN_TABS, ("a", "b"))
    assert settings.get(THEME) == "dark"
    settings.close()
    again = open_settings(path)
    assert (again.get(THEME), again.get(SIDEBAR_WIDTH)) == ("dark", 300)
    assert (again.get(REDUCED_MOTION), again.get(OPEN_TABS)) == (True, ("a", "b"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_subscribers_are_told_at_once_and_only_of_changes(tmp_path: Path) -> None:
    settings = open_settings(tmp_path / "settings.toml")
    told: list[str] = []
    unsubscribe = settings.subscribe(told.append)
    settings.set(THEME, "dark")
    settings.set(THEME, "dark")
    settings.set(SIDEBAR_WIDTH, SIDEBAR_WIDTH.default)
    unsubscribe()
    settings.set(THEME, "light")
    assert told == ["appearance.theme"]
    settings.close()


@pytest.mark.parametrize("value", ["purple", 3, True, None, ("dark",)])
def test_a_value_that_is_not_accepted_raises(tmp_path: Path, value: object) -> None:
    settings = open_settings(tmp_path / "settings.toml")
    with pytest.raises(ValueError, match=r"appearance\.theme"):
        settings.set(THEME, value)  # type: ignore[misc]
    with pytest.raises(ValueError, match="open_tabs"):
        settings.set(OPEN_TABS, (1,))  # type: ignore[misc]
    assert settings.get(THEME) == "system"


def test_written_in_the_background(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings = FileSettings(path, delay=0.001)
    settings.set(THEME, "dark")
    for thread in threading.enumerate():
        if thread.name == "settings":
            thread.join()
    assert tomllib.loads(path.read_text())["appearance"]["theme"] == "dark"


def test_comments_and_unknown_keys_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        '# mine\ntop = 1\n[appearance]\ntheme = "light" # why not\nfuture = [1, 2]\n'
        "[other]\nx = 1979-05-27\n"
    )
    settings = open_settings(path)
    settings.set(THEME, "dark")
    settings.close()
    text = path.read_text()
    assert "# mine" in text
    assert "# why not" in text
    read = tomllib.loads(text)
    assert read["appearance"] == {"theme": "dark", "future": [1, 2]}
    assert read["top"] == 1
    assert str(read["other"]["x"]) == "1979-05-27"


@pytest.mark.parametrize(
    "text",
    [
        "appearance.theme = 'light'",
        "appearance = { theme = 'light' }",
        "[[appearance]]\ntheme = 'light'",
        "[a]\n[appearance.sub]\nx = 1\n[b]\n[appearance]\ntheme = 'light'",
        "appearance.theme = 'light'\nappearance.x.y = 1\n[z]",
        "\"appearance\".theme = 'light'",
        "a = 1\n\n# end",
    ],
)
def test_whatever_way_the_file_is_written(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    settings = open_settings(path)
    settings.set(THEME, "dark")
    settings.set(LANGUAGE, "en")
    settings.set(OPEN_TABS, ("a",))
    settings.close()
    again = open_settings(path)
    assert (again.get(THEME), again.get(LANGUAGE), again.get(OPEN_TABS)) == ("dark", "en", ("a",))


def test_what_another_program_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    one, two = open_settings(path), open_settings(path)
    one.set(THEME, "dark")
    two.set(LANGUAGE, "en")
    one.close()
    two.close()
    assert tomllib.loads(path.read_text())["appearance"] == {"theme": "dark", "language": "en"}


@pytest.mark.parametrize(
    "text",
    [
        "appearance = 3",
        '[appearance]\ntheme = 3\nlanguage = "xx"\nreduced_motion = 1',
        "[window]\nopen_tabs = [1]\nsidebar_width = 2.5",
        '[chat]\ncontext_rounds = "x"',
    ],
)
def test_wrong_types_fall_back_to_the_default(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    settings = open_settings(path)
    for setting in ALL:
        assert settings.get(setting) == setting.default  # type: ignore[misc]
    settings.set(THEME, "dark")
    settings.close()
    assert open_settings(path).get(THEME) == "dark"


def test_whole_numbers_serve_as_fractions(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[a]\nb = 2\nc = true\n")
    settings = open_settings(path)
    assert settings.get(Setting("a.b", 1.5)) == 2.0
    assert settings.get(Setting("a.c", 1.5)) == 1.5


@pytest.mark.parametrize("content", [b"[appearance\n", b"\xff\xfe", b'a = "\xff"', b"a=1\na=2\n"])
def test_broken_file_is_kept_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    settings = open_settings(path)
    assert settings.get(THEME) == "system"
    assert [problem.kind for problem in settings.problems] == [ProblemKind.BROKEN]
    assert "settings.toml.broken" in settings.problems[0].sentence()
    settings.set(THEME, "dark")
    settings.close()
    assert (tmp_path / "settings.toml.broken").read_bytes() == content
    assert open_settings(path).get(THEME) == "dark"
    assert sorted(item.name for item in tmp_path.iterdir() if item.is_file()) == [
        "settings.toml",
        "settings.toml.broken",
    ]


def test_an_older_broken_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    for content in ("[one", "[two"):
        path.write_text(content)
        open_settings(path)
    assert (tmp_path / "settings.toml.broken").read_text() == "[one"
    assert (tmp_path / "settings.toml.broken.2").read_text() == "[two"


def test_broken_while_the_program_runs(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[chat]\ncontext_rounds = 7\n")
    settings = open_settings(path)
    path.write_text("[chat")
    settings.set(THEME, "dark")
    settings.close()
    again = open_settings(path)
    assert (again.get(THEME), again.get(CONTEXT_ROUNDS)) == ("dark", 7)
    assert (tmp_path / "settings.toml.broken").read_text() == "[chat"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b'\xef\xbb\xbf[appearance]\r\ntheme = "dark"\r\n')
    settings = open_settings(path)
    assert settings.get(THEME) == "dark"
    assert settings.problems == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles" / "settings.toml"
    target.write_text("")
    path = tmp_path / "settings.toml"
    path.symlink_to(target)
    settings = open_settings(path)
    settings.set(THEME, "dark")
    settings.close()
    assert path.is_symlink()
    assert "dark" in target.read_text()


def test_what_cannot_be_written_is_kept_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    settings = open_settings(path)
    (tmp_path / "config").write_text("in the way")
    settings.set(THEME, "dark")
    assert not settings.flush()
    assert [problem.kind for problem in settings.problems] == [ProblemKind.UNWRITABLE]
    assert settings.get(THEME) == "dark"
    (tmp_path / "config").unlink()
    settings.set(SIDEBAR_WIDTH, 300)
    settings.close()
    assert settings.problems == []
    again = open_settings(path)
    assert (again.get(THEME), again.get(SIDEBAR_WIDTH)) == ("dark", 300)


def test_full_disk(tmp_path: Path) -> None:
    """In a child whose files may not grow: a write ends with EFBIG instead of ENOSPC."""
    path = tmp_path / "settings.toml"
    path.write_text('[appearance]\ntheme = "light"\n')
    before = path.read_bytes()
    script = f"""
import resource, signal
from pathlib import Path
from desktop_chat.core.settings import THEME
from desktop_chat.system.settings import FileSettings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
settings = FileSettings(Path({str(path)!r}), delay=3600)
resource.setrlimit(resource.RLIMIT_FSIZE, (4, resource.RLIM_INFINITY))
settings.set(THEME, "dark")
print(settings.flush(), [p.kind.value for p in settings.problems], settings.get(THEME))
print(Path({str(path)!r}).read_bytes() == {before!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
settings.close()
print(settings.problems, Path({str(path)!r}).read_text())
"""
    out = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert out[0] == "False ['unwritable'] dark"
    assert out[1] == "True"
    assert out[2] == "[] [appearance]"
    assert out[3] == 'theme = "dark"'
    assert [item.name for item in tmp_path.iterdir() if item.is_file()] == ["settings.toml"]
