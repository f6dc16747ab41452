import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.system.problems import ProblemKind
from desktop_chat.system.service_table import SecretRefusedError

SHIPPED = Path(__file__).parents[3] / "resources" / "services.toml"
KEY = "sk-0123456789abcdef0123456789abcdef"
UUID_KEY = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def open_catalogue(folder: Path, text: str | None = None) -> FileCatalogue:
    path = folder / "services.toml"
    if text is not None:
        path.write_text(text)
    return FileCatalogue(SHIPPED, path)


def told(catalogue: FileCatalogue) -> list[tuple[str, str]]:
    return [(problem.kind.value, problem.place) for problem in catalogue.problems]


def service_of(catalogue: FileCatalogue, service_id: str) -> Service:
    service = catalogue.service(service_id)
    assert service is not None
    return service


def test_what_ships(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    assert [service.id for service in catalogue.services()] == [
        "deepseek",
        "ark",
        "siliconflow",
        "moonshot",
        "zhipu",
        "bailian",
        "openai",
        "anthropic",
        "gemini",
        "openrouter",
        "ollama",
        "demo",
    ]
    assert all(service.builtin and service.enabled for service in catalogue.services())
    assert [item.id for item in catalogue.services() if item.configured] == ["demo"]
    assert catalogue.problems == []
    assert not (tmp_path / "services.toml").exists()


def test_gemini_is_asked_in_its_own_protocol(tmp_path: Path) -> None:
    service = service_of(open_catalogue(tmp_path), "gemini")
    assert (service.protocol, service.auth) == ("gemini", "header")
    assert service.auth_fields == {"header": "x-goog-api-key"}
    assert service.model("typed by hand").thinking.dialect is ThinkingDialect.EFFORT


def test_kimi_thinks_in_two_dialects(tmp_path: Path) -> None:
    service = service_of(open_catalogue(tmp_path), "moonshot")
    three = service.model("kimi-k3").thinking
    efforts = ("low", "high", "max")
    assert three == Thinking(ThinkingDialect.EFFORT, efforts, True, "max", can_disable=False)
    assert service.model("kimi-k2.6").thinking == Thinking(ThinkingDialect.TYPE, default_on=True)
    assert service.default_model == ""


def test_deepseek(tmp_path: Path) -> None:
    service = service_of(open_catalogue(tmp_path), "deepseek")
    assert service.base_url == "https://api.deepseek.com"
    assert service.key_env == ("DEEPSEEK_API_KEY",)
    assert service.default_model == "deepseek-flash"
    thinking = Thinking(ThinkingDialect.TYPE, ("low", "high", "max"), True, "high")
    flash, pro = service.models
    assert (flash.id, flash.images, flash.prefix) == ("deepseek-flash", True, True)
    assert (pro.id, pro.images, pro.prefix) == ("deepseek-v4-pro", False, True)
    for model in service.models:
        assert (model.context_tokens, model.output_tokens) == (1_000_000, 384_000)
        assert model.thinking == thinking
        assert model.price is not None
        assert [(item.start, item.end) for item in model.price.periods] == [
            ("09:00", "12:00"),
            ("14:00", "18:00"),
        ]


def test_demo(tmp_path: Path) -> None:
    service = service_of(open_catalogue(tmp_path), "demo")
    assert (service.protocol, service.auth, service.base_url) == ("demo", "none", "")
    assert (service.title("zh_CN"), service.title("en")) == ("离线演示", "Offline demo")
    assert [model.id for model in service.models] == [
        "demo-rich",
        "demo-long",
        "demo-slow",
        "demo-401",
        "demo-429",
        "demo-drop",
        "demo-length",
    ]


def test_shipped_services_need_no_key_in_their_tables() -> None:
    text = SHIPPED.read_text("utf-8")
    assert "sk-" not in text
    assert "api_key" not in text


def test_own_service_round_trip(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    calls: list[int] = []
    catalogue.subscribe(lambda: calls.append(1))
    own = Service(
        "my.gate-way_1",
        {"zh_CN": "公司网关", "en": "Gateway"},
        base_url="https://llm.example.com/v1",
        auth="none",
        key_env=("MY_KEY",),
        models=(
            Model("a/b:c", 128_000, 4096, Thinking(ThinkingDialect.ENABLE, can_disable=False)),
            Model("plain", thinking=Thinking(ThinkingDialect.EFFORT, ("low",))),
        ),
        default_model="plain",
        models_path="",
        monogram="公",
        colour="#123456",
        site="https://example.com",
        note={"": "Ours"},
        headers={"X-Team": "docs 文档"},
        body={"top_k": 20, "nested": {"list": [1, 2.5, "x", True, {"y": "z"}]}},
        thinking=Thinking(ThinkingDialect.EFFORT, ("low",)),
        usage_in_stream=False,
        first_token_timeout=60.5,
        idle_timeout=1.0,
        connect_timeout=2.0,
        enabled=False,
    )
    catalogue.save(own)
    expected = replace(own, configured=True)
    assert catalogue.service("my.gate-way_1") == expected
    assert open_catalogue(tmp_path).service("my.gate-way_1") == expected
    assert calls == [1]
    assert stat.S_IMODE((tmp_path / "services.toml").stat().st_mode) == 0o600
    assert [service.id for service in catalogue.services()][-2:] == ["my.gate-way_1", "demo"]
    catalogue.remove("my.gate-way_1")
    assert catalogue.service("my.gate-way_1") is None
    assert calls == [1, 1]


def test_saving_a_shipped_service_sets_it_up(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    catalogue.save(service_of(catalogue, "ollama"))
    service = service_of(open_catalogue(tmp_path), "ollama")
    assert service.configured
    assert service.builtin
    catalogue.remove("ollama")
    assert not service_of(open_catalogue(tmp_path), "ollama").configured


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    catalogue.save(replace(service_of(catalogue, "deepseek"), first_token_timeout=60.0))
    written = tomllib.loads((tmp_path / "services.toml").read_text())["services"]
    assert written == {"deepseek": {"first_token_timeout": 60.0}}


def test_later_shipped_values_reach_untouched_fields(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    before = service_of(catalogue, "deepseek")
    added = (*before.models, Model("mine", thinking=before.thinking))
    catalogue.save(replace(before, models=added, monogram="D"))
    newer = tmp_path / "newer.toml"
    newer.write_text(
        SHIPPED.read_text()
        .replace("https://api.deepseek.com", "https://new.deepseek.com")
        .replace(
            'id = "deepseek-v4-pro"\ncontext_tokens = 1_000_000',
            'id = "deepseek-v4-pro"\ncontext_tokens = 2_000_000',
        )
        .replace(
            "[services.ark]",
            '[[services.deepseek.models]]\nid = "deepseek-v5"\n\n[services.ark]',
        )
    )
    after = service_of(FileCatalogue(newer, tmp_path / "services.toml"), "deepseek")
    assert after.base_url == "https://new.deepseek.com"
    assert after.monogram == "D"
    assert [(model.id, model.context_tokens) for model in after.models] == [
        ("deepseek-flash", 1_000_000),
        ("deepseek-v4-pro", 2_000_000),
        ("deepseek-v5", None),
        ("mine", None),
    ]


@pytest.mark.parametrize(
    "ids",
    [
        [],
        ["deepseek-flash"],
        ["deepseek-v4-pro"],
        ["deepseek-v4-pro", "deepseek-flash"],
        ["deepseek-flash", "deepseek-v4-pro", "x", "y"],
        ["y", "deepseek-flash", "x"],
        ["deepseek-flash", "x", "deepseek-v4-pro"],
    ],
)
def test_models_come_back_in_the_order_they_were_saved(tmp_path: Path, ids: list[str]) -> None:
    catalogue = open_catalogue(tmp_path)
    service = service_of(catalogue, "deepseek")
    models = tuple(service.model(name) for name in ids)
    catalogue.save(replace(service, models=models))
    again = service_of(open_catalogue(tmp_path), "deepseek")
    assert again.models == models
    assert again.default_model == (
        "deepseek-flash" if "deepseek-flash" in ids else "".join(ids[:1])
    )


def test_among_several_models_none_is_the_default_by_itself(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    service = service_of(catalogue, "siliconflow")
    for ids, default in ((["x"], "x"), (["x", "y"], ""), ([], "")):
        models = tuple(map(Model, ids))
        catalogue.save(replace(service, models=models, default_model=""))
        assert service_of(open_catalogue(tmp_path), "siliconflow").default_model == default


def test_a_changed_model_keeps_its_change(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    service = service_of(catalogue, "deepseek")
    models = (
        replace(service.models[0], context_tokens=None, output_tokens=9, thinking=Thinking()),
        service.models[1],
    )
    catalogue.save(replace(service, models=models, default_model="deepseek-v4-pro"))
    again = service_of(open_catalogue(tmp_path), "deepseek")
    assert again.models == models
    assert again.default_model == "deepseek-v4-pro"


def test_a_change_back_to_what_ships_is_forgotten(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    shipped = service_of(catalogue, "deepseek")
    catalogue.save(replace(shipped, models=shipped.models[:1], site="", note={}))
    assert service_of(open_catalogue(tmp_path), "deepseek").note == {}
    catalogue.save(shipped)
    written = tomllib.loads((tmp_path / "services.toml").read_text())["services"]
    assert written == {"deepseek": {"enabled": True}}


def test_another_thinking_of_the_service_reaches_its_models(tmp_path: Path) -> None:
    catalogue = open_catalogue(
        tmp_path, '[services.deepseek]\nthinking = { dialect = "enable", default_on = true }\n'
    )
    service = service_of(catalogue, "deepseek")
    wanted = Thinking(ThinkingDialect.ENABLE, default_on=True)
    assert {model.thinking for model in service.models} == {wanted}
    catalogue.save(service)
    assert open_catalogue(tmp_path).service("deepseek") == service


def test_default_model_that_is_typed_becomes_a_model(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path, '[services.ark]\ndefault_model = "ep-20260101-abcde"\n')
    service = service_of(catalogue, "ark")
    assert service.default_model == "ep-20260101-abcde"
    assert service.models[-1].id == "ep-20260101-abcde"


def test_order(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    catalogue.set_order(["demo", "ollama", "nobody", "ark"])
    ids = [service.id for service in open_catalogue(tmp_path).services()]
    assert ids[:3] == ["ollama", "ark", "deepseek"]
    assert ids[-1] == "demo"
    catalogue.save(Service("own", {"": "Own"}, base_url="http://x"))
    catalogue.set_order(["own"])
    catalogue.remove("own")
    assert tomllib.loads((tmp_path / "services.toml").read_text())["order"] == []


def test_comments_and_unknown_fields_are_kept(tmp_path: Path) -> None:
    catalogue = open_catalogue(
        tmp_path,
        "# top\n[services.deepseek] # mine\nfuture = 1\nidle_timeout = 5 # short\n"
        "[elsewhere]\nx = 1\n[services.own]\nbase_url = 'http://x'\n",
    )
    assert told(catalogue) == [("field", "deepseek.future")]
    catalogue.save(replace(service_of(catalogue, "deepseek"), idle_timeout=6.0, site=""))
    catalogue.save(replace(service_of(catalogue, "own"), monogram="X"))
    text = (tmp_path / "services.toml").read_text()
    read = tomllib.loads(text)
    assert read["services"]["deepseek"] == {"future": 1, "idle_timeout": 6.0, "site": ""}
    assert read["services"]["own"]["monogram"] == "X"
    assert read["elsewhere"] == {"x": 1}
    assert "# top" in text
    assert "# mine" in text


@pytest.mark.parametrize(
    "text",
    [
        "services.deepseek.idle_timeout = 5",
        "services = { deepseek = { idle_timeout = 5 } }",
        "[services]\ndeepseek = { idle_timeout = 5 }",
        "[services]\ndeepseek.idle_timeout = 5",
        "[services.deepseek]\nidle_timeout = 5\n[other]\n[services.own]\nbase_url = 'http://x'",
        "[services.deepseek.headers]\nX-A = 'b'\n[other]\n[services.deepseek]\nidle_timeout = 5",
        "[services.deepseek]\n[[services.deepseek.models]]\nid = 'a'\ncontext_tokens = 5\n"
        "[[services.deepseek.models]]\nid = 'b'\n[services.deepseek.thinking]\ndialect = 'enable'",
        "order = ['ark']\n[services]",
        "[services.deepseek.body]\na = 1\n[services.deepseek.body.b]\nc = 2",
        "[[services]]\nid = 'x'",
    ],
)
def test_whatever_way_the_file_is_written(tmp_path: Path, text: str) -> None:
    catalogue = open_catalogue(tmp_path, text)
    before = service_of(catalogue, "deepseek")
    changed = replace(
        before,
        first_token_timeout=9.0,
        models=(*before.models, Model("new", 7)),
        headers={"X-B": "c"},
        body={**before.body, "n": {"o": 1}},
    )
    catalogue.save(changed)
    catalogue.save(Service("fresh", {"": "F"}, base_url="http://f"))
    catalogue.set_order(["fresh"])
    again = open_catalogue(tmp_path)
    assert again.service("deepseek") == replace(changed, configured=True)
    assert again.services()[0].id == "fresh"
    again.remove("fresh")
    again.save(before)
    assert open_catalogue(tmp_path).service("deepseek") == replace(before, configured=True)
    again.remove("deepseek")
    last = open_catalogue(tmp_path)
    assert last.service("fresh") is None
    assert not service_of(last, "deepseek").configured


def test_a_file_that_cannot_be_changed_in_place_is_kept_aside(tmp_path: Path) -> None:
    text = "services = { ark = { enabled = false } } # why\n"
    catalogue = open_catalogue(tmp_path, text)
    catalogue.save(service_of(catalogue, "deepseek"))
    assert not service_of(open_catalogue(tmp_path), "ark").enabled
    assert (tmp_path / "services.toml.broken").read_text() == text


def test_new_file_explains_itself(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    catalogue.save(service_of(catalogue, "deepseek"))
    text = (tmp_path / "services.toml").read_text()
    assert text.startswith("# ")
    example = "\n".join(
        line[1:].removeprefix("   ") for line in text.splitlines() if line.startswith("#   ")
    )
    tables, order = example.rsplit("order =", 1)
    (tmp_path / "services.toml").write_text(f"order ={order}\n{tables}")
    catalogue.reload()
    assert catalogue.problems == []
    assert catalogue.services()[0].id == "my-gateway"


def test_edited_by_hand_while_running(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path)
    calls: list[int] = []
    catalogue.subscribe(lambda: calls.append(1))
    catalogue.reload()
    assert calls == []
    (tmp_path / "services.toml").write_text("[services.own]\nbase_url = 'http://x'\n")
    catalogue.reload()
    assert calls == [1]
    assert service_of(catalogue, "own").title("en") == "own"
    (tmp_path / "services.toml").write_text("[services.two]\nbase_url = 'http://y'\n")
    catalogue.save(service_of(catalogue, "own"))
    assert catalogue.service("two") is not None


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("services = 3", [("field", "services")]),
        ("order = 3", [("field", "order")]),
        ("order = [3]", []),
        ("[services]\nx = 3", [("entry", "x")]),
        ("[services.'Bad Id']\nbase_url = 'http://x'", [("entry", "Bad Id")]),
        ("[services.'a@b']\nbase_url = 'http://x'", [("entry", "a@b")]),
        ("[services.x]\nname = 'X'", [("entry", "x")]),
        ("[services.ark]\nname = 3", [("field", "ark.name")]),
        ("[services.ark]\nname = ''", [("field", "ark.name")]),
        ("[services.ark]\nauth = 'magic'", [("field", "ark.auth")]),
        ("[services.ark]\nidle_timeout = 0", [("field", "ark.idle_timeout")]),
        ("[services.ark]\nidle_timeout = inf", [("field", "ark.idle_timeout")]),
        ("[services.ark]\nidle_timeout = true", [("field", "ark.idle_timeout")]),
        ("[services.ark]\nenabled = 1", [("field", "ark.enabled")]),
        ("[services.ark]\ncolour = 'red'", [("field", "ark.colour")]),
        ("[services.ark]\nmodels = 'x'", [("field", "ark.models")]),
        (
            "[services.ark]\nmodels = [3, {}]",
            [("field", "ark.models[0]"), ("field", "ark.models[1]")],
        ),
        (
            "[services.ark]\nmodels = [{id = 'x', context_tokens = 'y'}]",
            [("field", "ark.models[0].context_tokens")],
        ),
        ("[services.ark]\nthinking = {dialect = 'loud'}", [("field", "ark.thinking")]),
        ("[services.ark]\nthinking = {eforts = ['x']}", [("field", "ark.thinking.eforts")]),
        ("[services.ark]\nbody = {day = 1979-05-27}", [("field", "ark.body.day")]),
        ("[services.ark]\nheaders = {'a b' = 'c'}", [("field", "ark.headers.a b")]),
        ('[services.ark]\nheaders = {a = "b\\r\\nc: d"}', [("field", "ark.headers.a")]),
        ("[services.ark]\nkey_env = ['a b']", [("field", "ark.key_env")]),
    ],
)
def test_bad_entries_are_told_and_skipped(
    tmp_path: Path, text: str, problems: list[tuple[str, str]]
) -> None:
    catalogue = open_catalogue(tmp_path, text)
    assert told(catalogue) == problems
    assert service_of(catalogue, "ark").base_url.startswith("https://")
    assert all(problem.sentence() for problem in catalogue.problems)
    catalogue.save(service_of(catalogue, "deepseek"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"api_key = '{KEY}'", "x.api_key"),
        (f"key = '{KEY}'", "x.key"),
        ("token = 'abc'", "x.token"),
        ("password = 'abc'", "x.password"),
        ("headers = {Authorization = 'abc'}", "x.headers.Authorization"),
        ("headers = {X-Api-Key = 'abc'}", "x.headers.X-Api-Key"),
        ("headers = {Ocp-Apim-Subscription-Key = 'abc'}", "x.headers.Ocp-Apim-Subscription-Key"),
        ("headers = {Cookie = 'abc'}", "x.headers.Cookie"),
        (f"headers = {{X-Team = '{KEY}'}}", "x.headers.X-Team"),
        (f"headers = {{X-Team = 'Bearer {UUID_KEY}'}}", "x.headers.X-Team"),
        (f"body = {{a = {{b = ['{KEY}']}}}}", "x.body.a.b"),
        ("body = {api_key = 'abc'}", "x.body.api_key"),
        (f"key_env = ['{KEY}']", "x.key_env"),
        (f"key_env = ['{UUID_KEY}']", "x.key_env"),
        (f"site = 'https://y/?key={KEY}'", "x.site"),
        ("site = 'https://user:secret@y/'", "x.site"),
        (f"name = '{KEY}'", "x.name"),
        (f"models = [{{id = 'm', api_key = '{KEY}'}}]", "x.models[0].api_key"),
    ],
)
def test_keys_are_not_read_and_go_with_the_next_change(
    tmp_path: Path, text: str, place: str
) -> None:
    catalogue = open_catalogue(tmp_path, f"[services.x]\nbase_url = 'https://y'\n{text}\n")
    assert ("secret", place) in told(catalogue)
    service = service_of(catalogue, "x")
    assert KEY not in repr(service)
    assert "abc" not in repr(service)
    assert UUID_KEY not in repr(service)
    catalogue.save(service)
    left = (tmp_path / "services.toml").read_text()
    assert KEY not in left
    assert "abc" not in left
    assert UUID_KEY not in left
    assert catalogue.problems == []


def test_harmless_names_are_no_keys(tmp_path: Path) -> None:
    catalogue = open_catalogue(
        tmp_path,
        "[services.x]\nbase_url = 'https://y'\nheaders = {X-Author = 'me', HTTP-Referer = 'z'}\n"
        "body = {max_tokens = 5, prompt_cache_key = 'k', stop = ['sk-'], logprobs = true}\n",
    )
    assert told(catalogue) == []
    assert len(service_of(catalogue, "x").body) == 4


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"headers": {"Authorization": "Bearer x"}}, "headers.Authorization"),
        ({"headers": {"X-Team": KEY}}, "headers.X-Team"),
        ({"body": {"secret": "x"}}, "body.secret"),
        ({"base_url": "https://user:password@host/v1"}, "base_url"),
        ({"base_url": f"https://host/v1?api_key={KEY}"}, "base_url"),
        ({"key_env": (KEY,)}, "key_env"),
    ],
)
def test_saving_a_key_is_refused(tmp_path: Path, change: dict[str, object], place: str) -> None:
    catalogue = open_catalogue(tmp_path)
    service = Service("x", {"": "X"}, base_url="https://y")
    with pytest.raises(SecretRefusedError) as caught:
        catalogue.save(replace(service, **change))  # type: ignore[arg-type]
    assert caught.value.place == place
    assert place in str(caught.value)
    assert KEY not in str(caught.value)
    assert not (tmp_path / "services.toml").exists()


@pytest.mark.parametrize(
    "service",
    [
        Service("Bad Id", {"": "X"}, base_url="https://y"),
        Service("x", {"": "X"}),
        Service("x", {"": "X"}, base_url="https://y", body={"a": None}),
        Service("x", {"": "X"}, base_url="https://y", headers={"a": "b\nc"}),
        Service("x", {"": "X"}, base_url="https://y", idle_timeout=0),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path: Path, service: Service) -> None:
    catalogue = open_catalogue(tmp_path)
    with pytest.raises(ValueError, match=r".+"):
        catalogue.save(service)
    assert not (tmp_path / "services.toml").exists()


def test_broken_file(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path, "[services.own")
    assert [problem.kind for problem in catalogue.problems] == [ProblemKind.BROKEN]
    shipped = open_catalogue(tmp_path / "elsewhere")
    assert len(catalogue.services()) == len(shipped.services())
    assert (tmp_path / "services.toml.broken").read_text() == "[services.own"
    catalogue.save(service_of(catalogue, "deepseek"))
    assert catalogue.problems == []
    assert service_of(open_catalogue(tmp_path), "deepseek").configured


def test_file_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("in the way")
    catalogue = FileCatalogue(SHIPPED, tmp_path / "config" / "services.toml")
    calls: list[int] = []
    catalogue.subscribe(lambda: calls.append(1))
    with pytest.raises(OSError, match=r".+"):
        catalogue.save(service_of(catalogue, "deepseek"))
    assert not service_of(catalogue, "deepseek").configured
    assert calls == []


def test_mistake_in_what_ships_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "shipped.toml"
    path.write_text("[services.x]\nbase_url = 'https://y'\nbase_ulr = 'https://y'\n")
    with pytest.raises(ValueError, match="base_ulr"):
        FileCatalogue(path, tmp_path / "services.toml")
