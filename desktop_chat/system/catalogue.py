"""The services: those that ship, with a file of the user's laid over them field by field."""

import asyncio
import logging
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import Unsubscribe
from desktop_chat.core.secret_names import names_secret
from desktop_chat.core.services import Model, Service
from desktop_chat.system.listed_models import ListedModels
from desktop_chat.system.problems import Problem, ProblemKind
from desktop_chat.system.service_fields import known_field
from desktop_chat.system.service_table import DEMO_PROTOCOL, ID, read_service, write_service
from desktop_chat.system.service_values import Findings
from desktop_chat.system.tomlfile import DROP, Change, TomlFile

_log = logging.getLogger(__name__)

_HEADER: Final = """\
# Your services of Desktop Chat, and your changes to those that ship with it.
#
# The program changes single entries and keeps your comments. Keys are NOT kept here but in the
# system keyring: a field or header that looks like a key is not read.
#
# One table for each service; a service that has one counts as set up. For a service that ships
# (`desktop-chat services` lists them) give only the fields that differ:
#
#   [services.deepseek]
#   first_token_timeout = 60
#   models = ["my-own-model"]              # further models, after those that ship
#   hidden_models = ["deepseek-flash"]     # models that ship and shall not be shown
#
# A service of your own needs an id (lower case letters, digits, . _ -) and an address:
#
#   [services.my-gateway]
#   name = "My gateway"                    # or { zh_CN = "…", en = "…" }
#   base_url = "https://llm.example.com/v1"
#   auth = "bearer"                        # or "none"
#   key_env = ["MY_GATEWAY_KEY"]           # names of environment variables, not the key
#   models = ["small", { id = "large", context_tokens = 128_000 }]
#   default_model = "small"
#   thinking = { dialect = "effort", efforts = ["low", "high"] }
#   headers = { X-Team = "docs" }          # further headers of every request
#   body = { top_k = 20 }                  # further fields of every chat request
#   enabled = false                        # the pickers do not show it
#
# thinking.dialect is one of: none, type, enable, effort, reasoning, budget, adaptive, think.
# The order of the pickers, before all others:
#
#   order = ["my-gateway", "deepseek"]

"""


class FileCatalogue:
    """The catalogue (``core.ports.Catalogue``) from two TOML files. Use it from one thread.

    Args:
        builtin_path: the file that ships.
        user_path: the user's file; it need not exist.
        lists: the folder in which what the services' own lists tell is kept; None keeps it in
            memory alone.

    Raises:
        OSError: the file that ships cannot be read.
        ValueError: it has a mistake.
    """

    def __init__(self, builtin_path: Path, user_path: Path, lists: Path | None = None) -> None:
        self._lists = ListedModels(lists)
        self._builtin = _read_builtin(builtin_path)
        self._file = TomlFile(user_path, _HEADER)
        self._listeners: list[Callable[[], None]] = []
        self._content: dict[str, Any] = {}
        self._problem: Problem | None = None
        self._problems: list[Problem] = []
        self._services: list[Service] = []
        self._load()

    @property
    def problems(self) -> list[Problem]:
        """What was wrong with the user's file when it was last read."""
        return list(self._problems)

    def services(self) -> list[Service]:
        """Return every service, in the order of the pickers; the demo service is last."""
        return list(self._services)

    def service(self, service_id: str) -> Service | None:
        """Return one service."""
        return next((item for item in self._services if item.id == service_id), None)

    def shipped(self, service_id: str) -> Service | None:
        """Return a service as it ships, without the user's changes."""
        return self._builtin.get(service_id)

    def save(self, service: Service) -> None:
        """Keep a new or changed service in the user's file; ``configured`` becomes True.

        Raises:
            OSError: the file could not be written; nothing has changed.
            ValueError: the id is none, the service lacks an address, or a field cannot be kept;
                ``str()`` says which, for the reader.
            SecretRefusedError: a field carries a key (it is a ValueError too).
        """
        if not ID.fullmatch(service.id):
            raise ValueError(tr("the id {id} has other than a-z, 0-9, . _ -").format(id=service.id))
        self._drop_removed(service)
        table = write_service(service, self._builtin.get(service.id), self._lists.of)
        self._edit(lambda content: _lay(service.id, table, content))

    def remove(self, service_id: str) -> None:
        """Forget the user's own service, or the user's changes to one that ships.

        Raises:
            OSError: the file could not be written; nothing has changed.
        """

        def plan(content: Mapping[str, Any]) -> Iterable[Change]:
            yield ("services", service_id), DROP
            order = content.get("order")
            if isinstance(order, list) and service_id in order:
                yield ("order",), [item for item in order if item != service_id]

        self._lists.drop(service_id)
        self._lists.write(service_id)
        self._edit(plan)

    def save_list(
        self, service_id: str, models: Sequence[Model], settle: Callable[[Service], Service]
    ) -> None:
        """Keep what a service's own list tells of its models; see ``core.ports.Catalogue``."""
        service = self.service(service_id)
        if service is None:
            return
        self._lists.keep(service_id, models, service.thinking)
        self._lay_over()
        listed = self.service(service_id) or service
        settled = settle(listed)
        if settled != listed:
            self.save(settled)
        else:
            self._tell()

    async def write_list(self, service_id: str) -> None:
        """Write what a service's list told; see ``core.ports.Catalogue``."""
        await asyncio.to_thread(self._lists.write, service_id)

    def _with_list(self, shipped: Service) -> Service:
        """Return a service that ships with what its own list tells."""
        if not self._lists.of(shipped.id, shipped.thinking):
            return shipped
        found = read_service(shipped.id, {}, shipped, Findings(), self._lists.of)
        return found or shipped

    def _drop_removed(self, service: Service) -> None:
        """Forget what a list told of models that the user has taken out, until it comes again."""
        mine = {model.id for model in service.models}
        listed = self._lists.of(service.id, service.thinking)
        shipped = self._builtin.get(service.id)
        ships = {model.id for model in shipped.models} if shipped else set()
        if gone := [item.id for item in listed if item.id not in mine and item.id not in ships]:
            self._lists.drop(service.id, gone)
            self._lists.write(service.id)

    def set_order(self, ids: Sequence[str]) -> None:
        """Keep the order of the pickers; services that are not named follow in their own order.

        Raises:
            OSError: the file could not be written; nothing has changed.
        """
        self._edit(lambda _: [(("order",), list(ids))])

    def reload(self) -> None:
        """Read the user's file again, after it was edited by hand; tell when something changed."""
        before = self._services
        self._load()
        if self._services != before:
            self._tell()

    def subscribe(self, listener: Callable[[], None]) -> Unsubscribe:
        """Call ``listener`` after each change."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def _edit(self, plan: Callable[[Mapping[str, Any]], Iterable[Change]]) -> None:
        self._file.edit(plan)
        self._load()
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()

    def _load(self) -> None:
        self._content, self._problem = self._file.read()
        self._lay_over()

    def _lay_over(self) -> None:
        """Lay what was read over what ships and what is listed."""
        content, problem = self._content, self._problem
        findings = Findings()
        tables = content.get("services", {})
        if not isinstance(tables, dict):
            findings.add(ProblemKind.FIELD, "services")
            tables = {}
        services = {key: self._with_list(item) for key, item in self._builtin.items()}
        for service_id, table in tables.items():
            if not ID.fullmatch(service_id) or not isinstance(table, dict):
                findings.add(ProblemKind.ENTRY, service_id)
                continue
            below = self._builtin.get(service_id)
            service = read_service(service_id, table, below, findings, self._lists.of)
            if service is not None:
                services[service_id] = replace(service, builtin=below is not None, configured=True)
        self._services = _in_order(services, content.get("order", []), findings)
        self._problems = [] if problem is None else [problem]
        self._problems += [Problem(kind, self._file.path, place) for kind, place in findings.items]
        for item in self._problems:
            _log.warning("services: %s %s %s", item.kind, item.place, item.detail)


def _read_builtin(path: Path) -> dict[str, Service]:
    content = tomllib.loads(path.read_text("utf-8"))
    findings = Findings()
    services: dict[str, Service] = {}
    for service_id, table in content["services"].items():
        service = read_service(service_id, table, None, findings)
        if service is not None:
            ready = service.protocol == DEMO_PROTOCOL
            services[service_id] = replace(service, builtin=True, configured=ready)
    if findings.items:
        raise ValueError(f"{path}: {findings.items}")
    return services


def _in_order(services: Mapping[str, Service], order: object, findings: Findings) -> list[Service]:
    if not isinstance(order, list):
        findings.add(ProblemKind.FIELD, "order")
        order = []
    wanted = [item for item in order if isinstance(item, str) and item in services]
    ids = [*dict.fromkeys([*wanted, *services])]
    demo = [item for item in ids if services[item].protocol == DEMO_PROTOCOL]
    return [services[item] for item in (*(item for item in ids if item not in demo), *demo)]


def _lay(
    service_id: str, values: Mapping[str, Any], content: Mapping[str, Any]
) -> Iterable[Change]:
    """Make a table say exactly these fields; fields nobody knows stay, keys go."""
    tables = content.get("services")
    table = tables.get(service_id) if isinstance(tables, dict) else None
    for name in table if isinstance(table, dict) else ():
        if name not in values and (known_field(name) or names_secret(name)):
            yield ("services", service_id, name), DROP
    for name, value in values.items():
        yield ("services", service_id, name), value
