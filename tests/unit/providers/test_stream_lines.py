from pathlib import Path

import pytest

from tests.unit.providers.error_replies import REFUSED
from tests.unit.providers.stream_lines import LINES
from tests.unit.providers.streams import CASES

HERE = Path(__file__).parent
FILES = {"transport": "test_streams_transport.py", "wire": "test_openai_chat.py"}
FILES |= {"sse": "test_chat_decoder.py", "error": "test_errors.py"}


@pytest.mark.parametrize("line", LINES)
def test_each_thing_that_streams_do_has_its_cases(line: str) -> None:
    refused = {row.service for row in REFUSED}
    for name in LINES[line]:
        place, colon, rest = name.partition(": ")
        if name in CASES:
            continue
        assert colon, name
        assert place in FILES, name
        if place == "error" and rest in refused:
            continue
        assert rest in (HERE / FILES[place]).read_text("utf-8"), name
