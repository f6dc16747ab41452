"""The tables inside a service's table, both ways and written wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_chat.core.services import (
    Backup,
    Limits,
    Model,
    Network,
    Price,
    PricePeriod,
    Service,
)
from desktop_chat.system.catalogue import FileCatalogue
from desktop_chat.system.paths import find_resources
from desktop_chat.system.problems import ProblemKind

SHIPPED = find_resources() / "services.toml"

counts = st.none() | st.integers(1, 10**6)
seconds = st.floats(0.5, 1000, allow_nan=False)
amounts = st.floats(0, 1000, allow_nan=False)
clocks = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
names = st.text("abcdefg-/", min_size=1, max_size=12)
networks = st.builds(
    Network,
    proxy=st.sampled_from(["system", "none", "custom"]),
    proxy_url=st.sampled_from(["", "http://proxy.local:3128", "socks5h://10.0.0.1:1080"]),
    ca_file=st.sampled_from(["", "/etc/ssl/company.pem"]),
    http2=st.booleans(),
)
limits = st.builds(
    Limits,
    per_minute=counts,
    per_second=st.none() | seconds,
    tokens_per_minute=counts,
    concurrent=counts,
)
backups = st.builds(
    Backup,
    enabled=st.booleans(),
    service_id=st.sampled_from(["", "siliconflow"]),
    models=st.dictionaries(names | st.just(""), names, max_size=3),
    failures=st.integers(1, 9),
    first_token=seconds,
    hedge=st.none() | seconds,
)
days = st.lists(st.integers(1, 7), unique=True, max_size=3).map(tuple)
periods = st.builds(PricePeriod, clocks, clocks, amounts, amounts, st.none() | amounts, days)
prices = st.builds(
    Price,
    st.sampled_from(["CNY", "USD"]),
    amounts,
    amounts,
    st.none() | amounts,
    st.none() | amounts,
    st.none() | amounts,
    st.lists(periods, max_size=2).map(tuple),
    st.sampled_from(["Asia/Shanghai", "UTC"]),
    st.sampled_from(["", "2026-11-01"]),
)
flags = st.none() | st.booleans()
models = st.builds(
    Model,
    st.just("m"),
    makes=st.sampled_from(["text", "image"]),
    images=flags,
    files=flags,
    tools=flags,
    prefix=st.booleans(),
    price=st.none() | prices,
    name=st.sampled_from(["", "Model M"]),
)


def catalogue(folder: Path, text: str = "") -> FileCatalogue:
    """Return the catalogue over a file of the user's."""
    path = folder / "services.toml"
    path.unlink(missing_ok=True)
    if text:
        path.write_text(text, "utf-8")
    return FileCatalogue(SHIPPED, path)


@given(
    network=networks,
    limit=limits,
    backup=backups,
    model=models,
    total=st.none() | seconds,
    fields=st.dictionaries(st.sampled_from(["token_url", "scope", "header"]), names, max_size=3),
)
def test_what_is_saved_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    network: Network,
    limit: Limits,
    backup: Backup,
    model: Model,
    total: float | None,
    fields: dict[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("config")
    service = Service(
        "mine",
        {"": "Mine"},
        base_url="https://llm.example.com",
        auth="oauth",
        auth_fields=fields,
        images="openai-images",
        network=network,
        limits=limit,
        backup=backup,
        models=(model,),
        default_model="m",
        total_timeout=total,
        cache=True,
        balance="openrouter",
        options={"request": "prompt", "url_encode": True},
        configured=True,
    )
    catalogue(folder).save(service)
    again = FileCatalogue(SHIPPED, folder / "services.toml")
    assert again.problems == []
    assert again.service("mine") == service


def test_what_ships_can_be_taken_back(tmp_path: Path) -> None:
    from dataclasses import replace

    first = catalogue(tmp_path)
    shipped = first.service("deepseek")
    assert shipped is not None
    model = shipped.models[0]
    assert model.price is not None
    changed = replace(model, price=None, images=None, tools=None)
    service = replace(shipped, balance="", models=(changed, *shipped.models[1:]), configured=True)
    first.save(service)
    again = FileCatalogue(SHIPPED, tmp_path / "services.toml")
    assert again.problems == []
    assert again.service("deepseek") == service


@pytest.mark.parametrize(
    ("line", "kind", "place"),
    [
        ('network = { proxy = "magic" }', ProblemKind.FIELD, "network.proxy"),
        ('network = { proxy_url = "ftp://p:1" }', ProblemKind.FIELD, "network.proxy_url"),
        ('network = { proxy_url = "http://u:pw@p:1" }', ProblemKind.SECRET, "network.proxy_url"),
        ('network = { password = "x" }', ProblemKind.SECRET, "network.password"),
        ("limits = { per_minute = 0 }", ProblemKind.FIELD, "limits.per_minute"),
        ("limits = { concurrent = 1.5 }", ProblemKind.FIELD, "limits.concurrent"),
        ("limits = 4", ProblemKind.FIELD, "limits"),
        ("backup = { hedge = -1 }", ProblemKind.FIELD, "backup.hedge"),
        ('backup = { models = ["a"] }', ProblemKind.FIELD, "backup.models"),
        ('auth = "magic"', ProblemKind.FIELD, "auth"),
        ('auth_fields = { client_secret = "x" }', ProblemKind.SECRET, "auth_fields.client_secret"),
        ('balance = "bank"', ProblemKind.FIELD, "balance"),
        ("total_timeout = -3", ProblemKind.FIELD, "total_timeout"),
        ('options = { api_key = "x" }', ProblemKind.SECRET, "options.api_key"),
        (
            'models = [{ id = "m", price = { currency = "yuan", input = 1, output = 2 } }]',
            ProblemKind.FIELD,
            "models[0].price",
        ),
        ('models = [{ id = "m", makes = "tea" }]', ProblemKind.FIELD, "models[0].makes"),
        ('models = [{ id = "m", images = "yes" }]', ProblemKind.FIELD, "models[0].images"),
    ],
)
def test_what_is_wrong_is_told_and_left_out(
    tmp_path: Path, line: str, kind: ProblemKind, place: str
) -> None:
    text = f'[services.mine]\nbase_url = "https://llm.example.com"\n{line}\n'
    found = catalogue(tmp_path, text)
    assert (kind, f"mine.{place}") in [(item.kind, item.place) for item in found.problems]
    assert found.service("mine") is not None, "the rest of it is used"
