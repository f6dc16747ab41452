"""Another process on the same data: ``python -m tests.unit.store.child VERB DATA [NAME]``.

It prints a line after each thing that it has done, and reads a line where it has to wait.
"""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from desktop_chat.core.errors import StoreError
from desktop_chat.core.messages import MessageState
from desktop_chat.store import SqliteStore
from tests.unit.store.samples import begin, conversation, one


def say(*words: object) -> None:
    print(*words, flush=True)


async def stream(store: SqliteStore, name: str) -> None:
    """Append without end, and say what is saved."""
    message = await begin(store, name)
    number = 0
    while True:
        await store.append(message.id, [("text", f"<{number}>")])
        say(number)
        number += 1


async def hold(store: SqliteStore, name: str) -> None:
    """Append once, delete another conversation, and live until a line comes."""
    message = await begin(store, name)
    await store.append(message.id, [("text", "so far")])
    deleted = await begin(store, f"{name}-gone", id=f"{name}-gone")
    await _end(store, deleted.id)
    await store.delete_conversation(deleted.conversation_id)
    say("ready", store.run_id)
    sys.stdin.readline()
    os._exit(1)


async def write(store: SqliteStore, name: str) -> None:
    """Wait for a line, then write many rows as fast as it goes."""
    say("ready")
    sys.stdin.readline()
    for turn in range(20):
        prefix = f"{name}-{turn}-"
        message = await begin(store, prefix, id=f"{name}-{turn}")
        await store.append(message.id, [("text", "a"), ("text", "b")])
        await _end(store, message.id)
    say("done")


async def read_only(store: SqliteStore, name: str) -> None:
    """Read and write as someone who may only read."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    for what, work in (
        ("read", store.messages(["m2"])),
        ("write", store.save_conversation(conversation(name))),
    ):
        try:
            result = await work
            say(what, "ok", result[0].text if result else "")
        except StoreError as error:
            say(what, error.info.code)
    await store.aclose()


async def _end(store: SqliteStore, message_id: str) -> None:
    await store.finish(replace(await one(store, message_id), state=MessageState.DONE))


VERBS = {"stream": stream, "hold": hold, "write": write, "read-only": read_only}

if __name__ == "__main__":
    verb, data, name = sys.argv[1:]
    asyncio.run(VERBS[verb](SqliteStore(Path(data)), name))
