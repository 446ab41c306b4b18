"""The simulated host platform over real sockets: fail closed, signed orders, one effect each."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.simulators.process import SimulatedHost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = bytes(range(32))
TOKEN = "a token for tests"
PICTURE = b"\x89PNG\r\n\x1a\n drawn by nobody"


@dataclass
class Screen:
    """Another outside party: whoever answers the host's questions, in place of Tutela."""

    status: int = 200
    answer: object = field(default_factory=lambda: {"verdict": "clean", "hold": False})
    seconds: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def says(self, verdict: str, hold: bool) -> None:
        self.status = 200
        self.answer = {"id": "itm_1", "verdict": verdict, "hold": hold, "case_id": None}


@pytest.fixture(scope="module")
def running_screen() -> Iterator[Screen]:
    said = Screen()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said.asked.append({"path": self.path, "headers": dict(self.headers), "body": body})
            time.sleep(said.seconds)
            answer = json.dumps(said.answer).encode()
            self.send_response(said.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        said.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield said
        server.shutdown()
        thread.join()


@pytest.fixture
def screen(running_screen: Screen) -> Screen:
    """Whoever answers, calling everything clean at once, with nothing asked so far."""
    running_screen.says("clean", hold=False)
    running_screen.seconds = 0.0
    running_screen.asked.clear()
    return running_screen


@pytest.fixture(scope="module")
def running_host(
    tmp_path_factory: pytest.TempPathFactory, running_screen: Screen
) -> Iterator[SimulatedHost]:
    folder = tmp_path_factory.mktemp("host")
    with SimulatedHost(folder, running_screen.url, TOKEN, SECRET, retry=0.05) as host:
        yield host


@pytest.fixture
def host(running_host: SimulatedHost, screen: Screen) -> Iterator[SimulatedHost]:
    """A simulated host platform without faults, and with every earlier post answered for."""
    yield running_host
    running_host.forget_faults()
    screen.says("match", hold=True)
    screen.seconds = 0.0
    while any(not post["settled"] for post in running_host.books()["posts"]):
        time.sleep(0.02)


def new_id() -> str:
    return f"ord_{uuid.uuid4().hex}"


def noted(host: SimulatedHost, kind: str, post: str) -> list[dict[str, Any]]:
    """Return what the books hold about one post: deliveries, effects or questions."""
    return [row for row in host.books()[kind] if row["post"] == post]


def order(
    host: SimulatedHost,
    verb: str,
    post: str,
    identity: str | None = None,
    *,
    secret: bytes = SECRET,
    age: float = 0,
    said: bytes | None = None,
    signed: bytes | None = None,
) -> int:
    """Send an order as documented, or with one thing wrong."""
    identity = identity or new_id()
    body = said if said is not None else json.dumps(
        {"id": identity, "verb": verb, "external_id": post, "item_id": "itm_1", "at": "now"}
    ).encode()  # fmt: skip
    stamp = str(int(time.time() - age))
    over = f"{identity}.{stamp}.".encode() + (body if signed is None else signed)
    headers = {
        "Content-Type": "application/json",
        "Tutela-Webhook-Id": identity,
        "Tutela-Webhook-Timestamp": stamp,
        "Tutela-Webhook-Signature": "v1=" + hmac.new(secret, over, hashlib.sha256).hexdigest(),
    }
    with httpx.Client(trust_env=False, timeout=5) as client:
        return client.post(host.webhook, content=body, headers=headers).status_code


def test_a_clean_picture_is_published(host: SimulatedHost, screen: Screen) -> None:
    post = host.post(PICTURE, "anna", "sunset.png")
    host.wait_for(post, "published")
    shown = httpx.get(f"{host.url}/media/{post}", trust_env=False)
    assert (shown.content, shown.headers["Content-Type"]) == (PICTURE, "image/png")
    (asked,) = screen.asked
    headers = asked["headers"]
    assert asked["path"] == "/api/v1/items"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Idempotency-Key"] == post
    assert PICTURE in asked["body"]
    context = json.loads(asked["body"].split(b'name="context"\r\n\r\n')[1].partition(b"\r\n--")[0])
    assert context["external_id"] == post
    assert context["account"]["id"] == "anna"
    assert 1 <= context["account"]["port"] <= 65535
    assert context["place"] == {"url": f"{host.url}/media/{post}"}
    assert context["original_name"] == "sunset.png"


@pytest.mark.parametrize(
    ("verdict", "hold"), [("match", True), ("unscreened", True), ("clean", True), ("match", False)]
)
def test_anything_but_clean_and_free_stays_shut(
    host: SimulatedHost, screen: Screen, verdict: str, hold: bool
) -> None:
    screen.says(verdict, hold)
    post = host.post(PICTURE, "anna")
    host.wait_for(post, "withheld")
    assert not host.shows(post)
    time.sleep(0.2)
    assert len(screen.asked) == 1


def test_an_uploader_learns_nothing(host: SimulatedHost, screen: Screen) -> None:
    answers = []
    for verdict, hold, status in (("clean", False, 200), ("match", True, 200), ("", True, 500)):
        screen.says(verdict, hold)
        screen.status, screen.seconds = status, 2.5
        before = time.monotonic()
        response = httpx.post(
            f"{host.url}/posts", files={"file": ("a.png", PICTURE)}, data={"account": "a"},
            trust_env=False,
        )  # fmt: skip
        assert time.monotonic() - before < 2.0
        answers.append((response.status_code, response.json()["message"], set(response.json())))
    assert answers == [(202, "received, being processed", {"id", "message"})] * 3


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 401},
        {"status": 302},
        {"answer": "no object"},
        {"answer": {"verdict": "clean"}},
        {"answer": {"verdict": "splendid", "hold": False}},
    ],
)
def test_without_a_clear_answer_it_stays_shut_and_asks_again_with_the_same_key(
    host: SimulatedHost, screen: Screen, trouble: dict[str, Any]
) -> None:
    for name, value in trouble.items():
        setattr(screen, name, value)
    post = host.post(PICTURE, "anna")
    host.wait_for(post, "withheld")
    assert not host.shows(post)
    screen.status, screen.seconds = 200, 0.0
    screen.says("clean", hold=False)
    host.wait_for(post, "published")
    assert len(screen.asked) >= 2
    assert {asked["headers"]["Idempotency-Key"] for asked in screen.asked} == {post}


def test_a_slow_answer_is_none(tmp_path: Path, screen: Screen) -> None:
    screen.seconds = 60.0
    with SimulatedHost(tmp_path, screen.url, TOKEN, SECRET, patience=0.3, retry=0.05) as host:
        post = host.post(PICTURE, "anna")
        host.wait_for(post, "withheld")
        screen.seconds = 0.0
        host.wait_for(post, "published")
        assert noted(host, "questions", post)[0]["verdict"] is None


def test_without_anybody_to_ask_it_stays_shut(tmp_path: Path) -> None:
    with SimulatedHost(tmp_path, "http://127.0.0.1:9", TOKEN, SECRET, retry=0.05) as host:
        post = host.post(PICTURE, "anna")
        host.wait_for(post, "withheld")
        assert not host.shows(post)
        end = time.monotonic() + 10
        while len(host.books()["questions"]) < 3:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_what_was_pending_is_asked_after_a_kill(host: SimulatedHost, screen: Screen) -> None:
    screen.seconds = 2.0
    post = host.post(PICTURE, "anna")
    host.kill()
    screen.seconds = 0.0
    host.start()
    host.wait_for(post, "published")
    assert len(noted(host, "questions", post)) >= 1


def test_orders_take_effect(host: SimulatedHost, screen: Screen) -> None:
    post = host.post(PICTURE, "anna")
    host.wait_for(post, "published")
    assert order(host, "hold", post) == 200
    assert (host.state(post), host.shows(post)) == ("withheld", False)
    assert order(host, "restore", post) == 200
    assert (host.state(post), host.shows(post)) == ("published", True)
    assert order(host, "remove", post) == 200
    assert (host.state(post), host.shows(post)) == ("removed", False)
    effects = noted(host, "effects", post)
    assert [(one["verb"], one["state_before"], one["state_after"]) for one in effects] == [
        ("hold", "published", "withheld"),
        ("restore", "withheld", "published"),
        ("remove", "published", "removed"),
    ]


def test_a_repeated_order_has_one_effect(host: SimulatedHost, screen: Screen) -> None:
    post = host.post(PICTURE, "anna")
    host.wait_for(post, "published")
    first, second = new_id(), new_id()
    assert order(host, "remove", post, first) == 200
    assert order(host, "restore", post, second) == 200
    host.restart()
    assert order(host, "remove", post, first) == 200
    assert [one["status"] for one in noted(host, "deliveries", post)] == [200, 200, 200]
    assert [one["id"] for one in noted(host, "effects", post)] == [first, second]
    assert host.state(post) == "published"


def test_an_order_outranks_a_late_answer(host: SimulatedHost, screen: Screen) -> None:
    screen.seconds = 1.5
    post = host.post(PICTURE, "anna")
    while not screen.asked:
        time.sleep(0.01)
    assert order(host, "remove", post) == 200
    end = time.monotonic() + 10
    while noted(host, "questions", post)[0]["verdict"] is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert host.state(post) == "removed"


def test_forged_stale_and_misdirected_orders_are_refused(
    host: SimulatedHost, screen: Screen
) -> None:
    post = host.post(PICTURE, "anna")
    host.wait_for(post, "published")
    assert order(host, "remove", post, secret=bytes(32)) == 401
    assert order(host, "remove", post, signed=b"{}") == 401
    assert order(host, "remove", post, age=301) == 400
    assert order(host, "remove", post, age=-301) == 400
    assert order(host, "remove", "no-such-post") == 404
    assert order(host, "destroy", post) == 400
    assert order(host, "remove", post, said=b"no json") == 400
    assert order(host, "remove", post, said=b'["remove"]') == 400
    other = json.dumps({"id": "ord_2", "verb": "remove", "external_id": post}).encode()
    assert order(host, "remove", post, "ord_1", said=other) == 400
    bare = httpx.post(host.webhook, content=b"{}", trust_env=False)
    assert bare.status_code == 401
    assert host.state(post) == "published"
    assert noted(host, "effects", post) == []
    statuses = [one["status"] for one in host.books()["deliveries"][-10:]]
    assert statuses == [401, 401, 400, 400, 404, 400, 400, 400, 400, 401]


@pytest.mark.parametrize(
    ("kind", "effects"), [("drop_before", 0), ("drop_after", 1), ("garbage", 1), ("refuse", 0)]
)
def test_a_troubled_delivery_repeated_has_one_effect(
    host: SimulatedHost, screen: Screen, kind: str, effects: int
) -> None:
    post = host.post(PICTURE, "anna")
    host.wait_for(post, "published")
    host.fault(kind, call="webhook")
    identity = new_id()
    try:
        status = order(host, "remove", post, identity)
    except httpx.TransportError:
        status = 0
    assert status == {"refuse": 503, "garbage": 200}.get(kind, 0)
    assert len(noted(host, "effects", post)) == effects
    assert order(host, "remove", post, identity) == 200
    deliveries = noted(host, "deliveries", post)
    assert [one["fault"] for one in deliveries] == [kind, None]
    assert len(noted(host, "effects", post)) == 1
    assert host.state(post) == "removed"


def test_a_post_is_taken_once(host: SimulatedHost, screen: Screen) -> None:
    screen.says("match", hold=True)
    assert host.post(PICTURE, "anna", post="post-7") == "post-7"
    host.wait_for("post-7", "withheld")
    screen.says("clean", hold=False)
    assert host.post(b"other bytes", "anna", post="post-7") == "post-7"
    time.sleep(0.2)
    assert host.state("post-7") == "withheld"
    assert sum(one["id"] == "post-7" for one in host.books()["posts"]) == 1


def test_a_post_that_is_none_is_refused(host: SimulatedHost) -> None:
    with httpx.Client(base_url=host.url, trust_env=False) as client:
        assert client.post("/posts", data={"account": "a"}).status_code == 422
        assert client.post("/posts", files={"file": PICTURE}).status_code == 422
        evil = {"account": "a", "id": "../x"}
        assert client.post("/posts", files={"file": PICTURE}, data=evil).status_code == 422
        assert client.get("/posts/none").status_code == 404
        assert client.get("/media/none").status_code == 404


def test_the_page_runs_nothing_of_what_users_send(host: SimulatedHost, screen: Screen) -> None:
    page = httpx.post(
        f"{host.url}/posts",
        files={"file": ("<script>.png", b"<script>alert(1)</script>", "text/html")},
        data={"account": "<b>anna"},
        trust_env=False,
    ).json()["id"]
    host.wait_for(page, "published")
    screen.says("match", hold=True)
    held = host.post(PICTURE, "berta")
    host.wait_for(held, "withheld")
    index = httpx.get(f"{host.url}/", trust_env=False)
    assert "<script" not in index.text
    assert "<b>anna" not in index.text
    assert "&lt;script&gt;.png" in index.text
    assert f"/media/{page}" in index.text
    assert f"/media/{held}" not in index.text
    media = httpx.get(f"{host.url}/media/{page}", trust_env=False)
    assert media.headers["Content-Type"] == "application/octet-stream"
    assert media.headers["X-Content-Type-Options"] == "nosniff"
