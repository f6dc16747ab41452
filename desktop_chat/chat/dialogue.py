"""Questions and answers one after another, for the terminal: turns without a window."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from desktop_chat.chat import context
from desktop_chat.chat.asking import new_question, title_for
from desktop_chat.chat.attachments import first_refusal
from desktop_chat.chat.preparing import prompt_context
from desktop_chat.chat.saver import Saver
from desktop_chat.chat.setup import ServiceSetup
from desktop_chat.chat.turn import Prepared, Turn
from desktop_chat.core.attachments import Attached
from desktop_chat.core.errors import ErrorInfo, ProviderError
from desktop_chat.core.events import StreamControl, StreamEvent
from desktop_chat.core.i18n import language
from desktop_chat.core.ids import new_id
from desktop_chat.core.json import JsonValue
from desktop_chat.core.messages import (
    ChatOptions,
    Conversation,
    Message,
    MessageState,
    Role,
    Sampling,
)
from desktop_chat.core.ports import ConversationStore, TaskKeeper
from desktop_chat.core.services import Price, Service
from desktop_chat.core.trace import Trace


@dataclass(frozen=True, slots=True)
class Asking:
    """How the questions of a dialogue are asked.

    Attributes:
        service: who is asked; its address may differ from the catalogue's.
        model: which model.
        system: the system prompt, or "".
        thinking: on, off, or None for the service's default.
        params: fields of the request's body, by name.
        stream: False asks for whole answers.
        rounds: how many earlier rounds are sent; None sends all.
        temperature: or None for the service's default.
        top_p: likewise.
        max_tokens: likewise.
        sampling: further parameters.
    """

    service: Service
    model: str
    system: str = ""
    thinking: bool | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    stream: bool = True
    rounds: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    sampling: Sampling = field(default_factory=Sampling)

    def options(self) -> ChatOptions:
        """Return what a conversation keeps of this, so that the window goes on alike."""
        max_tokens = self.params.get("max_tokens", self.max_tokens)
        return ChatOptions(
            service_id=self.service.id,
            model=self.model,
            system=self.system,
            temperature=self._number("temperature", self.temperature),
            top_p=self._number("top_p", self.top_p),
            max_tokens=max_tokens if type(max_tokens) is int else None,
            thinking=self.thinking,
            sampling=self.sampling,
        )

    def _number(self, name: str, given: float | None) -> float | None:
        value = self.params.get(name, given)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)


class Dialogue:
    """A conversation with memory whose turns are run one at a time.

    Args:
        asking: how.
        setup: finds the provider and its key.
        tasks: holds what runs.
        store: where it is saved, or None to keep it in memory alone.
        trace: takes down what goes over the wire, or None.
    """

    def __init__(
        self,
        asking: Asking,
        *,
        setup: ServiceSetup,
        tasks: TaskKeeper,
        store: ConversationStore | None,
        trace: Trace | None = None,
    ) -> None:
        self._asking = asking
        self._trace = trace
        self._setup = setup
        self._tasks = tasks
        self._run_id = store.run_id if store is not None else ""
        self._saver = Saver(store, tasks, _ignore) if store is not None else None
        self._branch: list[Message] = []
        self._conversation: Conversation | None = None
        self._turn: Turn | None = None
        self._blobs: dict[str, bytes] = {}
        self._remote_id = ""

    @property
    def saving_error(self) -> ErrorInfo | None:
        """Why something is not saved, or None."""
        return self._saver.error if self._saver is not None else None

    async def ask(
        self,
        text: str,
        notify: Callable[[StreamEvent], None],
        attachments: Sequence[Attached] = (),
    ) -> Message:
        """Ask, and return the answer in its final form.

        Args:
            text: the question; it may be blank where there are files.
            notify: called with every event of the answer.
            attachments: the files of the question; later questions send them again.

        Raises:
            asyncio.CancelledError: the task was cancelled; ``last`` has the answer as it stopped.
        """
        now = time.time()
        if self._conversation is None:
            self._conversation = Conversation(
                new_id(), "", now, now, options=self._asking.options()
            )
        parent_id = self._branch[-1].id if self._branch else None
        question = new_question(self._conversation.id, parent_id, text, attachments)
        self._blobs |= {item.file.blob: item.data for item in attachments}
        answer = Message(
            new_id(),
            self._conversation.id,
            question.id,
            Role.ASSISTANT,
            "",
            now,
            state=MessageState.STREAMING,
            service_id=self._asking.service.id,
            service_name=self._asking.service.title(language()),
            model=self._asking.model,
            run_id=self._run_id,
        )
        title = self._conversation.title or title_for(question)
        self._conversation = replace(
            self._conversation, title=title, leaf_id=answer.id, updated_at=now
        )
        if self._saver is not None:
            await self._saver.begin(self._conversation, question, answer, attachments)
        control = StreamControl(self._trace)
        self._turn = turn = Turn(
            answer, notify, saver=self._saver, tasks=self._tasks, control=control
        )
        try:
            return await turn.run(lambda: self._prepare(question))
        finally:
            message = turn.snapshot()
            self._branch += [question, message]
            self._remember(turn.remote_id, message)

    def _remember(self, remote_id: str, message: Message) -> None:
        """Keep the service's own id of the conversation while it is known to hold all of it."""
        ours = message.service_id == self._asking.service.id
        if message.state is not MessageState.DONE or not ours:
            self._remote_id = ""
        else:
            self._remote_id = remote_id or self._remote_id

    @property
    def last(self) -> Message | None:
        """The newest answer, in its final form."""
        return self._branch[-1] if self._branch else None

    def stop(self) -> None:
        """End the answer on its way."""
        if self._turn is not None:
            self._turn.stop()

    def clear(self) -> None:
        """Forget what was said; the next question begins a new conversation."""
        self._branch.clear()
        self._blobs.clear()
        self._remote_id = ""
        self._conversation = None

    async def aclose(self) -> None:
        """Try once more to save what is not saved yet; ``saving_error`` tells how it went."""
        if self._saver is not None and self._saver.pending:
            await self._saver.retry()

    async def _prepare(self, question: Message) -> Prepared:
        asking = self._asking
        options = asking.options()
        model = asking.service.model(asking.model)
        if (refused := first_refusal(model, question.attachments)) is not None:
            raise ProviderError(refused)
        if model.makes == "image":
            built = prompt_context(question, self._blobs)
        else:
            keys = context.files(self._branch, question, model, rounds=asking.rounds)
            built = context.build(
                self._branch,
                question,
                options,
                rounds=asking.rounds,
                blobs={key: self._blobs[key] for key in keys if key in self._blobs},
                service_id=asking.service.id,
            )
        request = context.request_for(
            options,
            asking.model,
            built.messages,
            conversation_id=question.conversation_id,
            remote_id=self._remote_id,
        )
        request = replace(request, extra=asking.params, stream=asking.stream)
        provider = await self._setup.provider(asking.service)
        return Prepared(provider, request, built.omitted, self._price)

    def _price(self, service_id: str, model: str) -> Price | None:
        asked = self._asking.service
        service = asked if asked.id == service_id else self._setup.service(service_id)
        return service.model(model).price if service is not None else None


def _ignore(_error: ErrorInfo | None) -> None:
    """``saving_error`` is asked at the end."""
