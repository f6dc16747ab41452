"""A few bodies of the fuzzer for each decoder; ``tests/benchmarks/fuzz_decoders.py`` does more."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.benchmarks.fuzz_decoders import Run, held, targets

TARGETS = targets()


@pytest.mark.parametrize("name", TARGETS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_odd_bodies(name: str, seed: int) -> None:
    run = Run(TARGETS[name], random.Random(seed))
    run.some(5)
    assert run.found.bodies == {}


@pytest.mark.parametrize("name", ["openai-chat", "ollama"])
@pytest.mark.parametrize("frame", [b"e4ento x\n\n", b"x", b": ping\n\n"])
def test_what_never_ends_is_not_kept(name: str, frame: bytes) -> None:
    """Twenty megabytes of the same are kept up to the bound of a frame, and no more."""
    make = TARGETS[name].make
    assert make is not None
    decoder = make()
    for _ in range(320):
        decoder.feed(frame * (65_536 // len(frame)))
        if decoder.failure is not None:
            break
    assert held(decoder) < 22_000_000
