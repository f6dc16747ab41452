from dataclasses import replace

from desktop_chat.chat.context import MAX_EARLIER_BYTES, build, files, needed, request_for
from desktop_chat.core.attachments import Attachment, AttachmentKind
from desktop_chat.core.messages import (
    ChatOptions,
    ImageOptions,
    Message,
    MessageState,
    Role,
    Sampling,
    ToolCall,
)
from desktop_chat.core.requests import ChatMessage
from desktop_chat.core.services import Model

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


def image(key: str, size: int = 1, **changes: object) -> Attachment:
    plain = Attachment(key, f"{key}.png", "image/png", size, AttachmentKind.IMAGE)
    return replace(plain, **changes)  # type: ignore[arg-type]


def with_files(item: Message, *found: Attachment) -> Message:
    return replace(item, attachments=found)


def test_files_of_earlier_questions_are_sent_newest_first_up_to_a_bound() -> None:
    half = MAX_EARLIER_BYTES // 2
    earlier = branch(("1", "a"), ("2", "b"), ("3", "c"))
    earlier[0] = with_files(earlier[0], image("old", 1))
    earlier[2] = with_files(earlier[2], image("large", half), image("larger", half + 1))
    earlier[4] = with_files(earlier[4], image("new", half - 2))
    question = with_files(ask(), image("own", 5 * MAX_EARLIER_BYTES), image("new", half - 2))
    model = Model("m")
    keys = files(earlier, question, model, rounds=None)
    assert keys == ["own", "new", "larger"], "what the question has is not counted"
    assert files(earlier, ask(), model, rounds=None) == ["new", "larger"]
    assert files(earlier, ask(), model, rounds=0) == []
    earlier[2] = with_files(earlier[2], image("large", half), image("pdf", 2))
    assert files(earlier, ask(), model, rounds=None) == ["new", "pdf", "large"]


def test_files_that_a_model_is_known_not_to_take_are_named_only() -> None:
    earlier = branch(("1", "a"))
    pdf = image("p", kind=AttachmentKind.PDF, name="p.pdf")
    text = image("t", kind=AttachmentKind.TEXT, name="t.txt")
    earlier[0] = with_files(earlier[0], image("i"), pdf, text)
    assert files(earlier, ask(), Model("m"), rounds=None) == ["t", "p", "i"]
    deaf = Model("m", images=False, files=False)
    assert files(earlier, ask(), deaf, rounds=None) == ["t"]
    built = build(earlier, ask(), ChatOptions(), rounds=None, blobs={"t": b"T"})
    assert built.messages[0].text == "1\n\n[i.png]\n\n[p.pdf]"
    assert [item.data for item in built.messages[0].attached] == [b"T"]


def test_a_question_of_files_alone_is_a_message() -> None:
    earlier = branch(("", "a"))
    earlier[0] = with_files(earlier[0], image("i"))
    built = build(earlier, ask(""), ChatOptions(), rounds=None, blobs={"i": b"I"})
    assert said(built.messages) == ["user:", "assistant:a", "user:"]
    assert built.omitted == 0
    assert said(build(earlier, ask(), ChatOptions(), rounds=None).messages)[0] == "user:[i.png]"


def tools() -> list[Message]:
    question, asked = branch(("look", ""))
    call = ToolCall("c1", "see", "{}")
    asked = replace(asked, tool_calls=(call,), reasoning="hm", echo={"p": 1}, service_id="s")
    result = Message("0r", "c", asked.id, Role.TOOL, "found", 0.0, tool_call_id="c1")
    stray = Message("0s", "c", result.id, Role.TOOL, "stray", 0.0, tool_call_id="c9")
    told = Message("0z", "c", stray.id, Role.ASSISTANT, "it is", 0.0, reasoning="so")
    return [question, asked, result, stray, told]


def test_tool_calls_go_with_their_results_and_the_thinking() -> None:
    built = build(tools(), ask(), ChatOptions(), rounds=None)
    _, asked, result, told, _ = built.messages
    assert asked.tool_calls == (ToolCall("c1", "see", "{}"),)
    assert (asked.reasoning, asked.echo) == ("hm", {"p": 1})
    assert (result.role, result.text, result.tool_call_id) == (Role.TOOL, "found", "c1")
    assert (told.text, told.reasoning) == ("it is", "so")


def test_a_call_without_its_result_is_left_out() -> None:
    earlier = [item for item in tools() if item.id != "0r"]
    built = build(earlier, ask(), ChatOptions(), rounds=None)
    assert said(built.messages) == ["user:look", "assistant:it is", "user:now"]
    assert not any(item.tool_calls or item.reasoning or item.echo for item in built.messages)


def test_what_was_said_beside_such_a_call_is_sent_without_its_echo() -> None:
    earlier = [item for item in tools() if item.id != "0r"]
    earlier[1] = replace(earlier[1], text="let me see")
    built = build(earlier, ask(), ChatOptions(), rounds=None)
    assert built.messages[1] == ChatMessage(Role.ASSISTANT, "let me see")


def test_an_echo_goes_back_to_the_service_that_wants_it() -> None:
    for service, echo in (("", {"p": 1}), ("s", {"p": 1}), ("t", None)):
        built = build(tools(), ask(), ChatOptions(), rounds=None, service_id=service)
        assert built.messages[1].echo == echo


def test_everything_the_user_chose_is_in_the_request() -> None:
    options = ChatOptions(
        sampling=Sampling(n=2), image=ImageOptions("1x1"), extra={"a": 1}, extra_headers={"x": "y"}
    )
    request = request_for(options, "m", (), conversation_id="c", remote_id="r")
    assert (request.sampling, request.image) == (options.sampling, options.image)
    assert (request.extra, request.extra_headers) == ({"a": 1}, {"x": "y"})
    assert (request.conversation_id, request.remote_id) == ("c", "r")
