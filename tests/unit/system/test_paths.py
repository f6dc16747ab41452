import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_chat.core.identity import HOME_VARIABLE
from desktop_chat.system.paths import AppPaths, HomeError, find_resources


def test_home_holds_everything(tmp_path: Path) -> None:
    paths = AppPaths.from_environment({HOME_VARIABLE: str(tmp_path / "a" / "b")})
    assert [paths.config, paths.data, paths.cache, paths.logs] == [
        tmp_path / "a" / "b" / name for name in ("config", "data", "cache", "logs")
    ]


def test_folders_are_private(tmp_path: Path) -> None:
    paths = AppPaths.below(tmp_path / "a" / "b")
    for folder in (tmp_path / "a", tmp_path / "a" / "b", paths.config, paths.data, paths.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_relative_home_is_below_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = AppPaths.from_environment({HOME_VARIABLE: "here"})
    assert paths.config == tmp_path / "here" / "config"


def test_without_a_home_the_platform_decides(tmp_path: Path) -> None:
    """In a child, because platformdirs reads the process's own environment."""
    script = (
        "from desktop_chat.system.paths import AppPaths\n"
        "p = AppPaths.from_environment({'DESKTOP_CHAT_HOME': '  '})\n"
        "print(p.config, p.data, p.cache, p.logs, repr(p.home_id), p.keyring_service, sep='\\n')"
    )
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    out = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert out[4:] == ["''", "Desktop Chat"]
    for line in out[:4]:
        assert Path(line).is_relative_to(tmp_path)
        assert Path(line).is_dir()
        assert "desktop-chat" in line


def test_home_id_stays_when_the_home_moves(tmp_path: Path) -> None:
    first = AppPaths.below(tmp_path / "one")
    shutil.move(tmp_path / "one", tmp_path / "two")
    moved = AppPaths.below(tmp_path / "two")
    other = AppPaths.below(tmp_path / "one")
    assert first.home_id == moved.home_id != other.home_id
    assert first.keyring_service == f"Desktop Chat ({first.home_id})"


def test_two_programs_that_start_at_once_agree_on_the_home_id(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from desktop_chat.system.paths import AppPaths\n"
        "sys.stdin.read(1); print(AppPaths.below(Path(sys.argv[1])).home_id)"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "home")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        )
        for _ in range(4)
    ]
    ids = {child.communicate(b"x")[0] for child in children}
    assert len(ids) == 1
    assert len(next(iter(ids)).strip()) == 12


def test_broken_home_id_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    AppPaths.below(home)
    (home / "home-id").write_bytes(b"\xff\x00")
    new = AppPaths.below(home).home_id
    assert len(new) == 12
    assert AppPaths.below(home).home_id == new
    assert sorted(item.name for item in home.iterdir()) == [
        "cache",
        "config",
        "data",
        "home-id",
        "logs",
    ]


def test_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError) as caught:
        AppPaths.below(tmp_path / "file")
    assert caught.value.path == tmp_path / "file"
    assert str(tmp_path / "file") in caught.value.sentence()


def test_home_that_cannot_be_created() -> None:
    with pytest.raises(HomeError) as caught:
        AppPaths.below(Path("/proc/nowhere"))
    assert caught.value.path == Path("/proc/nowhere")
    assert caught.value.reason


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    """As another user where the tests run as root, who may write everywhere."""
    home = tmp_path / "home"
    AppPaths.below(home)
    home.joinpath("data").chmod(0o500)
    script = (
        "import os, sys; from pathlib import Path\n"
        "from desktop_chat.system.paths import AppPaths, HomeError\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: AppPaths.below(Path(sys.argv[1]))\n"
        "except HomeError as error: print(error.path)"
    )
    if os.getuid() == 0:
        for part in (home, *home.rglob("*")):
            os.chown(part, 65534, 65534)
        for part in tmp_path.parents:
            if part.stat().st_uid == 0 and not part.stat().st_mode & 0o001:
                part.chmod(part.stat().st_mode | 0o001)
        tmp_path.chmod(0o711)
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(home / "data"), done.stderr


def test_resources_of_a_checkout() -> None:
    assert find_resources() == Path(__file__).parents[3] / "resources"


def test_resources_inside_the_package_win(tmp_path: Path) -> None:
    """As in a wheel, where a folder beside the package belongs to others."""
    root = Path(__file__).parents[3]
    shutil.copytree(root / "desktop_chat", tmp_path / "desktop_chat")
    for folder in (tmp_path / "resources", tmp_path / "desktop_chat" / "resources"):
        folder.mkdir()
        shutil.copy(root / "resources" / "services.toml", folder)
    script = "from desktop_chat.system.paths import find_resources; print(find_resources())"
    out = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.strip() == str(tmp_path / "desktop_chat" / "resources")
