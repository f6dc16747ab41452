"""The list of conversations beside the window, kept in step with what happens in them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from desktop_chat.chat.listeners import subscription
from desktop_chat.core.i18n import tr
from desktop_chat.core.messages import Conversation, SearchHit
from desktop_chat.core.ports import ConversationStore, Unsubscribe


class Period(StrEnum):
    """The stretches of time that the list is divided into."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    """The seven days before yesterday's end."""
    DAYS_30 = "days_30"
    MONTH = "month"
    """An earlier calendar month."""


@dataclass(frozen=True, slots=True)
class DayGroup:
    """One stretch of time.

    Attributes:
        period: which.
        year: of a ``MONTH``, else 0.
        month: of a ``MONTH``, 1 to 12, else 0.
    """

    period: Period
    year: int = 0
    month: int = 0

    def title(self) -> str:
        """Return its name in the language in use."""
        if self.period is Period.MONTH:
            return tr("{month} {year}").format(month=_month_name(self.month), year=self.year)
        return {
            Period.TODAY: tr("Today"),
            Period.YESTERDAY: tr("Yesterday"),
            Period.WEEK: tr("Previous 7 days"),
            Period.DAYS_30: tr("Previous 30 days"),
        }[self.period]


class LiveConversation(Protocol):
    """A conversation that is open or runs, which must hear of what the list does to it."""

    async def rename(self, title: str) -> None:
        """Give it a title."""
        ...

    async def stop(self) -> None:
        """End its answer."""
        ...


class History:
    """Every conversation that has messages, newest first.

    Args:
        store: where they are.
    """

    def __init__(self, store: ConversationStore) -> None:
        self._store = store
        self._entries: dict[str, Conversation] = {}
        self._deleted: set[str] = set()
        self._listeners: list[Callable[[], None]] = []
        self._find_live: Callable[[str], LiveConversation | None] = _none

    def subscribe(self, listener: Callable[[], None]) -> Unsubscribe:
        """Call ``listener`` after each change of the list."""
        return subscription(self._listeners, listener)

    def attach(self, find_live: Callable[[str], LiveConversation | None]) -> None:
        """Let the list reach conversations that are open or run.

        Args:
            find_live: returns one by its id, or None.
        """
        self._find_live = find_live

    async def refresh(self) -> None:
        """Read the list anew.

        Raises:
            StoreError: it could not be read.
        """
        self._entries = {item.id: item for item in await self._store.conversations()}
        self._tell()

    def entries(self) -> list[Conversation]:
        """Return the conversations, the one with the newest message first."""
        return sorted(
            self._entries.values(), key=lambda item: (item.updated_at, item.id), reverse=True
        )

    def entry(self, conversation_id: str) -> Conversation | None:
        """Return one conversation of the list."""
        return self._entries.get(conversation_id)

    def groups(self, now: datetime | None = None) -> list[tuple[DayGroup, list[Conversation]]]:
        """Return the conversations by day, newest first.

        Args:
            now: decides what today is, in its own time zone; by default the present.
        """
        now = (now or datetime.now().astimezone()).astimezone(now.tzinfo if now else None)
        found: dict[DayGroup, list[Conversation]] = {}
        for item in self.entries():
            day = datetime.fromtimestamp(item.updated_at, now.tzinfo).date()
            found.setdefault(_group(day, now.date()), []).append(item)
        return list(found.items())

    async def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation a title; a blank one is not taken.

        Raises:
            StoreError: it could not be written.
        """
        live = self._find_live(conversation_id)
        if live is not None:
            await live.rename(title)
            return
        title = " ".join(title.split())
        entry = self._entries.get(conversation_id)
        if entry is None or not title:
            return
        entry = replace(entry, title=title, titled_by_user=True)
        await self._store.save_conversation(entry)
        self.put(entry)

    async def delete(self, conversation_id: str) -> None:
        """Hide a conversation, its answer stopped; ``restore`` brings it back until the next
        start.

        Raises:
            StoreError: it could not be written.
        """
        live = self._find_live(conversation_id)
        if live is not None:
            await live.stop()
        await self._store.delete_conversation(conversation_id)
        self._deleted.add(conversation_id)
        self._entries.pop(conversation_id, None)
        self._tell()

    async def restore(self, conversation_id: str) -> None:
        """Undo ``delete``.

        Raises:
            StoreError: it could not be written.
        """
        await self._store.restore_conversation(conversation_id)
        self._deleted.discard(conversation_id)
        entry = await self._store.conversation(conversation_id)
        if entry is not None:
            self.put(entry)

    async def search(self, query: str) -> list[SearchHit]:
        """Return the places that hold the words of a query; none for a blank one.

        Raises:
            StoreError: it could not be read.
        """
        return await self._store.search(query) if query.strip() else []

    def put(self, conversation: Conversation) -> None:
        """Take a new or changed conversation into the list; one without messages is not shown."""
        if conversation.leaf_id is None or conversation.id in self._deleted:
            return
        if self._entries.get(conversation.id) != conversation:
            self._entries[conversation.id] = conversation
            self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def _none(_conversation_id: str) -> None:
    return None


def _group(day: date, today: date) -> DayGroup:
    if day >= today:
        return DayGroup(Period.TODAY)
    if day == today - timedelta(days=1):
        return DayGroup(Period.YESTERDAY)
    if day >= today - timedelta(days=7):
        return DayGroup(Period.WEEK)
    if day >= today - timedelta(days=30):
        return DayGroup(Period.DAYS_30)
    return DayGroup(Period.MONTH, day.year, day.month)


def _month_name(month: int) -> str:
    return (
        tr("January"),
        tr("February"),
        tr("March"),
        tr("April"),
        tr("May"),
        tr("June"),
        tr("July"),
        tr("August"),
        tr("September"),
        tr("October"),
        tr("November"),
        tr("December"),
    )[month - 1]
