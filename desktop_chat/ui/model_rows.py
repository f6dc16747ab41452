"""The rows of the model picker: favourites, those used last, then every service with its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from desktop_chat.chat.explain import explain_error
from desktop_chat.chat.model_choice import ModelShelf, Named, rank, rank_loosely
from desktop_chat.chat.model_lists import ListState, chat_models
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.services import Model, Service
from desktop_chat.ui.controls.buttons import plain_tip
from desktop_chat.ui.settings.model_words import told_of

MANY: Final = 12
"""Models beyond which those used last are worth a group of their own."""
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]")
Index = QModelIndex | QPersistentModelIndex


def context_label(tokens: int | None) -> str:
    """Return a context size as people say it: ``1M``, ``256K``; "" when unknown."""
    if not tokens:
        return ""
    for unit, decimal, binary in (("M", 1_000_000, 1 << 20), ("K", 1_000, 1 << 10)):
        if tokens >= decimal:
            size = decimal if tokens % 1000 == 0 else binary
            return f"{tokens / size:.1f}".removesuffix(".0") + unit
    return str(tokens)


def is_local(service: Service) -> bool:
    """Tell whether a service runs on this machine."""
    host = service.base_url.split("://")[-1].split("/")[0].rsplit(":", 1)[0]
    return host in _LOCAL


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list: the heading of a group, unless it has one of the others.

    Attributes:
        service: that it belongs to.
        model: of the service.
        typed: the model is not in a list: its id was typed.
        note: what there is to say of a service without models.
        mend: the note is a failure, and choosing it does this; or "".
        title: of a group that is not a service's.
        favourite: the model has a star.
        apart: it stands away from its service, which is named beside it.
    """

    service: Service
    model: Model | None = None
    typed: bool = False
    note: str = ""
    mend: str = ""
    title: str = ""
    favourite: bool = False
    apart: bool = False

    @property
    def heading(self) -> bool:
        """Whether it stands above others."""
        return self.model is None and not self.note

    @property
    def name(self) -> Named | None:
        """Ids of service and model, or None."""
        return None if self.model is None else (self.service.id, self.model.id)

    @property
    def words(self) -> str:
        """What it says."""
        if self.model is None:
            return self.note or self.title or self.service.title(language())
        if self.typed:
            return tr("Use “{model}”").format(model=self.model.id)
        return self.model.id


class ModelRows(QAbstractListModel):
    """The services and their models that match the search.

    Args:
        services: in the order of the picker.
        current: ids of service and model in use.
        states: how fetching the list of each service goes.
        shelf: favourites and models used last, or None for neither.
    """

    def __init__(
        self,
        services: Sequence[Service],
        current: Named,
        states: Mapping[str, ListState],
        shelf: ModelShelf | None,
    ) -> None:
        super().__init__()
        self._services = services
        self._states = states
        self._shelf = shelf
        self._query = ""
        self._favourites: list[Named] = []
        self._stars: frozenset[Named] = frozenset()
        self.current = current
        self.rows: list[Row] = []
        self.filter("")

    @property
    def has_stars(self) -> bool:
        """Whether models can be made favourites."""
        return self._shelf is not None

    def supply(self, services: Sequence[Service], states: Mapping[str, ListState]) -> None:
        """Show services and lists as they are now."""
        self._services, self._states = services, states
        self.filter(self._query)

    def filter(self, query: str) -> None:
        """Show what a search finds; all of it where nothing is searched."""
        self._query = query
        self._favourites = self._shelf.favourites() if self._shelf is not None else []
        self._stars = frozenset(self._favourites)
        rows = self._found(query) if query.strip() else self._all()
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def toggle_star(self, row: Row) -> None:
        """Make a model a favourite, or no longer."""
        if self._shelf is not None and row.model is not None:
            self._shelf.toggle(row.service.id, row.model.id)
            self.filter(self._query)

    # Without a search.

    def _all(self) -> list[Row]:
        services = {service.id: service for service in self._services}
        models = {service.id: self._models(service) for service in self._services}
        there = {(key, model.id): model for key, found in models.items() for model in found}
        recent: list[Named] = []
        if self._shelf is not None and len(there) > MANY:
            recent = [name for name in self._shelf.recent() if name not in self._stars]
        rows: list[Row] = []
        shown: set[Named] = set()
        for title, names in ((tr("Favourites"), self._favourites), (tr("Used last"), recent)):
            group = [
                replace(self._row(services[name[0]], there[name]), apart=True)
                for name in names
                if name in there
            ]
            if group:
                rows += [Row(group[0].service, title=title), *group]
                shown.update(name for name in names if name in there)
        for service in self._services:
            found = models[service.id]
            left = [item for item in found if (service.id, item.id) not in shown]
            if left:
                rows += [Row(service), *(self._row(service, model) for model in left)]
            elif not found:
                rows += [Row(service), self._note(service)]
        return rows

    def _row(self, service: Service, model: Model) -> Row:
        return Row(service, model, favourite=(service.id, model.id) in self._stars)

    def _note(self, service: Service) -> Row:
        """Return what stands in place of the models of a service that has none."""
        state = self._states.get(service.id, ListState())
        if state.fetching:
            return Row(service, note=tr("Fetching the list of models"))
        if state.error is not None:
            told = explain_error(state.error, service_name=service.title(language()))
            mend = tr("Update key") if state.wants_key else tr("Retry")
            return Row(service, note=told.title, mend=mend)
        return Row(service, note=tr("Type the id of a model above"))

    # With a search.

    def _found(self, query: str) -> list[Row]:
        """Return what fits best first, service by service; where no model holds the words, those
        that hold their letters.
        """
        groups = self._ranked(query)
        rows = self._flat(groups)
        typed = self._typed(query.strip(), rows)
        if not rows:
            rows = self._flat(self._ranked(query, loosely=True))
        return rows + typed

    def _ranked(self, query: str, *, loosely: bool = False) -> list[list[tuple[float, Row]]]:
        groups: list[list[tuple[float, Row]]] = []
        for service in self._services:
            group: list[tuple[float, Row]] = []
            for model in self._models(service):
                points = rank_loosely(query, model) if loosely else rank(query, service, model)
                if points is not None:
                    row = self._row(service, model)
                    group.append((points + row.favourite, row))
            if group:
                # Those that do not chat stay behind those that do.
                chat = {model.id for model in chat_models(service.models)}
                group.sort(key=lambda item: (_id(item[1]) not in chat, -item[0]))
                groups.append(group)
        groups.sort(key=lambda group: -group[0][0])
        return groups

    @staticmethod
    def _flat(groups: Sequence[Sequence[tuple[float, Row]]]) -> list[Row]:
        rows: list[Row] = []
        for group in groups:
            rows += [Row(group[0][1].service), *(row for _points, row in group)]
        return rows

    def _typed(self, text: str, rows: Sequence[Row]) -> list[Row]:
        """Return rows that take what was typed for an id: of services whose models are not known,
        or of all where nothing else matches.
        """
        if len(text.split()) != 1 or not text.isascii() or any(_id(row) == text for row in rows):
            return []
        return [
            Row(service, service.model(text), typed=True)
            for service in self._services
            if service.protocol != "demo" and (not rows or not service.models)
        ]

    def _models(self, service: Service) -> list[Model]:
        """Return its models but those hidden, with the one in use even when its list does not name
        it; those that do not chat come last.
        """
        service_id, model_id = self.current
        chat = chat_models(service.models)
        ids = {model.id for model in chat}
        rest = [item for item in service.models if item.enabled and item.id not in ids]
        models = chat + rest
        known = any(model.id == model_id for model in models)
        if service.id == service_id and model_id and not known:
            models.append(service.model(model_id))
        return models

    # As Qt wants it.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return words, tooltip, and what assistive technology says."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == Qt.ItemDataRole.ToolTipRole and row.model:
            return plain_tip(told_of(row.model))
        return None

    @staticmethod
    def _spoken(row: Row) -> str:
        if row.heading:
            return row.words
        parts = [row.words, row.service.title(language())]
        if row.favourite:
            parts.append(tr("Favourite"))
        return ", ".join(parts)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return whether a row can be chosen."""
        row = self.rows[index.row()]
        if row.model is None and not row.mend:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


def _id(row: Row) -> str:
    return row.model.id if row.model is not None else ""
