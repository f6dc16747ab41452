from desktop_chat.core.attachments import Attached, Attachment, AttachmentKind
from desktop_chat.core.messages import Role, ToolCall
from desktop_chat.core.requests import ChatMessage, ChatRequest, ToolSpec
from desktop_chat.providers.estimate import IMAGE, request_tokens, text_tokens


def test_text() -> None:
    assert text_tokens("a" * 250) == 101
    assert text_tokens("天" * 100) == 101
    assert text_tokens("天a" * 50) == 71
    assert text_tokens("a\ud800") == 2


def test_everything_counts() -> None:
    def tokens(**changes: object) -> int:
        message = ChatMessage(Role.USER, "Hi", **changes)  # type: ignore[arg-type]
        return request_tokens(ChatRequest("m", (message,)))

    def file(kind: AttachmentKind, data: bytes) -> tuple[Attached, ...]:
        return (Attached(Attachment("b", "n", "t", len(data), kind), data),)

    plain = tokens()
    assert tokens(attached=file(AttachmentKind.IMAGE, b"x")) == plain + IMAGE
    assert tokens(attached=file(AttachmentKind.TEXT, "天".encode() * 500)) == plain + 501
    assert tokens(attached=file(AttachmentKind.PDF, b"x" * 4000)) == plain + 100
    assert tokens(tool_calls=(ToolCall("i", "f", "a" * 249),)) == plain + 101
    tool = ToolSpec("f", "a" * 997, {})
    offered = ChatRequest("m", (ChatMessage(Role.USER, "Hi"),), tools=(tool,))
    assert request_tokens(offered) == plain + 401
