"""Where things are on this machine."""

import contextlib
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import platformdirs

from desktop_chat.core.i18n import tr
from desktop_chat.core.identity import APP_NAME, COMMAND, HOME_VARIABLE, KEYRING_SERVICE
from desktop_chat.system.files import make_private_folder

_ID_FILE: Final = "home-id"
_ID_LENGTH: Final = 12


class HomeError(Exception):
    """A folder that the program lives in cannot be created or written.

    Args:
        path: the folder.
        reason: the operating system's words.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")

    def sentence(self) -> str:
        """Return what happened and what to do, in the reader's language."""
        return tr(
            "The folder {path} cannot be used ({reason}). Make it writable, or set {variable} "
            "to another folder."
        ).format(path=self.path, reason=self.reason, variable=HOME_VARIABLE)


class AppPaths:
    """The folders of the program, created for their owner alone.

    Args:
        config: settings and services.
        data: the database, its backups.
        cache: what can be made anew.
        logs: log files.
        resources: files that ship with the program.
        home: the folder that holds the first four, when the user chose one.

    Raises:
        HomeError: one of them cannot be created or written.
    """

    def __init__(
        self,
        *,
        config: Path,
        data: Path,
        cache: Path,
        logs: Path,
        resources: Path,
        home: Path | None = None,
    ) -> None:
        self._config = config
        self._data = data
        self._cache = cache
        self._logs = logs
        self._resources = resources
        self._home = home
        for folder in (*([home] if home else []), config, data, cache, logs):
            _prepare(folder)
        self._home_id = _home_id(home) if home else ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "AppPaths":
        """Return the folders below DESKTOP_CHAT_HOME, or where the platform wants them.

        Args:
            environ: in place of the process's own environment; an empty value counts as none.

        Raises:
            HomeError: a folder cannot be created or written.
        """
        chosen = (os.environ if environ is None else environ).get(HOME_VARIABLE, "").strip()
        if chosen:
            return cls.below(Path(chosen).expanduser().absolute())
        name = APP_NAME if sys.platform in ("win32", "darwin") else COMMAND
        places = platformdirs.PlatformDirs(name, appauthor=False)
        return cls(
            config=places.user_config_path,
            data=places.user_data_path,
            cache=places.user_cache_path,
            logs=places.user_log_path,
            resources=find_resources(),
        )

    @classmethod
    def below(cls, home: Path) -> "AppPaths":
        """Return the folders below one that the user chose.

        Raises:
            HomeError: a folder cannot be created or written.
        """
        return cls(
            config=home / "config",
            data=home / "data",
            cache=home / "cache",
            logs=home / "logs",
            resources=find_resources(),
            home=home,
        )

    @property
    def config(self) -> Path:
        """Settings and services."""
        return self._config

    @property
    def data(self) -> Path:
        """The database, its backups."""
        return self._data

    @property
    def cache(self) -> Path:
        """What can be made anew."""
        return self._cache

    @property
    def logs(self) -> Path:
        """Log files."""
        return self._logs

    @property
    def resources(self) -> Path:
        """Files that ship with the program."""
        return self._resources

    @property
    def home_id(self) -> str:
        """What tells the user's chosen home from every other one; "" for the usual places.

        It is drawn at random when the home is first used and kept in a file inside it, so that a
        home that is moved, or mounted elsewhere, still finds its keys, and another one that comes
        to the same place does not.
        """
        return self._home_id

    @property
    def keyring_service(self) -> str:
        """The name under which the keys of this home are kept in the keyring."""
        return f"{KEYRING_SERVICE} ({self._home_id})" if self._home_id else KEYRING_SERVICE


def find_resources() -> Path:
    """Return the folder of the files that ship: inside the package, or beside it in a checkout.

    The package comes first, because what lies beside an installed one belongs to others.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "resources", package.parent / "resources"):
        if (folder / "services.toml").is_file():
            return folder
    raise FileNotFoundError(2, os.strerror(2), str(package / "resources" / "services.toml"))


def _prepare(folder: Path) -> None:
    try:
        make_private_folder(folder)
    except OSError as error:
        raise HomeError(folder, error.strerror or str(error)) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise HomeError(folder, os.strerror(13))


def _home_id(home: Path) -> str:
    path = home / _ID_FILE
    try:
        if not (found := _read_id(path)):
            _write_id(path, secrets.token_hex(_ID_LENGTH // 2))
            found = _read_id(path)
    except OSError as error:
        raise HomeError(home, error.strerror or str(error)) from error
    if not found:
        raise HomeError(home, f"{_ID_FILE}?")
    return found


def _read_id(path: Path) -> str:
    try:
        text = path.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return text if len(text) == _ID_LENGTH and text.isalnum() else ""


def _write_id(path: Path, value: str) -> None:
    """Write the file whole, and so that of two programs that start at once one wins for both."""
    own = path.with_name(f"{path.name}.{value}")
    own.write_text(f"{value}\n", "ascii")
    try:
        if path.exists() and not _read_id(path):
            os.replace(own, path)
            return
        try:
            os.link(own, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            os.replace(own, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            own.unlink()
