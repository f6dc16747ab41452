"""The tree of one conversation, the messages of it that are loaded, and its visible branch."""

from collections.abc import Iterable, Sequence
from typing import Final

from desktop_chat.core.errors import ChatError, ErrorInfo, ErrorKind
from desktop_chat.core.messages import Message, MessageHead, MessageTree
from desktop_chat.core.ports import ConversationStore

FIRST_LOAD_CHARS: Final = 40_000
FIRST_LOAD_MESSAGES: Final = 24


class Branches:
    """What is known of a conversation's messages.

    Args:
        store: where the others are.

    Attributes:
        tree: its shape.
        texts: the messages that are loaded, by id.
        visible: the ids of the visible branch, first to last.
        visible_set: likewise, to look one up.
    """

    def __init__(self, store: ConversationStore) -> None:
        self._store = store
        self.tree = MessageTree()
        self.texts: dict[str, Message] = {}
        self.visible: list[str] = []
        self.visible_set: set[str] = set()

    def add(self, message: Message) -> None:
        """Add a message, or replace what is known of it."""
        self.tree.add(message.head())
        self.texts[message.id] = message

    def keep(self, messages: Iterable[Message]) -> None:
        """Take messages whose place is in the tree, or will be."""
        self.texts.update((message.id, message) for message in messages)

    def show(self, leaf_id: str | None) -> None:
        """Make the branch that ends with a message the visible one."""
        self.visible = [head.id for head in self.tree.branch(leaf_id)]
        self.visible_set = set(self.visible)

    def last(self) -> str | None:
        """Return the end of the visible branch."""
        return self.visible[-1] if self.visible else None

    def newest(self) -> list[str]:
        """Return the ids whose texts fill the first screens, seen from the end."""
        found: list[str] = []
        chars = 0
        for message_id in reversed(self.visible):
            if found and (chars > FIRST_LOAD_CHARS or len(found) >= FIRST_LOAD_MESSAGES):
                break
            found.append(message_id)
            chars += self.tree.head(message_id).chars
        return found[::-1]

    def message(self, message_id: str) -> Message | MessageHead:
        """Return a message as far as it is known.

        Raises:
            KeyError: it is not in the tree.
        """
        return self.texts.get(message_id) or self.tree.head(message_id)

    def heads(self, leaf_id: str | None) -> list[MessageHead]:
        """Return the branch that ends with a message."""
        return self.tree.branch(leaf_id)

    async def fetch(self, ids: Sequence[str]) -> None:
        """Load messages.

        Raises:
            StoreError: they could not be read.
        """
        missing = [item for item in ids if item in self.tree and item not in self.texts]
        if missing:
            for message in await self._store.messages(missing):
                self.texts.setdefault(message.id, message)

    async def whole(self, ids: Sequence[str]) -> list[Message]:
        """Load messages and return those that are there.

        Raises:
            StoreError: they could not be read.
        """
        await self.fetch(ids)
        return [self.texts[item] for item in ids if item in self.texts]

    async def look(self, ids: Sequence[str]) -> list[Message]:
        """Return messages without keeping those that are not loaded.

        Raises:
            StoreError: they could not be read.
        """
        missing = [item for item in ids if item in self.tree and item not in self.texts]
        read = await self._store.messages(missing) if missing else []
        return [*(self.texts[item] for item in ids if item in self.texts), *read]

    async def need(self, message_id: str) -> Message:
        """Return a message, loaded.

        Raises:
            ChatError: it is gone, or could not be read.
        """
        await self.fetch([message_id])
        if message_id not in self.texts:
            raise ChatError(ErrorInfo(ErrorKind.STORAGE, code="other", message=message_id))
        return self.texts[message_id]
