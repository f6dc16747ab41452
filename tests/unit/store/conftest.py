from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from desktop_chat.store import SqliteStore


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def opened(data: Path) -> AsyncIterator[Callable[[], SqliteStore]]:
    """Makes stores on the same files, as further runs of the program would."""
    stores: list[SqliteStore] = []

    def make() -> SqliteStore:
        stores.append(SqliteStore(data))
        return stores[-1]

    yield make
    for store in stores:
        await store.aclose()


@pytest.fixture
def store(opened: Callable[[], SqliteStore]) -> SqliteStore:
    return opened()
