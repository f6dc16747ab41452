"""What stands beside the text of a message for assistive technology: files, tools, figures."""

from PySide6.QtGui import QAccessible

from desktop_chat.core.attachments import Attachment, AttachmentKind
from desktop_chat.core.i18n import language, tr
from desktop_chat.core.messages import Message, ToolCall
from desktop_chat.core.messages import Role as Speaker
from desktop_chat.ui.transcript.access.accessible_outline import Entry
from desktop_chat.ui.transcript.files.mentions import shown_files, spoken
from desktop_chat.ui.transcript.files.tool_cards import explain_call
from desktop_chat.ui.transcript.words import figures, origin

Role = QAccessible.Role
_ARGUMENTS = 400


class Beside:
    """The entries before and after the text of one message.

    Attributes:
        before: the files of a question; who answered in whose place.
        after: pictures, tools and figures of an answer.
    """

    def __init__(self) -> None:
        self.before: list[Entry] = []
        self.after: list[Entry] = []
        self._of: tuple[object, ...] = ()

    def sync(self, message: Message, *, live: bool) -> list[Entry]:
        """Bring everything up to date; costs little when nothing has changed.

        Returns:
            The entries that are there no more.
        """
        now = (
            message.attachments,
            message.tool_calls,
            message.asked_service,
            message.cached_at,
            message.usage,
            message.cost,
            live,
            language(),
        )
        if now == self._of:
            return []
        gone = [*self.before, *self.after]
        self._of = now
        files = [_file(file) for file in shown_files(message)]
        if message.role is Speaker.USER:
            self.before, self.after = files, []
            return gone
        self.before = []
        if message.asked_service or message.cached_at is not None:
            self.before.append(Entry(Role.StaticText, origin(message)))
        self.after = files + [_call(call) for call in message.tool_calls]
        told = "" if live else figures(message)
        if told:
            self.after.append(Entry(Role.StaticText, ", ".join(told.split("\n"))))
        return gone


def _file(file: Attachment) -> Entry:
    role = Role.Graphic if file.kind is AttachmentKind.IMAGE else Role.StaticText
    return Entry(role, *spoken(file))


def _call(call: ToolCall) -> Entry:
    said = explain_call(call)
    name = tr("Tool {name}").format(name=said.title)
    told = f"{said.cause} {call.arguments[:_ARGUMENTS]}".strip()
    return Entry(Role.Section, name, told)
