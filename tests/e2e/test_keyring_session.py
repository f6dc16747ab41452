"""A key typed into the real window goes to the real keyring, to its own host, and nowhere else."""

from pathlib import Path

from tests.e2e.keyring_child import KEY, QUESTION
from tests.e2e.test_window import serving
from tests.helpers.byte_server import END, SSE_HEAD, ByteServer
from tests.helpers.program import delta
from tests.helpers.secret_service import run_with_keyring

SCRIPT = "from tests.e2e.keyring_child import main; main()"
SERVICE = """
[services.local]
name = "Local"
base_url = "{url}"
auth = "bearer"
default_model = "m"
models = ["m"]
"""

ANSWER = [
    SSE_HEAD,
    delta("Yes."),
    b"%x\r\ndata: [DONE]\n\n\r\n" % len(b"data: [DONE]\n\n"),
    END,
]


def configure(folder: Path, url: str) -> None:
    config = folder / "desktop-chat" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "services.toml").write_text(SERVICE.format(url=url), "utf-8")
    (config / "settings.toml").write_text('[chat]\nservice = "local"\nmodel = "m"\n', "utf-8")


def run(folder: Path, what: str) -> None:
    variables = {"QT_QPA_PLATFORM": "offscreen", "LANGUAGE": "en"}
    done = run_with_keyring(SCRIPT, folder, what, environment=variables)
    assert done.code == 0, done.err
    assert done.out.strip().endswith("ok")
    assert KEY not in done.out + done.err


def keys_sent(server: ByteServer) -> list[str]:
    return [request.headers.get("authorization", "") for request in server.requests]


def holders(folder: Path, needle: bytes) -> list[Path]:
    """Return every file below a folder that holds some bytes."""
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_a_key_is_saved_used_again_and_never_written(tmp_path: Path) -> None:
    with serving(ANSWER) as server:
        configure(tmp_path, server.url)
        run(tmp_path, "save")
        assert keys_sent(server) == [f"Bearer {KEY}"]
        run(tmp_path, "use")
        assert keys_sent(server) == [f"Bearer {KEY}"] * 2, "the keyring remembers it"
    with serving(ANSWER) as other:
        configure(tmp_path, other.url)
        run(tmp_path, "elsewhere")
        assert keys_sent(other) == [], "another host is not even asked"
    assert holders(tmp_path, QUESTION.encode()), "the search below finds what was written"
    assert holders(tmp_path, KEY.encode()) == []


def test_a_key_echoed_by_a_service_is_not_written(tmp_path: Path) -> None:
    reply = b'{"error":{"message":"Incorrect API key provided: %b","code":"invalid_api_key"}}'
    body = reply % KEY.encode()
    refusal = (
        b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    with serving(ANSWER) as server:
        configure(tmp_path, server.url)
        run(tmp_path, "save")
        server.scripts = [refusal]
        run(tmp_path, "refused")
        assert keys_sent(server) == [f"Bearer {KEY}"] * 2
    assert holders(tmp_path, b"invalid_api_key"), "the refusal was kept"
    assert holders(tmp_path, KEY.encode()) == []
