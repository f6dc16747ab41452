"""Starting ``child.py``, and speaking with it line by line."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def child(verb: str, data: Path, name: str = "m") -> AsyncIterator[Process]:
    """Start a child; it is killed at the end if it still lives."""
    command = (sys.executable, "-m", "tests.unit.store.child", verb, str(data), name)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: Process) -> list[str]:
    """Return the words of the next line that a child prints."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().split()


async def go_on(process: Process) -> None:
    """Send a child the line that it waits for."""
    assert process.stdin is not None
    process.stdin.write(b"\n")
    await process.stdin.drain()
