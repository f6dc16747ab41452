from desktop_chat.chat.prompts import Prompts
from desktop_chat.system.paths import find_resources


def test_the_prompt_follows_the_language_of_the_answer() -> None:
    prompts = Prompts(find_resources() / "prompts")
    assert "断开的地方" in prompts.continuing("迁移分三步：")
    assert "cut off" in prompts.continuing("The migration has three steps:")
