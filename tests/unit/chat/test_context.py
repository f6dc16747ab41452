from desktop_chat.chat.context import build, needed, request_for
from desktop_chat.core.messages import ChatOptions, Message, MessageState, Role
from desktop_chat.core.requests import ChatMessage

SYSTEM = ChatOptions(system="Be brief.")


def branch(*rounds: tuple[str, str | None]) -> list[Message]:
    """Build a branch of rounds; None is an answer that failed before its first word."""
    found: list[Message] = []
    for number, (question, answer) in enumerate(rounds):
        parent = found[-1].id if found else None
        asked = Message(f"{number}q", "c", parent, Role.USER, question, 0.0)
        state = MessageState.FAILED if answer is None else MessageState.DONE
        told = Message(f"{number}a", "c", asked.id, Role.ASSISTANT, answer or "", 0.0, state)
        found += [asked, told]
    return found


def ask(text: str = "now") -> Message:
    return Message("zq", "c", None, Role.USER, text, 0.0)


def said(messages: tuple[ChatMessage, ...]) -> list[str]:
    return [f"{item.role}:{item.text}" for item in messages]


def test_everything_is_sent_without_a_limit() -> None:
    context = build(branch(("1", "a"), ("2", "b")), ask(), SYSTEM, rounds=None)
    assert said(context.messages) == [
        "system:Be brief.", "user:1", "assistant:a", "user:2", "assistant:b", "user:now",
    ]  # fmt: skip
    assert context.omitted == 0


def test_the_last_rounds_stay_whole_and_the_system_prompt_stays() -> None:
    context = build(branch(("1", "a"), ("2", "b"), ("3", "c")), ask(), SYSTEM, rounds=1)
    assert said(context.messages) == ["system:Be brief.", "user:3", "assistant:c", "user:now"]
    assert context.omitted == 4


def test_no_rounds_sends_the_question_alone() -> None:
    context = build(branch(("1", "a")), ask(), ChatOptions(), rounds=0)
    assert said(context.messages) == ["user:now"]
    assert context.omitted == 2


def test_a_round_without_an_answer_is_left_out_whole_and_takes_no_place() -> None:
    earlier = branch(("1", "a"), ("refused", None), ("3", "c"))
    context = build(earlier, ask(), ChatOptions(), rounds=2)
    assert said(context.messages) == ["user:1", "assistant:a", "user:3", "assistant:c", "user:now"]
    assert context.omitted == 2


def test_a_partial_answer_is_sent() -> None:
    earlier = branch(("1", "so f"))
    assert "assistant:so f" in said(build(earlier, ask(), ChatOptions(), rounds=None).messages)


def test_thinking_is_not_echoed() -> None:
    earlier = [Message("q", "c", None, Role.USER, "1", 0.0)]
    earlier.append(Message("a", "c", "q", Role.ASSISTANT, "x", 0.0, reasoning="secret thoughts"))
    context = build(earlier, ask(), ChatOptions(), rounds=None)
    assert all(not item.reasoning for item in context.messages)


def test_only_the_needed_texts_are_named() -> None:
    heads = [item.head() for item in branch(("1", "a"), ("2", None), ("3", "c"))]
    assert needed(heads, 1) == ["2q", "2a"]
    assert needed(heads, None) == ["0q", "0a", "2q", "2a"]


def test_omitted_counts_what_was_never_loaded() -> None:
    earlier = branch(("1", "a"), ("2", "b"), ("3", "c"))
    context = build(earlier[4:], ask(), ChatOptions(), rounds=1, branch_length=6)
    assert context.omitted == 4


def test_a_request_carries_the_options() -> None:
    options = ChatOptions(
        temperature=0.1, top_p=0.2, max_tokens=3, thinking=False, effort="low", system="s"
    )
    request = request_for(options, "m", [ChatMessage(Role.USER, "hi")])
    assert (request.model, request.temperature, request.top_p) == ("m", 0.1, 0.2)
    assert (request.max_tokens, request.thinking, request.effort) == (3, False, "low")
