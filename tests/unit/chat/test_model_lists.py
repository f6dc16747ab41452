"""Lists of models that come by themselves, over real HTTP and the real catalogue file."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from desktop_chat.chat.model_lists import ListState, first_model
from desktop_chat.core.errors import ErrorKind
from desktop_chat.core.secret import Secret
from desktop_chat.core.services import Model, Service, Thinking, ThinkingDialect
from desktop_chat.wiring import House
from tests.helpers.byte_server import HANG, ByteServer, delta, json_reply, sse
from tests.unit.chat.support import OPTIONS, SERVICE_ID, ask, local_service, open_house

KEY = Secret("sk-test-1234567890")
ROWS = [{"id": name} for name in ("BAAI/bge-m3", "Qwen/Qwen3-32B", "zai-org/GLM-4.6")]
LIST = json_reply(200, {"data": ROWS})


def bare(url: str, **fields: Any) -> Service:
    """Return a service of which no model is known."""
    return local_service(url, models=(), default_model="", **fields)


async def settled(house: House, service_id: str = SERVICE_ID) -> ListState:
    """Wait until no list of a service is on its way."""
    if house.lists.state(service_id).fetching:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def hear(changed: str) -> None:
            if changed == service_id and not house.lists.state(changed).fetching:
                done.set_result(None)

        unsubscribe = house.lists.subscribe(hear)
        await asyncio.wait_for(done, 20)
        unsubscribe()
    return house.lists.state(service_id)


def kept(house: House) -> Service:
    service = house.catalogue.service(SERVICE_ID)
    assert service is not None
    return service


@pytest.mark.parametrize(
    ("models", "fields", "first"),
    [
        ((), {}, ""),
        (("a",), {}, "a"),
        (("a", "b"), {}, ""),
        (("a", "b"), {"default_model": "b"}, "b"),
        (("text-embedding-3-small", "a", "dall-e-3"), {}, "a"),
        (("BAAI/bge-m3", "a", "b"), {"auth": "none"}, "a"),
        (("nomic-embed-text",), {}, "nomic-embed-text"),
    ],
)
def test_the_model_to_begin_with(models: tuple[str, ...], fields: Any, first: str) -> None:
    service = Service("s", {}, models=tuple(map(Model, models)), **fields)
    assert first_model(service) == first


async def test_a_saved_key_brings_the_list_and_leaves_the_choice() -> None:
    async with ByteServer([LIST]) as server, open_house() as house:
        house.catalogue.save(bare(server.url, auth="bearer"))
        await house.setup.save_key(kept(house), KEY)
        assert house.lists.state(SERVICE_ID).fetching
        assert await settled(house) == ListState(found=3, added=3)
        assert [model.id for model in kept(house).models] == [row["id"] for row in ROWS]
        assert kept(house).default_model == ""
        assert server.requests[0].headers["authorization"] == "Bearer sk-test-1234567890"
        await house.setup.save_key(kept(house), KEY)
        assert not house.lists.state(SERVICE_ID).fetching, "the models are known"


async def test_a_service_without_a_key_is_set_up_by_its_list() -> None:
    async with ByteServer([LIST]) as server, open_house() as house:
        ollama = house.catalogue.service("ollama")
        assert ollama is not None
        house.catalogue.save(replace(ollama, base_url=server.url))
        house.lists.want(replace(ollama, base_url=server.url))
        await settled(house, "ollama")
        found = house.catalogue.service("ollama")
        assert found is not None
        assert found.configured
        assert found.default_model == "Qwen/Qwen3-32B", "the first that can chat; none costs more"


async def test_what_fails_is_known_until_another_key_comes() -> None:
    refused = json_reply(401, {"error": {"message": "no"}})
    async with ByteServer([refused, LIST]) as server, open_house() as house:
        house.catalogue.save(bare(server.url, auth="bearer"))
        await house.setup.save_key(kept(house), KEY)
        state = await settled(house)
        assert state.error is not None
        assert state.error.kind is ErrorKind.AUTHENTICATION
        assert state.wants_key
        await house.setup.save_key(kept(house), Secret("sk-another-0987654321"))
        assert (await settled(house)).error is None
        assert len(kept(house).models) == 3


async def test_a_key_that_lacks_is_told_only_when_asked() -> None:
    async with ByteServer([LIST]) as server, open_house() as house:
        house.catalogue.save(bare(server.url, auth="bearer"))
        house.lists.want(kept(house))
        assert await settled(house) == ListState()
        house.lists.fetch(kept(house))
        assert (await settled(house)).wants_key
        assert not server.requests


async def test_one_list_at_a_time_and_none_from_an_address_that_was_left() -> None:
    gate = asyncio.Event()
    async with (
        ByteServer([[gate, LIST]]) as old,
        ByteServer([json_reply(200, {"data": [{"id": "new"}]})]) as new,
        open_house() as house,
    ):
        house.catalogue.save(bare(old.url))
        for _time in range(3):
            house.lists.fetch(kept(house))
        await asyncio.wait_for(old.asked.wait(), 20)
        house.catalogue.save(bare(new.url))
        gate.set()
        assert await settled(house) == ListState()
        assert kept(house).models == ()
        house.lists.want(kept(house))
        await settled(house)
        assert [model.id for model in kept(house).models] == ["new"]
        assert kept(house).default_model == "new"
        assert len(old.requests) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda house: house.lists.forget(SERVICE_ID),
        lambda house: house.catalogue.remove(SERVICE_ID),
    ],
    ids=["given up", "removed"],
)
async def test_a_list_that_nobody_waits_for_changes_nothing(
    change: Callable[[House], object],
) -> None:
    gate = asyncio.Event()
    async with ByteServer([[gate, LIST]]) as server, open_house() as house:
        house.catalogue.save(bare(server.url))
        before = house.catalogue.services()
        house.lists.fetch(kept(house))
        await asyncio.wait_for(server.asked.wait(), 20)
        change(house)
        gate.set()
        assert await settled(house) == ListState()
        left = house.catalogue.service(SERVICE_ID)
        assert left is None or left in before


async def test_models_added_meanwhile_stay() -> None:
    gate = asyncio.Event()
    async with ByteServer([[gate, LIST]]) as server, open_house() as house:
        house.catalogue.save(bare(server.url))
        house.lists.fetch(kept(house))
        await asyncio.wait_for(server.asked.wait(), 20)
        house.catalogue.save(replace(kept(house), models=(Model("mine"),), default_model="mine"))
        gate.set()
        assert (await settled(house)).added == 3
        assert kept(house).models[0].id == "mine"
        assert kept(house).default_model == "mine"


async def test_a_service_that_was_set_up_for_pictures_lists_models_that_make_them() -> None:
    mine = {"models": (Model("draw", makes="image"),), "default_model": "draw"}
    async with ByteServer([LIST]) as server, open_house() as house:
        for images, makes in (("openai-images", "image"), ("", "text")):
            house.catalogue.save(local_service(server.url, images=images, **mine))
            house.lists.fetch(kept(house))
            await settled(house)
            assert {model.makes for model in kept(house).models[1:]} == {makes}
            house.catalogue.remove(SERVICE_ID)


async def test_what_a_list_tells_of_models_is_kept() -> None:
    yes = {"supported": True}
    thinking = yes | {"types": {"adaptive": yes}}
    able = {"image_input": yes, "pdf_input": yes, "thinking": thinking}
    row = {"display_name": "Name", "max_tokens": 9, "capabilities": able}
    page = json_reply(200, {"data": [{"id": "old", **row}, {"id": "new", **row}]})
    async with ByteServer([page]) as server, open_house() as house:
        mine = Model("old", images=False)
        house.catalogue.save(replace(bare(server.url, protocol="anthropic"), models=(mine,)))
        house.lists.fetch(kept(house))
        assert (await settled(house)).found == 2
        old, new = kept(house).models
    assert (old.images, old.files, old.name, old.output_tokens) == (False, True, "Name", 9)
    assert old.thinking == Thinking(ThinkingDialect.ADAPTIVE), "of that the user has said nothing"
    assert (new.images, new.files, new.name) == (True, True, "Name")
    assert new.thinking == Thinking(ThinkingDialect.ADAPTIVE)


async def test_prices_of_a_list_are_what_answers_cost() -> None:
    pricing = {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"}
    page = json_reply(200, {"data": [{"id": "m", "pricing": pricing}]})
    cached = {"cached_tokens": 400}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": cached}
    told = sse(delta("Hi"), delta(finish="stop"), {"choices": [], "usage": usage})
    async with ByteServer([page, told]) as server, open_house(server) as house:
        house.lists.fetch(kept(house))
        await settled(house)
        session = house.sessions.session()
        await session.set_options(OPTIONS)
        message = await ask(session, "Hi")
    # 600 x 3 + 400 x 0.3 + 100 x 15 millionths
    assert message.cost is not None
    assert message.cost.currency == "USD"
    assert message.cost.amount == pytest.approx(0.00342)


async def test_a_list_that_cannot_be_kept_is_told() -> None:
    async with ByteServer([LIST]) as server, open_house() as house:
        house.catalogue.save(bare(server.url))
        file = house.paths.config / "services.toml"
        file.unlink()
        file.mkdir()
        house.lists.fetch(kept(house))
        state = await settled(house)
        assert state.unsaved
        assert state.found == 3


async def test_closing_gives_up_a_list_on_its_way() -> None:
    async with ByteServer([[HANG]]) as server:
        async with open_house() as house:
            house.catalogue.save(bare(server.url))
            house.lists.fetch(kept(house))
            await asyncio.wait_for(server.asked.wait(), 20)
        await asyncio.wait_for(server.disconnected.wait(), 20)
