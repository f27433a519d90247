"""The shop's policies over HTTP and in the bucket: whose text counts, and how seldom the bucket is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.conversations.policies import policies
from chalicelib.core import blobs
from chalicelib.core.auth import Role
from chalicelib.core.blobs import Blob, FolderBlobs
from chalicelib.core.config import Settings
from chalicelib.core.errors import Unavailable
from tests.client import Answer, Client
from tests.conftest import set_settings
from tests.factories import make_account_row, make_token

OWN = "# Returns\n\n## How long\n\nYou have {return_days} days. We pay the way back.\n"


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    policies.forget()
    yield
    policies.forget()


@pytest.fixture
def staff(client: Client) -> Client:
    return client.as_token(make_token(make_account_row(Role.STAFF)))


def put(staff: Client, topic: str, text: str = OWN, language: str = "en") -> Answer:
    return staff.put(f"/policies/{topic}", {"language": language, "text": text})


def test_a_shop_has_texts_from_the_start(client: Client) -> None:
    listed = client.get("/policies").json["policies"]
    assert [each["topic"] for each in listed] == [
        "shipping", "returns", "payment", "privacy", "contact", "sizing", "promotions",
    ]  # fmt: skip
    assert {tuple(each["languages"]) for each in listed} == {("en", "de")}
    assert not any(each["own"] for each in listed)
    german = client.get("/policies?language=de").json["policies"]
    assert german[1]["title"] == "Rückgabe"
    page = client.get("/policies/returns?language=de").json
    assert "bis zu 30 Tage" in page["text"]
    assert page["sections"][0]["title"] == "Wie lange Sie etwas zurückgeben können"


def test_the_shops_own_text_counts_at_once_with_its_facts(client: Client, staff: Client) -> None:
    answer = put(staff, "returns")
    assert answer.status == 200
    page = client.get("/policies/returns").json
    assert page == answer.json
    assert (page["own"], page["languages"]) == (True, ["en"])
    assert page["sections"] == [{"title": "How long", "text": "You have 30 days. We pay the way back."}]
    assert client.get("/policies/returns?source=true").json["text"] == OWN
    assert "We pay the way back" in policies.find_sections("how long can I return", None, "en")[0].text


def test_of_a_topic_that_the_shop_wrote_about_the_softwares_text_is_gone_in_every_language(
    client: Client, staff: Client
) -> None:
    """It would go on to say what the shop has changed."""
    put(staff, "returns")
    page = client.get("/policies/returns?language=de").json
    assert (page["language"], page["title"]) == ("en", "Returns")
    assert policies.find_sections("Rückgabe", "returns", "de")[0].language == "en"
    put(staff, "returns", "# Rückgabe\n\nImmer.", "de")
    assert client.get("/policies/returns?language=de").json["text"] == "# Rückgabe\n\nImmer.\n"
    assert client.get("/policies/returns").json["languages"] == ["en", "de"]


def test_without_its_own_text_the_softwares_is_back(client: Client, staff: Client) -> None:
    before = client.get("/policies/returns").json
    put(staff, "returns")
    assert staff.delete("/policies/returns").status == 204
    assert client.get("/policies/returns").json == before
    assert staff.delete("/policies/returns").status == 404
    assert "{return_days}" in client.get("/policies/returns?source=true").json["text"]


def test_a_shop_may_add_topics_and_take_them_away(client: Client, staff: Client) -> None:
    assert put(staff, "gift-cards", "# Gift cards\n\nWe sell none.").status == 200
    assert client.get("/policies").json["policies"][-1]["topic"] == "gift-cards"
    assert policies.find_sections("do you sell gift cards?", None, "en")[0].text == "We sell none."
    assert staff.delete("/policies/gift-cards?language=de").status == 404
    assert staff.delete("/policies/gift-cards").status == 204
    assert client.get("/policies/gift-cards").status == 404
    assert policies.find_sections("gift cards", "gift-cards", "en") == []


def test_a_shop_has_thirty_topics_of_its_own_at_most(staff: Client) -> None:
    for number in range(30):
        blobs.store().put(f"policies/en/topic-{number}.md", b"# T\n\nx", "text/markdown")
    refused = put(staff, "one-more")
    assert (refused.status, refused.json["type"].rpartition(":")[2]) == (409, "too-many-policies")
    assert put(staff, "topic-3").status == 200
    assert put(staff, "returns").status == 200


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("Returns", {"language": "en", "text": OWN}),
        ("a_b", {"language": "en", "text": OWN}),
        ("..%2Fimages", {"language": "en", "text": OWN}),
        ("x" * 41, {"language": "en", "text": OWN}),
        ("returns", {"language": "fr", "text": OWN}),
        ("returns", {"language": "en", "text": "No title."}),
        ("returns", {"language": "en", "text": "# T\n\n" + "x" * 20_000}),
        ("returns", {"language": "en", "text": OWN, "topic": "returns"}),
        ("returns", {"text": OWN}),
    ],
)
def test_what_is_no_policy_is_refused(staff: Client, topic: str, body: dict[str, Any]) -> None:
    assert staff.put(f"/policies/{topic}", body).status == 422
    assert list(blobs.store().list("policies/en")) == []


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert client.get("/policies/nothing").status == 404
    assert client.get("/policies/..%2F..%2Fshop").status == 404
    assert client.get("/policies/returns?language=fr").status == 422


def test_files_put_into_the_bucket_by_hand_count_as_far_as_they_can_be_read(client: Client) -> None:
    store = blobs.store()
    store.put("policies/en/care.md", "# Care\n\nWash at 30°.".encode("latin-1"), "text/markdown")
    store.put("policies/en/Notes.md", b"# no topic", "text/markdown")
    store.put("policies/en/readme.txt", b"no policy", "text/plain")
    store.put("policies/en/long.md", b"# Long\n\n" + b"x" * 100_000, "text/markdown")
    topics = [each["topic"] for each in client.get("/policies").json["policies"]]
    assert topics[-2:] == ["care", "long"]
    assert "Wash at 30\ufffd." in client.get("/policies/care").json["text"]
    assert len(client.get("/policies/long").json["text"]) <= 20_001


def test_a_question_in_another_language_than_was_thought_is_answered_in_its_own(client: Client) -> None:
    assert policies.find_sections("Wie lange kann ich etwas zurückgeben?", None, "en")[0].language == "de"
    assert policies.find_sections("when do I get my money back", None, "de")[0].language == "en"
    assert policies.find_sections("Wie lange kann ich etwas zurückgeben?", "returns", "en")[0].language == "de"
    assert policies.find_sections("xyz", "returns", "de")[0].title.startswith("Rückgabe: ")


class Counted(FolderBlobs):
    """A place that counts what it is asked, and may break."""

    asked = 0
    opened = 0
    broken = False

    def list(self, prefix: str) -> Iterator[Blob]:
        self.asked += 1
        if self.broken:
            raise OSError("away")
        return super().list(prefix)

    def open(self, key: str) -> Any:
        self.opened += 1
        return super().open(key)


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Counted:
    made = Counted(settings.data_dir / "counted")
    monkeypatch.setattr(blobs, "store", lambda: made)
    made.put("policies/en/returns.md", OWN.encode(), "text/markdown")
    return made


def test_questions_do_not_ask_the_bucket_each_time(
    bucket: Counted, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, replace(settings, policies_ttl_s=60))
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for _ in range(3):
        assert policies.find_sections("way back", "returns", "en")
    assert (bucket.asked, bucket.opened) == (2, 1)
    clock[0] += 61
    assert policies.find_sections("way back", "returns", "en")
    assert (bucket.asked, bucket.opened) == (4, 1), "what has not changed is not read again"
    bucket.put("policies/en/returns.md", b"# Returns\n\nNever again.", "text/markdown")
    assert "Never" not in policies.find_sections("returns", "returns", "en")[0].text
    clock[0] += 61
    assert policies.find_sections("returns", "returns", "en")[0].text == "Never again."


def test_while_the_bucket_is_away_what_was_known_goes_on(bucket: Counted) -> None:
    assert policies.find_sections("returns", "returns", "en")
    bucket.broken = True
    assert "We pay" in policies.find_sections("returns", "returns", "en")[0].text
    policies.forget()
    with pytest.raises(Unavailable):
        policies.find_sections("returns", "returns", "en")
