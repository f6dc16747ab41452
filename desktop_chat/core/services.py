"""A service is a place where models are asked; the catalogue lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    BUDGET = "budget"
    """``thinking: {type: enabled|disabled, budget_tokens}`` (Anthropic); efforts are budgets."""
    ADAPTIVE = "adaptive"
    """``thinking: {type: adaptive|disabled}`` and ``output_config: {effort}`` (Anthropic)."""
    THINK = "think"
    """``think: true|false``, or an effort in its place (Ollama)."""


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
class PricePeriod:
    """Hours of the day with prices of their own.

    Attributes:
        start: ``HH:MM``, included.
        end: ``HH:MM``, excluded; before ``start`` when the night is meant.
        input: for a million tokens.
        output: for a million tokens.
        cached: for a million input tokens from the service's cache, or None when they cost like
            others.
        days: of the week, 1 for Monday to 7 for Sunday; empty for all of them.
    """

    start: str
    end: str
    input: float
    output: float
    cached: float | None = None
    days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs.

    Attributes:
        currency: ``CNY`` or ``USD``.
        input: for a million tokens.
        output: for a million tokens, thinking included.
        cached: for a million input tokens from the service's cache, or None when they cost like
            others.
        cache_write: for a million input tokens written to the cache, or None likewise.
        image: for a picture, or None.
        periods: hours of the day that cost otherwise.
        time_zone: of those hours, an IANA name.
        as_of: the day on which the list was read: ``2026-11-01``.
    """

    currency: str
    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    image: float | None = None
    periods: tuple[PricePeriod, ...] = ()
    time_zone: str = "Asia/Shanghai"
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a service.

    Attributes:
        id: as the service wants it in a request.
        context_tokens: how much it reads, or None when unknown.
        output_tokens: how much it writes at most, or None when unknown.
        thinking: what it offers in the way of thinking.
        makes: what it answers with: ``text`` or ``image``.
        images: whether it takes images, or None when unknown.
        files: whether it takes PDF files, or None when unknown.
        tools: whether it calls tools, or None when unknown.
        prefix: whether it can write on an answer that it is given the beginning of.
        price: or None when unknown.
        name: as people call it, or "".
        enabled: whether the pickers show it.
    """

    id: str
    context_tokens: int | None = None
    output_tokens: int | None = None
    thinking: Thinking = field(default_factory=Thinking)
    makes: str = "text"
    images: bool | None = None
    files: bool | None = None
    tools: bool | None = None
    prefix: bool = False
    price: Price | None = None
    name: str = ""
    enabled: bool = True

    def over(self, told: "Model", default: Thinking) -> "Model":
        """Return what is known here, with what another description tells where nothing is.

        Args:
            told: of the same model, such as what its service's list says of it.
            default: the thinking of models that do not say otherwise.
        """
        if replace(self, enabled=True) == Model(self.id, thinking=default):
            return replace(told, id=self.id, enabled=self.enabled)
        return replace(
            self,
            context_tokens=self.context_tokens or told.context_tokens,
            output_tokens=self.output_tokens or told.output_tokens,
            thinking=told.thinking if self.thinking == default else self.thinking,
            images=told.images if self.images is None else self.images,
            files=told.files if self.files is None else self.files,
            tools=told.tools if self.tools is None else self.tools,
            price=self.price or told.price,
            name=self.name or told.name,
        )


@dataclass(frozen=True, slots=True)
class Network:
    """The way to a service.

    Attributes:
        proxy: ``system`` (as environment and system say), ``none`` or ``custom``.
        proxy_url: of a custom one: ``http``, ``https``, ``socks5`` or ``socks5h``, host and port;
            never a password. Its user and password are kept like a key.
        ca_file: a file of further authorities in PEM, or "".
        http2: whether HTTP/2 is used where it is offered.
    """

    proxy: str = "system"
    proxy_url: str = ""
    ca_file: str = ""
    http2: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a service may be asked, by all tabs together. None is no limit of ours.

    Attributes:
        per_minute: requests.
        per_second: requests.
        tokens_per_minute: input and output together.
        concurrent: streams at the same time.
    """

    per_minute: int | None = None
    per_second: float | None = None
    tokens_per_minute: int | None = None
    concurrent: int | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """Who is asked when a service does not answer. The text goes to another company then.

    Attributes:
        enabled: off until the user turns it on.
        service_id: the backup.
        models: the backup's model for each of ours; ``""`` is for all others.
        failures: so many 5xx in a row bring it on; a refused connection does at once.
        first_token: seconds without a first token that bring it on.
        hedge: seconds after which both are asked and the first to answer is kept; None never.
    """

    enabled: bool = False
    service_id: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    failures: int = 2
    first_token: float = 10.0
    hedge: float | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A configured or built-in service. It holds no secret.

    Attributes:
        id: short, stable, lower case: ``deepseek``.
        name: as shown, by language code (``zh_CN``, ``en``); ``""`` is the fall-back key.
        protocol: the registry name of the protocol: ``openai-chat``, ``openai-responses``,
            ``anthropic``, ``ollama``, ``gateway``, ``websocket`` or ``demo``.
        images: the registry name of the protocol for models that make pictures:
            ``openai-images``, ``gateway-images``, or "" for none.
        base_url: as the catalogue or the user gave it.
        auth: ``bearer``, ``header``, ``query``, ``oauth`` (form), ``oauth-json``, ``hmac`` or
            ``none``.
        auth_fields: what the way of proving needs beside the secret: ``header`` and ``prefix``,
            ``query`` (their names); for OAuth ``token_url``, ``scope``, ``audience``, and
            ``client_auth``, where ``basic`` puts id and secret into a header; for ``hmac`` other
            names of its headers, ``key_header``, ``signature_header``, ``timestamp_header`` and
            ``nonce_header``, and ``path``, where ``with_query`` signs the query, too.
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
        total_timeout: seconds that an answer may take, or None.
        network: the way to it.
        limits: how much it may be asked.
        backup: who is asked in its place.
        cache: whether answers to identical requests at temperature 0 are kept and given again.
        balance: the shape of its balance endpoint: ``deepseek``, ``siliconflow``, ``openrouter``,
            or "" for none.
        options: what a protocol knows beyond these: ``text_path``, ``stream_path``, ``request``
            (``messages`` or ``prompt``), ``keep_alive``, ``url_encode``, ``models_query``.
        enabled: whether the pickers show it.
        builtin: whether it stems from the catalogue that ships.
        configured: whether the user has set it up (or it needs no setting up).
    """

    id: str
    name: Mapping[str, str]
    protocol: str = "openai-chat"
    images: str = ""
    base_url: str = ""
    auth: str = "bearer"
    auth_fields: Mapping[str, str] = field(default_factory=dict)
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
    total_timeout: float | None = None
    network: Network = field(default_factory=Network)
    limits: Limits = field(default_factory=Limits)
    backup: Backup = field(default_factory=Backup)
    cache: bool = False
    balance: str = ""
    options: Mapping[str, JsonValue] = field(default_factory=dict)
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
