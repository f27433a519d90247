"""One maker per noun: a row with sensible values, any of which can be given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Table, select

from chalicelib.accounts import accounts
from chalicelib.accounts import tables as account_tables
from chalicelib.accounts.sign_in import sign_in
from chalicelib.commerce import sale_tables, tables
from chalicelib.commerce.stock import stock
from chalicelib.commerce.stock.ledger import Entry, Place, State
from chalicelib.conversations.history import history_tables, messages, sessions
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role, hash_token, new_token
from chalicelib.core.database import Connection, insert_row, transaction
from chalicelib.core.text import fold
from chalicelib.events import outbox, signing
from chalicelib.events import tables as event_tables
from chalicelib.recommendations.measuring import experiment_tables
from chalicelib.recommendations.signals import signal_tables
from tests.client import Client

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "a long enough password"

_numbers = count(1)


def _insert(table: Table, values: dict[str, Any]) -> int:
    with transaction() as connection:
        return insert_row(connection, table, values)


def make_center(**given: Any) -> int:
    """Make a distribution center."""
    values = {
        "name": "Memphis TN",
        "latitude": 35.1174,
        "longitude": -89.9711,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _insert(tables.distribution_centers, values | given)


def make_customer(**given: Any) -> int:
    """Make a customer."""
    email = given.get("email", f"customer{next(_numbers)}@example.com")
    values = {
        "first_name": "Robin",
        "last_name": "Doe",
        "email": email,
        "email_key": fold(email),
        "age": 40,
        "gender": "F",
        "city": "Lyon",
        "country": "France",
        "traffic_source": "Search",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _insert(tables.users, values | given)


def make_product(**given: Any) -> int:
    """Make a product, in a distribution center of its own when none is given."""
    category, brand = given.get("category", "Jeans"), given.get("brand", "Levi")
    values = {
        "category": category,
        "category_key": fold(category),
        "brand": brand,
        "brand_key": None if brand is None else fold(brand),
        "name": f"Slim Jeans {next(_numbers)}",
        "department": "Women",
        "sku": f"SKU{next(_numbers)}",
        "cost_cents": 2000,
        "retail_price_cents": 4950,
        "created_at": NOON,
        "updated_at": NOON,
    }
    if "distribution_center_id" not in given:
        values["distribution_center_id"] = make_center()
    return _insert(tables.products, values | given)


def make_unit(product_id: int, **given: Any) -> int:
    """Make an inventory item: one unit of a product."""
    values = {"product_id": product_id, "cost_cents": 2000, "created_at": NOON - timedelta(days=30)}
    return _insert(tables.inventory_items, values | given)


def make_stock(product_id: int, units: int, *, center_id: int | None = None, **given: Any) -> list[int]:
    """Make free units of a product that are counted and stand in the ledger, in its own center or another."""
    with transaction() as connection:
        products = tables.products.c
        own = select(products.distribution_center_id).where(products.id == product_id)
        place = Place(product_id, center_id or connection.execute(own).scalar_one())
    values = {"product_distribution_center_id": place.center_id} | given
    made = [make_unit(product_id, **values) for _ in range(units)]
    with transaction() as connection:
        entries = [Entry(place, State.OUTSIDE, State.FREE, units)]
        stock.book(connection, entries, kind="received", reference=None, actor="factory")
    return made


def make_order(user_id: int | None, *items: tuple[int, int], **given: Any) -> int:
    """Make an order of `items`: (product id, sale price in cents) each; items take status and time of the order."""
    values = {
        "user_id": user_id,
        "status": "complete",
        "gender": "F",
        "created_at": NOON,
        "num_of_item": len(items),
        "updated_at": NOON,
    } | given
    order_id = _insert(tables.orders, values)
    for product_id, cents in items:
        shared = {name: values[name] for name in ("user_id", "status", "created_at")}
        _insert(
            tables.order_items,
            {"order_id": order_id, "product_id": product_id, "sale_price_cents": cents} | shared,
        )
    return order_id


def make_item(order_id: int, product_id: int, cents: int, **given: Any) -> int:
    """Make an item of an order whose status, customer or time differ from the order's."""
    values = {"order_id": order_id, "product_id": product_id, "sale_price_cents": cents, "status": "complete"}
    return _insert(tables.order_items, values | {"created_at": NOON} | given)


def make_promotion(**given: Any) -> int:
    """Make a promotion: a tenth off, for all, at any time."""
    code = given.get("code", f"CODE{next(_numbers)}")
    values = {
        "code": code,
        "code_key": fold(code),
        "kind": "percentage",
        "value": 1000,
        "minimum_cents": 0,
        "used": 0,
        "is_active": True,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _insert(sale_tables.promotions, values | given)


def make_tax_rule(
    rate: int, country: str | None = None, state: str | None = None, category: str | None = None, **given: Any
) -> int:
    """Make a tax rule; its rate is in millionths, added to prices."""
    places = {"country": country, "state": state, "category": category}
    keys = {f"{name}_key": fold(place or "") for name, place in places.items()}
    values = {"name": "Tax", "rate": rate, "included": False, "created_at": NOON, "updated_at": NOON}
    return _insert(sale_tables.tax_rules, values | places | keys | given)


def make_shipping_rule(price_cents: int, method: str = "standard", country: str | None = None, **given: Any) -> int:
    """Make a shipping rule."""
    values = {
        "country": country,
        "country_key": fold(country or ""),
        "method": method,
        "name": method.title(),
        "price_cents": price_cents,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _insert(sale_tables.shipping_rules, values | given)


def make_webhook(**given: Any) -> int:
    """Make a webhook for everything that happens; `kinds` is a list of patterns."""
    values = {
        "url": "https://hooks.example/shop",
        "description": "",
        "active": True,
        "secret": signing.new_secret(),
        "failures": 0,
        "version": 1,
        "created_at": NOON,
        "updated_at": NOON,
        **given,
        "kinds": json.dumps(given.get("kinds", ["*"])),
    }
    return _insert(event_tables.webhooks, values)


def make_event(kind: str = "order.paid", aggregate: str = "order:1", **payload: Any) -> str:
    """Make an event as a rule does, and return its uid."""
    with transaction() as connection:
        outbox.record(connection, kind, aggregate, payload)
        ids = event_tables.outbox_events.c
        return str(connection.scalar(select(ids.uid).order_by(ids.id.desc()).limit(1)))


def make_delivery(**given: Any) -> int:
    """Make a delivery of an event of its own, dead and for the bus when nothing is said."""
    uid = make_event()
    with transaction() as connection:
        ids = event_tables.outbox_events.c
        event_id = connection.scalar(select(ids.id).where(ids.uid == uid))
    values = {
        "event_id": event_id,
        "target": "bus",
        "aggregate": "order:1",
        "state": "dead",
        "attempts": 10,
        "due_at": NOON,
    }
    return _insert(event_tables.event_deliveries, values | given)


def make_account(role: Role = Role.CUSTOMER, *, customer_id: int | None = None, username: str | None = None) -> str:
    """Make an account with `PASSWORD` and return its user name."""
    name = username or f"{role.value}{next(_numbers)}"
    hashed = auth.hash_password(PASSWORD)
    with transaction() as connection:
        accounts.create_account(connection, username=name, password_hash=hashed, role=role, customer_id=customer_id)
    return name


def signed_in(role: Role, *, customer_id: int | None = None) -> Client:
    """Make an account of `role` and return a client with its token."""
    return Client(sign_in(make_account(role, customer_id=customer_id), PASSWORD, "192.0.2.1"))


def make_account_row(role: Role, **given: Any) -> int:
    """Make an account that has no password, which spares the 30 ms of a hash; return its id."""
    name = given.get("username", f"{role.value}{next(_numbers)}")
    values = {
        "username": name,
        "username_key": fold(name),
        "email": None,
        "first_name": "",
        "last_name": "",
        "password_hash": "none",
        "role": role.value,
        "customer_id": None,
        "is_active": True,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _insert(account_tables.accounts, values | given)


def make_token(account_id: int, *, expires_at: datetime | None = None) -> str:
    """Make a token of an account, good for an hour when nothing is said."""
    token, now = new_token(), clock.now()
    values = {
        "account_id": account_id,
        "token_hash": hash_token(token),
        "created_at": now,
        "expires_at": expires_at or now + timedelta(hours=1),
    }
    _insert(account_tables.auth_tokens, values)
    return token


def client_of(role: Role, *, customer_id: int | None = None) -> Client:
    """Make an account without a password and return a client with its token."""
    return Client(make_token(make_account_row(role, customer_id=customer_id)))


def make_experiment(state: str = "running", **given: Any) -> int:
    """Make an experiment of two halves."""
    halves = [
        {"name": "control", "share": 50, "overrides": {}},
        {"name": "diverse", "share": 50, "overrides": {"diversity": 0.5}},
    ]
    started = given.get("started_at", NOON if state != "draft" else None)
    values = {
        "name": f"experiment-{next(_numbers)}",
        "state": state,
        "running": 1 if state == "running" else None,
        "salt": f"salt{next(_numbers)}",
        "planned_people": None,
        "started_at": started,
        "stopped_at": NOON + timedelta(days=14) if state == "stopped" else None,
        "created_by": "factory",
        "created_at": NOON,
        "updated_at": NOON,
        **given,
        "arms": json.dumps(given.get("arms", halves)),
    }
    return _insert(experiment_tables.recommendation_experiments, values)


def make_exposure(experiment_id: int, arm: str, at: datetime = NOON, **person: int) -> None:
    """Note that a person (`customer_id` or `visitor_id`) saw an arm."""
    values = {"experiment_id": experiment_id, "arm": arm, "first_at": at, **person}
    _insert(experiment_tables.experiment_exposures, values)


def make_address(customer_id: int, **given: Any) -> int:
    """Make an address of a customer."""
    values = {
        "customer_id": customer_id,
        "name": "Robin Doe",
        "street_address": "1 rue de l'Exemple",
        "postal_code": "69001",
        "city": "Lyon",
        "country": "France",
        "is_default": False,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _insert(tables.addresses, values | given)


def make_visitor(public_id: str, **given: Any) -> int:
    """Make a browser or app that is known by `public_id`."""
    return _insert(signal_tables.visitors, {"public_id": public_id, "created_at": NOON, "last_seen_at": NOON} | given)


def make_behaviour(product_id: int, kind: str = "view", **given: Any) -> int:
    """Make an event of a visitor or a customer, who must be given."""
    values = {"event_key": f"key-{next(_numbers)}", "kind": kind, "product_id": product_id}
    return _insert(signal_tables.behaviour_events, values | {"at": NOON, "received_at": NOON} | given)


def make_registration(email: str, *, password_hash: str = "none") -> int:
    """Make a registration that waits for its address to be proved."""
    now = clock.now()
    values = {
        "email": email,
        "email_key": fold(email),
        "password_hash": password_hash,
        "first_name": "Robin",
        "last_name": "Doe",
        "profile": "{}",
        "created_at": now,
        "expires_at": now + timedelta(hours=24),
    }
    return _insert(account_tables.registrations, values)


def make_mailed_token(purpose: str, *, email: str, account_id: int | None = None) -> str:
    """Make the token of a link in a mail, good for an hour."""
    token, now = new_token(), clock.now()
    values = {
        "purpose": str(purpose),
        "token_hash": hash_token(token),
        "account_id": account_id,
        "email": email,
        "email_key": fold(email),
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
    }
    _insert(account_tables.mailed_tokens, values)
    return token


def make_session(account_id: int, **given: Any) -> Any:
    """Make a conversation of an account as its owner does; `given` are fields of `NewSession`. Return its row."""
    with transaction() as connection:
        return sessions.create_session(connection, account_id, sessions.NewSession(**given))


def make_message(session_id: str, content: str = "Is there a red one?", **given: Any) -> Any:
    """Add a message to a conversation by its rule; `given` are fields of `NewMessage`. Return its row."""
    with transaction() as connection:
        session = sessions.lock_session(connection, session_id, account_id=None)
        return messages.append(connection, session, messages.NewMessage(content, **given)).row


def make_template(account_id: int | None, **given: Any) -> int:
    """Make a template of an account, or of nobody."""
    name = given.get("name", f"Template {next(_numbers)}")
    values = {
        "name": name,
        "name_key": fold(name),
        "search_key": fold(name),
        "description": "",
        "category": "shopping",
        "template_data": '{"occasion": "birthday"}',
        "is_active": True,
        "usage_count": 0,
        "created_by": account_id,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _insert(history_tables.conversation_templates, values | given)


@contextmanager
def rolled_back() -> Iterator[Connection]:
    """Give a transaction that leaves nothing behind: for examples that share one test's empty shop."""

    class Undo(Exception):
        pass

    with suppress(Undo), transaction() as connection:
        yield connection
        raise Undo


@contextmanager
def counted_statements(engine: Any) -> Iterator[list[str]]:
    """Collect the SQL statements that are executed inside the block."""
    from sqlalchemy import event

    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
