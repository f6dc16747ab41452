"""What services' lists tell, under what ships and what the user says."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_chat.core.services import Model, Price, Service, Thinking, ThinkingDialect
from desktop_chat.system.catalogue import FileCatalogue

SHIPPED = Path(__file__).parents[3] / "resources" / "services.toml"
PRICE = Price("USD", 3.0, 15.0, cached=0.3, cache_write=3.75, as_of="2026-11-21")
RICH = Model("a/rich", 128_000, 8_000, images=True, tools=True, price=PRICE, name="A: Rich")
PAINTER = Model("a/painter", makes="image")


def opened(folder: Path) -> FileCatalogue:
    return FileCatalogue(SHIPPED, folder / "services.toml", folder / "lists")


def service_of(catalogue: FileCatalogue, service_id: str = "openrouter") -> Service:
    service = catalogue.service(service_id)
    assert service is not None
    return service


def same(service: Service) -> Service:
    return service


async def listed(folder: Path, *models: Model, service_id: str = "openrouter") -> FileCatalogue:
    catalogue = opened(folder)
    catalogue.save_list(service_id, models, lambda service: replace(service, configured=True))
    await catalogue.write_list(service_id)
    return catalogue


async def test_a_list_lasts_and_leaves_the_users_file_small(tmp_path: Path) -> None:
    many = [replace(RICH, id=f"a/{number}") for number in range(300)]
    first = await listed(tmp_path, PAINTER, *many)
    again = opened(tmp_path)
    assert service_of(again).models == service_of(first).models == (PAINTER, *many)
    assert service_of(again).configured
    assert (tmp_path / "services.toml").stat().st_size < 3000


async def test_what_the_user_says_wins_and_the_rest_follows_the_list(tmp_path: Path) -> None:
    catalogue = await listed(tmp_path, RICH, PAINTER)
    service = service_of(catalogue)
    mine = replace(service.models[0], context_tokens=9, enabled=False)
    catalogue.save(replace(service, models=(mine, service.models[1], Model("typed"))))
    dearer = replace(RICH, context_tokens=7, price=replace(PRICE, input=4.0), tools=False)
    again = opened(tmp_path)
    again.save_list("openrouter", [dearer, PAINTER, Model("new")], same)
    await again.write_list("openrouter")
    for found in (service_of(again), service_of(opened(tmp_path))):
        models = {model.id: model for model in found.models}
        rich = models["a/rich"]
        assert (rich.context_tokens, rich.enabled) == (9, False)
        assert rich.price is not None
        assert (rich.price.input, rich.tools) == (4.0, False)
        assert models.keys() == {"typed", "a/rich", "a/painter", "new"}


async def test_a_correction_taken_back_follows_the_list_again(tmp_path: Path) -> None:
    catalogue = await listed(tmp_path, RICH)
    service = service_of(catalogue)
    catalogue.save(replace(service, models=(replace(service.models[0], price=None),)))
    assert service_of(opened(tmp_path)).models[0].price is None, "unknown is a correction, too"
    catalogue.save(service)
    assert service_of(opened(tmp_path)).models == (RICH,)


async def test_what_ships_wins_over_a_list(tmp_path: Path) -> None:
    told = Model("deepseek-flash", context_tokens=5, name="Flash", price=PRICE)
    catalogue = await listed(tmp_path, told, service_id="deepseek")
    flash, pro = service_of(catalogue, "deepseek").models
    assert (flash.context_tokens, flash.name) == (1_000_000, "Flash")
    assert flash.price is not None
    assert flash.price.currency == "CNY"
    assert pro.name == ""
    kept = tomllib.loads((tmp_path / "services.toml").read_text())["services"]["deepseek"]
    assert "models" not in kept


async def test_a_model_taken_out_is_gone_until_the_list_comes_again(tmp_path: Path) -> None:
    catalogue = await listed(tmp_path, RICH, PAINTER)
    service = service_of(catalogue)
    catalogue.save(replace(service, models=service.models[:1]))
    assert service_of(opened(tmp_path)).models == (RICH,)
    catalogue.save_list("openrouter", [RICH, PAINTER], same)
    assert service_of(catalogue).models == (RICH, PAINTER)


async def test_a_removed_service_takes_its_list_along(tmp_path: Path) -> None:
    catalogue = await listed(tmp_path, RICH)
    catalogue.remove("openrouter")
    assert service_of(catalogue).models == ()
    assert service_of(opened(tmp_path)).models == ()
    assert not list((tmp_path / "lists").iterdir())


async def test_models_think_as_their_service_does(tmp_path: Path) -> None:
    catalogue = opened(tmp_path)
    service = service_of(catalogue)
    usual, never = Model("a/usual", thinking=service.thinking), Model("a/never")
    catalogue.save_list("openrouter", [usual, never], lambda item: replace(item, configured=True))
    other = Thinking(ThinkingDialect.EFFORT, ("low",))
    changed = service_of(catalogue)
    models = tuple(replace(item, thinking=other) for item in changed.models[:1])
    catalogue.save(replace(changed, thinking=other, models=(*models, changed.models[1])))
    assert [item.thinking for item in service_of(catalogue).models] == [other, Thinking()]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[" * 100_000,
        "[]",
        '{"version": 9, "models": ["x"]}',
        '{"version": 1, "models": "x"}',
        '{"version": 1, "models": [3, null, {}, {"id": 3}, {"context_tokens": 5}]}',
    ],
)
async def test_a_broken_list_is_none(tmp_path: Path, text: str) -> None:
    await listed(tmp_path, RICH)
    (tmp_path / "lists" / "openrouter.json").write_text(text)
    assert service_of(opened(tmp_path)).models == ()


async def test_a_field_that_cannot_be_used_is_left_out(tmp_path: Path) -> None:
    await listed(tmp_path, RICH)
    entries = [{"id": "m", "context_tokens": "many", "tools": True, "price": {"currency": 1}}]
    content = json.dumps({"version": 1, "models": entries})
    (tmp_path / "lists" / "openrouter.json").write_text(content)
    (model,) = service_of(opened(tmp_path)).models
    assert (model.id, model.tools, model.price) == ("m", True, None)


async def test_a_list_that_cannot_be_written_holds_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("in the way")
    catalogue = await listed(tmp_path, RICH)
    assert service_of(catalogue).models == (RICH,)
    assert service_of(opened(tmp_path)).models == ()
