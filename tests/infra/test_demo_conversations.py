"""The conversations of a demo: enough of each kind that the help desk and the figures are not empty."""

from __future__ import annotations

from sqlalchemy import Engine

from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from infra import demo_conversations
from tests.factories import client_of, make_account_row


def test_the_help_desk_of_a_demo_has_something_of_each_kind(shop: Engine) -> None:
    customer, staff = make_account_row(Role.CUSTOMER), make_account_row(Role.STAFF)
    with transaction() as connection:
        demo_conversations.add(connection, customer, staff)
    desk = client_of(Role.STAFF)
    assert len(desk.get("/conversations").json) == len(demo_conversations.TALKS)
    assert len(desk.get("/conversations?sort=waiting").json) == 1
    [taken] = desk.get("/conversations?handoff=taken").json
    assert taken["assignee"]["id"] == staff
    assert {row["kind"] for row in desk.get("/conversations/low-rated").json} == {"reaction", "rating"}
    assert {row["outcome"] for row in desk.get("/conversations/unanswered").json} == {"unanswered", "refused"}
    assert len(desk.get("/conversations?q=parcel").json) == 1
    offered = client_of(Role.CUSTOMER).get("/api/templates/").json
    assert [row["name"] for row in offered["results"]] == [row["name"] for row in demo_conversations.TEMPLATES]
