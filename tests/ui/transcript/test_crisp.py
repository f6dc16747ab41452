"""Displays of 125, 150, 175 and 200 %."""

import json
import os
import subprocess
import sys

import pytest

ROUNDING = 4
"""Of 255: what the same curve differs by when it is painted at another place."""


@pytest.mark.parametrize("factor", ["1.25", "1.5", "1.75", "2"])
def test_lines_and_text_are_crisp_and_scrolling_leaves_no_trace(factor: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.ui.transcript.crisp"],
        env=os.environ | {"QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(run.stdout)
    assert found["ratio"] == float(factor)
    assert found["hairlines"] == [1], "of one device pixel, wherever they lie"
    assert found["noise"] <= ROUNDING
    assert found["glyphs"] == 1, "one sharp form, wherever it stands"
