"""What is left on an account, over real HTTP, in each service's shape."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_chat.chat.balances import LIFE, Balances
from desktop_chat.core.access import Access
from desktop_chat.core.balance import Balance
from desktop_chat.core.errors import ErrorKind, ProviderError
from desktop_chat.core.secret import Secret
from desktop_chat.providers.registry import HttpProviders
from tests.helpers.byte_server import ByteServer, json_reply, reply
from tests.unit.providers.support import DEMO_TEXTS, service

KEY = Secret("sk-secret-0123456789")


@pytest.fixture
async def providers(_no_leaked_tasks: None) -> AsyncIterator[HttpProviders]:
    made = HttpProviders(redact=lambda text: text, demo_texts=DEMO_TEXTS, demo_speed=math.inf)
    yield made
    await made.aclose()


def deepseek(*infos: Any, available: Any = True) -> dict[str, Any]:
    return {"is_available": available, "balance_infos": list(infos)}


def info(currency: Any, total: Any) -> dict[str, Any]:
    return {
        "currency": currency,
        "total_balance": total,
        "granted_balance": "0.00",
        "topped_up_balance": total,
    }


def siliconflow(**data: Any) -> dict[str, Any]:
    user = {"id": "u", "name": "n", "email": "a@example.com", "role": "user", **data}
    return {"code": 20000, "message": "OK", "status": True, "data": user}


def openrouter(**data: Any) -> dict[str, Any]:
    return {"data": {"label": "sk-or-v1-au7...890", "is_free_tier": False, **data}}


CASES: list[tuple[str, Any, Balance]] = [
    ("deepseek", deepseek(info("CNY", "48.20")), Balance((("CNY", 48.2),))),
    (
        "deepseek",
        deepseek(info("CNY", "110.00"), info("USD", "0.50")),
        Balance((("CNY", 110.0), ("USD", 0.5))),
    ),
    (
        "deepseek",
        deepseek(info("CNY", "-0.03"), available=False),
        Balance((("CNY", -0.03),), available=False),
    ),
    ("deepseek", deepseek(available=False), Balance((), available=False)),
    (
        "deepseek",
        deepseek(info("<b>", "1"), info("CNY", "nan"), info("CNY", "1e999"), info("USD", "2"), 3),
        Balance((("USD", 2.0),)),
    ),
    (
        "siliconflow",
        siliconflow(balance="0.88", chargeBalance="88.00", totalBalance="88.88"),
        Balance((("CNY", 88.88),)),
    ),
    ("siliconflow", siliconflow(balance="1.5", chargeBalance="2"), Balance((("CNY", 3.5),))),
    (
        "siliconflow",
        siliconflow(totalBalance="-0.20"),
        Balance((("CNY", -0.2),), available=False),
    ),
    (
        "openrouter",
        openrouter(limit=10, limit_remaining=7.25, usage=2.75),
        Balance((("USD", 7.25),)),
    ),
    ("openrouter", openrouter(limit=5, limit_remaining=None, usage=2), Balance((("USD", 3.0),))),
    ("openrouter", openrouter(limit=None, limit_remaining=None, usage=12.5), Balance(())),
    (
        "openrouter",
        openrouter(limit=5, limit_remaining=0, usage=5),
        Balance((("USD", 0.0),), available=False),
    ),
]
PATHS = {"deepseek": "/user/balance", "siliconflow": "/v1/user/info", "openrouter": "/v1/key"}


@pytest.mark.parametrize(("shape", "payload", "expected"), CASES)
async def test_each_shape(
    providers: HttpProviders, shape: str, payload: Any, expected: Balance
) -> None:
    async with ByteServer([json_reply(200, payload)]) as server:
        asked = service(server.url, auth="bearer", balance=shape)
        assert await providers.balance(Access(asked, (KEY,))) == expected
        (request,) = server.requests
    assert (request.method, request.path) == ("GET", PATHS[shape])
    assert request.headers["authorization"] == "Bearer sk-secret-0123456789"


@pytest.mark.parametrize(
    ("shape", "answer", "kind"),
    [
        ("deepseek", json_reply(401, {"error": {"message": "no"}}), ErrorKind.AUTHENTICATION),
        ("deepseek", json_reply(404, {"detail": "Not Found"}), ErrorKind.NOT_FOUND),
        ("deepseek", reply(200, "<html>welcome</html>"), ErrorKind.PROTOCOL),
        ("deepseek", json_reply(200, [1]), ErrorKind.PROTOCOL),
        ("deepseek", json_reply(200, {"hello": 1}), ErrorKind.PROTOCOL),
        ("siliconflow", json_reply(200, siliconflow()), ErrorKind.PROTOCOL),
        ("siliconflow", json_reply(200, {"code": 20000, "data": None}), ErrorKind.PROTOCOL),
        ("openrouter", json_reply(200, {"data": {"label": "x"}}), ErrorKind.PROTOCOL),
    ],
)
async def test_what_is_no_balance(
    providers: HttpProviders, shape: str, answer: bytes, kind: ErrorKind
) -> None:
    async with ByteServer([answer]) as server:
        asked = service(server.url, auth="bearer", balance=shape)
        with pytest.raises(ProviderError) as caught:
            await providers.balance(Access(asked, (KEY,)))
    assert caught.value.info.kind is kind


@pytest.mark.parametrize(("code", "status"), [(50507, True), (20000, False)])
async def test_a_failure_within_a_good_reply_is_one(
    providers: HttpProviders, code: int, status: bool
) -> None:
    bad = siliconflow(totalBalance="5") | {"code": code, "status": status}
    bad["message"] = "unknown error"
    async with ByteServer([json_reply(200, bad)]) as server:
        asked = service(server.url, auth="bearer", balance="siliconflow")
        with pytest.raises(ProviderError) as caught:
            await providers.balance(Access(asked, (KEY,)))
    assert caught.value.info.message == "unknown error"


async def test_a_service_without_the_word_is_not_asked(providers: HttpProviders) -> None:
    async with ByteServer([json_reply(200, {})]) as server:
        assert await providers.balance(Access(service(server.url))) is None
        assert not server.requests


async def test_of_several_keys_the_one_in_use_is_asked_for(providers: HttpProviders) -> None:
    refused = json_reply(401, {"error": {"message": "no"}})
    answers = [refused, json_reply(200, {"data": []}), json_reply(200, deepseek(info("CNY", "1")))]
    async with ByteServer(answers) as server:
        asked = service(server.url, auth="bearer", balance="deepseek")
        access = Access(asked, (KEY, Secret("sk-second-0123456789")))
        await providers.provider(access).list_models()
        await providers.balance(access)
        assert server.requests[-1].headers["authorization"] == "Bearer sk-second-0123456789"


async def test_an_answer_holds_for_a_while_for_its_key_alone(providers: HttpProviders) -> None:
    now = [0.0]
    balances = Balances(providers, lambda: now[0])
    answers = [json_reply(200, deepseek(info("CNY", str(number)))) for number in range(1, 9)]
    async with ByteServer(answers) as server:
        asked = service(server.url, auth="bearer", balance="deepseek")
        access = Access(asked, (KEY,))

        async def left(of: Access = access, *, fresh: bool = False) -> float:
            found = await balances.get(of, fresh=fresh)
            assert found is not None
            return found.amounts[0][1]

        assert await left() == 1
        now[0] = LIFE - 1
        assert await left() == 1
        assert await left(fresh=True) == 2
        now[0] += LIFE
        assert await left() == 3
        assert await left(Access(asked, (Secret("sk-other-0123456789"),))) == 4
        assert await left() == 5
        assert len(server.requests) == 5
