"""Who may ask, from where, and how much: every refusal before anything else happens."""

from pathlib import Path

import pytest

from abscope.errors import UsageError
from abscope.web.guard import PAGE_POLICY
from abscope.web.settings import ServeSettings, check_settings
from web_server import HERE, client_of


def test_nothing_is_shown_without_the_token(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    del client.headers["authorization"]
    for path in ("/cases", "/api/v1/cases", "/api/v1/openapi.json", "/library/kim2021-breast/dose"):
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert "kim2021" not in answer.text
    answer = client.get("/api/v1/cases", headers={"authorization": "Bearer wrong"})
    assert answer.json()["ok"] is False


def test_the_address_with_the_token_opens_a_session_and_loses_the_token(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    token = client.headers.pop("authorization").removeprefix("Bearer ")
    answer = client.get(f"/cases?q=lung&token={token}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?q=lung")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/cases").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1:9999"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": HERE}, 200),
        ({"host": "localhost:8765", "origin": "http://localhost:8765"}, 200),
    ],
)
def test_host_and_origin_are_checked(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    assert client_of(tmp_path).get("/api/v1/cases", headers=headers).status_code == status


def test_a_change_with_a_cookie_needs_our_origin(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    token = client.headers.pop("authorization").removeprefix("Bearer ")
    client.get(f"/cases?token={token}")
    body = {"name": "a", "text": "x"}
    assert client.post("/api/v1/cases", json=body).status_code == 403
    assert client.post("/api/v1/cases", json=body, headers={"origin": HERE}).status_code == 201


def test_every_answer_has_the_headers_of_safety(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    for path in ("/cases", "/api/v1/cases", "/nothing", "/static/page.js"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == PAGE_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "unsafe" not in PAGE_POLICY
    report = client.get("/library/kim2021-breast/report.html").headers["content-security-policy"]
    assert "script-src" not in report
    assert report.startswith("default-src 'none'")


def test_too_much_is_refused_with_and_without_a_stated_length(tmp_path: Path) -> None:
    client = client_of(tmp_path, text_bytes=1000)
    answer = client.post("/api/v1/check", content=b"x" * 2000)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)

    def stream():
        for _ in range(30):
            yield b"x" * 100

    assert client.post("/api/v1/check", content=stream()).status_code == 413


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "0.0.0.0"},
        {"host": "192.168.1.5"},
        {"host": "0.0.0.0", "password": "a long password"},
        {"host": "192.168.1.5", "password": "short"},
        {"user_header": "x-user"},
        {"trusted_proxies": ("10.0.0.1",)},
        {"public_url": "ftp://x"},
    ],
)
def test_settings_that_are_not_safe_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        check_settings(ServeSettings(folder=tmp_path, **wrong))  # type: ignore[arg-type]


def test_a_password_opens_and_five_wrong_ones_close(tmp_path: Path) -> None:
    secret = "correct horse battery"
    client = client_of(tmp_path, host="192.168.1.5", password=secret)
    del client.headers["authorization"]
    assert client.get("/cases", follow_redirects=False).headers["location"].startswith("/login")
    form = {"user": "Ada", "password": secret, "next": "//evil.example"}
    origin = {"origin": HERE}
    answer = client.post("/login", data=form, headers=origin, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    assert "Ada" in client.get("/cases").text
    client.cookies.clear()
    for _ in range(5):
        wrong = {"user": "Eve", "password": "guess"}
        assert client.post("/login", data=wrong, headers=origin).status_code == 403
    assert client.post("/login", data=form, headers=origin).status_code == 403


def test_a_proxy_names_the_user_only_from_its_own_address(tmp_path: Path) -> None:
    asked = {"host": "192.168.1.5", "user_header": "x-user"}
    stranger = client_of(tmp_path, trusted_proxies=("10.0.0.9",), **asked)
    assert stranger.get("/cases", headers={"x-user": "root"}).status_code == 401
    trusted = client_of(tmp_path, trusted_proxies=("testclient",), **asked)
    assert "Ada" in trusted.get("/cases", headers={"x-user": "Ada"}).text
    assert trusted.get("/cases").status_code == 401


def test_a_changed_cookie_is_no_session(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    token = client.headers.pop("authorization").removeprefix("Bearer ")
    client.get(f"/cases?token={token}")
    name, value = next(iter(client.cookies.items()))
    client.cookies.clear()
    client.cookies.set(name, value[:-4] + ("aaaa" if value[-4:] != "aaaa" else "bbbb"))
    assert client.get("/cases").status_code == 401
