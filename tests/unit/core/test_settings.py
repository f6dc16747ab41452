import pytest

from desktop_chat.core.settings import ALL, Setting


@pytest.mark.parametrize(
    ("setting", "value", "accepted"),
    [
        (Setting("a.b", "x"), "y", True),
        (Setting("a.b", "x"), 3, False),
        (Setting("a.b", "x"), None, False),
        (Setting("a.b", "x", ("x", "y")), "y", True),
        (Setting("a.b", "x", ("x", "y")), "z", False),
        (Setting("a.b", 1), 2, True),
        (Setting("a.b", 1), True, False),
        (Setting("a.b", True), 1, False),
        (Setting("a.b", 1.5), 2.5, True),
        (Setting("a.b", ("x",)), ("y", "z"), True),
        (Setting("a.b", ("x",)), ["y"], False),
    ],
)
def test_accepts(setting: Setting[str], value: object, accepted: bool) -> None:
    assert setting.accepts(value) is accepted


def test_every_setting_has_a_name_of_its_own_and_accepts_its_default() -> None:
    assert len({setting.name for setting in ALL}) == len(ALL)
    for setting in ALL:
        assert setting.name.count(".") == 1
        assert setting.accepts(setting.default)


def test_no_setting_is_named_like_a_key() -> None:
    for setting in ALL:
        assert not {"key", "token", "secret", "password"} & set(setting.name.split("."))
