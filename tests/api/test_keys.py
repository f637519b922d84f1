"""Keys: made, found, given a new secret, ended; where they are needed and what they allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from rag.api.access import is_loopback, needs_keys
from rag.bot import Bot
from rag.cli import app
from rag.errors import InputError
from rag.settings import Settings
from rag.store.database import Database
from rag.store.keys import Keys
from rag.store.schema import api_keys
from tests.api.conftest import key, served
from tests.test_bot import QUESTION

ASK = frozenset({"ask"})
BODY = {"question": QUESTION}


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(Database.open(settings))


def test_a_key_is_found_by_itself_alone(keys: Keys) -> None:
    made, other = keys.create("web", ASK), keys.create("shop", ASK)
    found = keys.find(made)
    assert found is not None and (found.name, found.scopes) == ("web", ASK)
    secret = made.rsplit("_", 1)[1]
    for wrong in ("", made[:-1], made + "x", made.upper(), other[:16] + made[16:], secret, "ø"):
        assert keys.find(wrong) is None, wrong


def test_the_secret_is_not_kept(keys: Keys, settings: Settings) -> None:
    made = keys.create("web", ASK)
    with Database.open(settings).read() as connection:
        row = connection.execute(select(api_keys)).one()
    assert made not in str(row) and made[16:] not in str(row)
    kept = b"".join(path.read_bytes() for path in settings.data.glob("ordagrant.db*"))
    assert made[-43:].encode() not in kept


def test_a_new_secret_ends_the_old_one(keys: Keys) -> None:
    old = keys.create("web", ASK)
    new = keys.rotate("web")
    assert keys.find(old) is None
    found = keys.find(new)
    assert found is not None and found.rotated is not None
    assert new[:15] == old[:15]  # the id, and with it what belongs to the key, stays


def test_a_revoked_key_is_ended_for_good(keys: Keys) -> None:
    made = keys.create("web", ASK)
    keys.revoke("web")
    assert keys.find(made) is None
    for again in (keys.revoke, keys.rotate):
        with pytest.raises(InputError, match="no key called 'web' in use"):
            again("web")


def test_names_are_taken_once_and_plain(keys: Keys) -> None:
    keys.create("web", ASK)
    with pytest.raises(InputError, match="called web already"):
        keys.create("web", ASK)
    for name in ("", "a b", "-x", "x" * 65, "a\n"):
        with pytest.raises(InputError, match="cannot be called"):
            keys.create(name, ASK)


def test_the_commands(tmp_path: Path) -> None:
    run = CliRunner()

    def call(*words: str) -> Any:
        return run.invoke(app, ["keys", *words, "--data", str(tmp_path)])

    made = call("create", "web", "--scope", "ask", "--json")
    value = json.loads(made.stdout)
    assert value["name"] == "web" and value["key"].startswith("og_")
    assert json.loads(call("rotate", "web", "--json").stdout)["key"] != value["key"]
    listed = json.loads(call("list", "--json").stdout)
    assert [(k["name"], k["scopes"]) for k in listed] == [("web", ["ask"])]
    assert "key" not in listed[0] and "digest" not in listed[0]
    assert call("revoke", "web").exit_code == 0
    assert json.loads(call("list", "--json").stdout)[0]["revoked"]
    assert call("create", "other", "--scope", "all").exit_code != 0


@pytest.mark.parametrize(
    ("host", "changed", "needed"),
    [
        ("127.0.0.1", {}, False),
        ("localhost", {}, False),
        ("::1", {}, False),
        ("0.0.0.0", {}, True),  # noqa: S104 - asked about, not bound
        ("::", {}, True),
        ("192.168.1.4", {}, True),
        ("news.example.org", {}, True),
        ("127.0.0.1", {"api_keys": True}, True),
        ("0.0.0.0", {"api_keys": False}, False),  # noqa: S104 - asked about, not bound
        ("127.0.0.1", {"base_url": "https://news.example.org"}, True),
        ("127.0.0.1", {"base_url": "http://localhost:8000"}, False),
    ],
)
def test_where_keys_are_needed(host: str, changed: Any, needed: bool, settings: Settings) -> None:
    assert needs_keys(settings.model_copy(update=changed), host) is needed


def test_what_is_loopback() -> None:
    assert is_loopback("[::1]") and is_loopback("127.8.8.8") and is_loopback("LOCALHOST.")
    for other in ("", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1"):
        assert not is_loopback(other)


def test_on_loopback_no_key_is_needed_and_a_word_in_its_place_does_no_harm(news: Bot) -> None:
    with served(news) as client:
        assert client.post("/api/ask", json=BODY).status_code == 200
        dummy = {"Authorization": "Bearer sk-none"}
        assert client.post("/api/ask", json=BODY, headers=dummy).status_code == 200


def test_elsewhere_each_route_asks_for_a_key(news: Bot) -> None:
    with served(news, "192.168.1.4") as client:
        paths = client.get("/openapi.json").json()["paths"]
        asked = 0
        for path, methods in paths.items():
            for method in methods:
                if path in ("/healthz", "/readyz") or not path.startswith(("/api", "/v1", "/met")):
                    continue
                response = client.request(method, path.replace("{", "").replace("}", ""))
                assert response.status_code == 401, f"{method} {path}"
                assert response.headers["www-authenticate"] == "Bearer"
                asked += 1
        assert asked >= 15
        for path in ("/healthz", "/readyz"):
            assert client.get(path).status_code == 200


def test_a_wrong_key_is_told_from_none(news: Bot) -> None:
    with served(news, "192.168.1.4") as client:
        none = client.post("/api/ask", json=BODY)
        wrong = client.post("/api/ask", json=BODY, headers={"Authorization": "Bearer og_x"})
    assert (none.status_code, wrong.status_code) == (401, 401)
    assert "A key is needed" in none.json()["error"]
    assert "not known or was revoked" in wrong.json()["error"]


def test_a_key_opens_what_its_scopes_name(news: Bot) -> None:
    with served(news, "192.168.1.4") as client:
        reading = key(news, "read", name="reading")
        asking = key(news, "ask", name="asking")
        managing = key(news, "manage", name="managing")

        def statuses(call: Any) -> list[int]:
            return [call(k).status_code for k in (reading, asking, managing)]

        assert statuses(lambda k: client.get("/api/articles", headers=k)) == [200, 403, 403]
        assert statuses(lambda k: client.post("/api/ask", json=BODY, headers=k)) == [403, 200, 403]
        assert statuses(lambda k: client.get("/metrics", headers=k)) == [403, 403, 200]
        assert statuses(lambda k: client.delete("/api/articles/x", headers=k)) == [403, 403, 404]
        told = client.get("/metrics", headers=asking).json()["error"]
        assert "'manage'" in told and "asking" in told


def test_a_revoked_key_ends_at_once_in_a_running_server(news: Bot) -> None:
    with served(news, "192.168.1.4") as client:
        made = key(news, "ask", name="web")
        assert client.post("/api/ask", json=BODY, headers=made).status_code == 200
        Keys(news.store.database).revoke("web")
        assert client.post("/api/ask", json=BODY, headers=made).status_code == 401


def test_without_a_key_nothing_is_changed_where_the_articles_are_not_editable(news: Bot) -> None:
    with served(news, articles_editable=False) as client:
        assert client.get("/api/articles/fire").status_code == 200
        assert client.delete("/api/articles/fire").status_code == 403
        made = key(news, "manage")
        assert client.delete("/api/articles/fire", headers=made).status_code == 200
