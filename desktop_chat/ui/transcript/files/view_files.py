"""Files and the name at the head of messages that are shown: what changes of them, and presses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_chat.core.attachments import Attachment
from desktop_chat.core.messages import Message
from desktop_chat.ui.transcript.answer import AnswerBody
from desktop_chat.ui.transcript.files.stored_piece import USE, StoredPiece
from desktop_chat.ui.transcript.question import QuestionBody

if TYPE_CHECKING:
    from desktop_chat.ui.transcript.view import TranscriptView


class ViewFiles:
    """Renews what stands around the text of streaming messages.

    Args:
        view: the conversation.
    """

    def __init__(self, view: TranscriptView) -> None:
        self._view = view

    def put(self, message_id: str, files: tuple[Attachment, ...]) -> None:
        """Show the pictures that a streaming answer has now."""
        message = self._message(message_id)
        if message is not None:
            self._renew(replace(message, attachments=files))

    def answered(self, message: Message) -> None:
        """Show who really answers."""
        before = self._message(message.id)
        if before is not None:
            # What has arrived since is in the view, not in the message that it began with.
            self._renew(replace(message, text=before.text, reasoning=before.reasoning))

    def _message(self, message_id: str) -> Message | None:
        column = self._view.column
        index = column.index_of(message_id)
        return None if index is None else column.items[index].message

    def _renew(self, message: Message) -> None:
        view = self._view
        view.drain()
        column = view.column
        index = column.index_of(message.id)
        body = None if index is None else column.answer(index)
        if index is None or body is None or not body.live:
            return
        bottom = column.top_of(index) + column.height_of(index)
        column.items[index].message = message
        body.message = message
        if message.attachments:
            # A picture is an answer, too: nothing is waited for.
            body.card = None
        column.refresh(index)
        view.accessible.changed(message.id)
        view.content_changed(index, 0, bottom)

    def press(self, index: int, number: int, verb: str) -> None:
        """Do what a control of a picture is for.

        Args:
            index: of the message.
            number: of the picture in it.
            verb: what was pressed.
        """
        view = self._view
        body = view.column.body(index)
        piece: StoredPiece | None = None
        if isinstance(body, QuestionBody):
            piece = body.files.piece(number)
        elif isinstance(body, AnswerBody) and number < len(body.tail.pictures):
            piece = body.tail.pictures[number]
        if piece is None:
            return
        if verb == USE:
            view.use_requested.emit(piece.file)
        else:
            piece.press(verb, view.deeds, view.page)
        if verb in ("copy", USE):
            view.overlay.confirm((view.column.items[index].id, f"file:{number}:{verb}"))
