"""The service whose settings are shown, and the one way in which they change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop_chat.core.i18n import tr
from desktop_chat.core.ports import Catalogue
from desktop_chat.core.services import Service
from desktop_chat.ui.settings.words import not_saved, reason_of


class ServiceEditor(QObject):
    """Holds the service shown and saves changes of it.

    Args:
        catalogue: where services are kept.
        parent: or None.
    """

    changed = Signal()
    """Another service is shown, or this one is another now."""
    failed = Signal(str)
    """A change was not saved: why, and what to do."""
    saved = Signal()

    def __init__(self, catalogue: Catalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._catalogue = catalogue
        self._refused: Service | None = None
        self.service = Service("", {})

    def show_service(self, service: Service) -> None:
        """Show a service."""
        if service.id != self.service.id:
            self._refused = None
        self.service = service
        self.changed.emit()

    def change(self, **values: Any) -> bool:
        """Change fields of the service and save it.

        Returns:
            False when it was not saved; ``failed`` has told why.
        """
        return self.save(replace(self.service, **values))

    def save(self, service: Service) -> bool:
        """Save a service, new or changed.

        Returns:
            False when it was not saved; ``failed`` has told why.
        """
        try:
            self._catalogue.save(service)
        except OSError as error:
            self._refused = service
            self.failed.emit(_because(error))
            return False
        except ValueError as error:
            self.failed.emit(tr("These settings cannot be kept: {reason}.").format(reason=error))
            return False
        self._refused = None
        self.saved.emit()
        return True

    def attempt(self, service: Service) -> str:
        """Save a service, and leave it to the field to say what is wrong with it.

        Returns:
            what is wrong, or "" when it was saved or ``failed`` has told why it was not.
        """
        try:
            self._catalogue.save(service)
        except OSError as error:
            self._refused = service
            self.failed.emit(_because(error))
        except ValueError as error:
            return tr("This cannot be kept: {reason}.").format(reason=error)
        else:
            self._refused = None
            self.saved.emit()
        return ""

    def set_order(self, ids: Sequence[str]) -> None:
        """Put the services in order; ``failed`` tells why it was not kept."""
        try:
            self._catalogue.set_order(ids)
        except OSError as error:
            self.failed.emit(_because(error))
        else:
            self.saved.emit()

    def services(self) -> list[Service]:
        """Return all services, in the order of the pickers."""
        return self._catalogue.services()

    def retry(self) -> bool:
        """Save again what was not saved."""
        return self._refused is None or self.save(self._refused)

    def remove(self, service_id: str) -> bool:
        """Forget the user's own service, or the changes to one that ships.

        Returns:
            False when it was not forgotten; ``failed`` has told why.
        """
        try:
            self._catalogue.remove(service_id)
        except OSError as error:
            self.failed.emit(_because(error))
            return False
        self.saved.emit()
        return True


def _because(error: OSError) -> str:
    return not_saved(reason_of(error))
