"""A service is a place where models are asked; the catalogue lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from desktop_chat.core.json import JsonValue


class ThinkingDialect(StrEnum):
    """How a service is told to think."""

    NONE = "none"
    """It cannot be switched."""
    TYPE = "type"
    """``thinking: {type: enabled|disabled}`` and, where there are efforts, ``reasoning_effort``."""
    ENABLE = "enable"
    """``enable_thinking: true|false``."""
    EFFORT = "effort"
    """``reasoning_effort`` alone; off is the effort ``none`` where the service has it."""
    REASONING = "reasoning"
    """``reasoning: {enabled, effort}`` (OpenRouter)."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """What a model offers in the way of thinking.

    Attributes:
        dialect: how it is switched.
        efforts: the service's own words, weakest first; empty when there is a switch only.
        default_on: what the service does when nothing is said.
        default_effort: the effort the service uses when nothing is said, or "".
        can_disable: False when it always thinks.
    """

    dialect: ThinkingDialect = ThinkingDialect.NONE
    efforts: tuple[str, ...] = ()
    default_on: bool = False
    default_effort: str = ""
    can_disable: bool = True


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a service.

    Attributes:
        id: as the service wants it in a request.
        context_tokens: how much it reads, or None when unknown.
        output_tokens: how much it writes at most, or None when unknown.
        thinking: what it offers in the way of thinking.
    """

    id: str
    context_tokens: int | None = None
    output_tokens: int | None = None
    thinking: Thinking = field(default_factory=Thinking)


@dataclass(frozen=True, slots=True)
class Service:
    """A configured or built-in service. It holds no secret.

    Attributes:
        id: short, stable, lower case: ``deepseek``.
        name: as shown, by language code (``zh_CN``, ``en``); ``""`` is the fall-back key.
        protocol: the registry name of the protocol: ``openai-chat`` or ``demo``.
        base_url: as the catalogue or the user gave it.
        auth: ``bearer`` or ``none``.
        key_env: environment names under which users keep its key.
        models: those known.
        default_model: an id of ``models``, or "".
        models_path: path of the list of models below the base URL, or "" when there is none.
        monogram: one or two characters for its tile.
        colour: of its tile, ``#rrggbb``.
        site: where keys are made, for people; or "".
        note: what its models are, in a few words, by language code; or empty.
        headers: further headers of every request; never printed.
        body: further fields of every chat request.
        thinking: the default for models that the catalogue does not list.
        usage_in_stream: True sends ``stream_options: {include_usage: true}``.
        first_token_timeout: seconds until the first delta; keep-alives start it anew.
        idle_timeout: seconds between two deltas; keep-alives start it anew.
        connect_timeout: seconds.
        enabled: whether the pickers show it.
        builtin: whether it stems from the catalogue that ships.
        configured: whether the user has set it up (or it needs no setting up).
    """

    id: str
    name: Mapping[str, str]
    protocol: str = "openai-chat"
    base_url: str = ""
    auth: str = "bearer"
    key_env: tuple[str, ...] = ()
    models: tuple[Model, ...] = ()
    default_model: str = ""
    models_path: str = "/models"
    monogram: str = "{}"
    colour: str = "#56626A"
    site: str = ""
    note: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, JsonValue] = field(default_factory=dict)
    thinking: Thinking = field(default_factory=Thinking)
    usage_in_stream: bool = True
    first_token_timeout: float = 300.0
    idle_timeout: float = 120.0
    connect_timeout: float = 15.0
    enabled: bool = True
    builtin: bool = False
    configured: bool = False

    def title(self, language: str) -> str:
        """Return its name in a language, or the nearest there is."""
        for code in (language, "", "en"):
            if code in self.name:
                return self.name[code]
        return next(iter(self.name.values()), self.id)

    def model(self, model_id: str) -> Model:
        """Return what is known of a model; an unknown id gives one with the service's defaults."""
        for model in self.models:
            if model.id == model_id:
                return model
        return Model(model_id, thinking=self.thinking)
