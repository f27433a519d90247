"""Safe retries: a request that names itself is carried out once, whatever happens between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, func, select

import app as function_table
from chalicelib.accounts import accounts
from chalicelib.accounts.tables import auth_tokens
from chalicelib.commerce.tables import distribution_centers
from chalicelib.core import clock, errors, http, idempotency
from chalicelib.core.auth import PUBLIC, SIGNED_IN, Caller, Role
from chalicelib.core.database import Connection, insert_row, read, run
from chalicelib.core.database import engine as engine_module
from chalicelib.core.database import idempotency as sql
from chalicelib.core.database.idempotency import idempotency_keys
from chalicelib.core.routes import Reply, Routes, Text
from tests.client import Answer, Client
from tests.conftest import empty
from tests.core.test_database import id_of, kill, shop_at
from tests.core.test_http import JSON, Edge, authorised, center, center_names, database_error, problem_of
from tests.factories import (
    NOON,
    PASSWORD,
    counted_statements,
    make_account,
    make_account_row,
    make_customer,
    make_token,
)

SHOP = "https://shop.example"


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    colour: str | None = None


class Counter:
    """An API that inserts rows, in the request's transaction at `/rows`, in the view's own at `/own`.

    Before the answer it does the next of `then`, as often as there is one.
    """

    def __init__(self) -> None:
        self.then: list[Callable[[], None]] = []
        self.request_keys: list[str | None] = []
        area = Routes("Test")

        @area.post("/rows", access=PUBLIC, response=dict[str, Any], status=201)
        def create_row(connection: Connection, caller: Caller | None, request_key: str | None, body: Row) -> Reply:
            """Insert a row."""
            self.request_keys.append(request_key)
            return self._insert(connection, caller, body)

        @area.post("/own", access=PUBLIC, response=dict[str, Any], status=201)
        def create_own(caller: Caller | None, request_key: str | None, body: Row) -> Reply:
            """Insert a row in a transaction of the view's own."""
            self.request_keys.append(request_key)
            reply = run(
                lambda connection: insert_row(connection, distribution_centers, center(body.name)), writes=True
            )
            self._go_on()
            return self._reply(reply, caller, body)

        self.edge = Edge(area)

    def _insert(self, connection: Connection, caller: Caller | None, body: Row) -> Reply:
        row_id = insert_row(connection, distribution_centers, center(body.name))
        self._go_on()
        return self._reply(row_id, caller, body)

    def _go_on(self) -> None:
        if self.then:
            self.then.pop(0)()

    def _reply(self, row_id: int, caller: Caller | None, body: Row) -> Reply:
        shown = {"id": row_id, "name": body.name, "for": caller.username if caller else None}
        return Reply(shown, {"Location": f"/rows/{row_id}", "ETag": '"v1"'})

    def post(self, key: str | None, name: str = "chair", *, to: str = "/rows", **headers: str) -> Answer:
        """Ask for a row."""
        sent = {**JSON, **headers}
        if key is not None:
            sent["Idempotency-Key"] = key
        return self.edge.post(to, headers=sent, body={"name": name})


@pytest.fixture
def counter(shop: Engine) -> Counter:
    return Counter()


@pytest.fixture
def on_mysql(mysql_url: str) -> Iterator[Engine]:
    """An empty shop on the server: for what is about its locks."""
    with shop_at(mysql_url) as engine:
        yield engine


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The clock, which goes on by hand: `time(61)` is a minute and a second later."""
    present = [NOON]

    def now() -> datetime:
        return present[0]

    def go_on(seconds: float) -> None:
        present[0] += timedelta(seconds=seconds)

    monkeypatch.setattr(clock, "now", now)
    return go_on


def raising(error: BaseException) -> Callable[[], None]:
    def do() -> None:
        raise error

    return do


def kept() -> list[Any]:
    """Return what is kept of requests."""
    with read() as connection:
        return list(connection.execute(select(idempotency_keys).order_by(idempotency_keys.c.created_at)))


def code_of(answer: Answer) -> str:
    return str(problem_of(answer)["type"]).rpartition(":")[2]


def of_this_request(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if name not in ("X-Request-Id", "Idempotency-Replayed")}


both_kinds = pytest.mark.parametrize("to", ["/rows", "/own"], ids=["in the request's transaction", "in its own"])

# --- the same answer again ----------------------------------------------------------------------------------------


@both_kinds
def test_a_retry_is_answered_the_same_bytes_and_done_once(counter: Counter, to: str) -> None:
    first = counter.post("k1", to=to, **{"X-Request-Id": "one"})
    again = counter.post("k1", to=to, **{"X-Request-Id": "two"})
    assert (first.status, first.headers["Location"]) == (201, f"/rows/{first.json['id']}")
    assert (again.status, again.text) == (first.status, first.text)
    assert of_this_request(again.headers) == of_this_request(first.headers)
    assert (first.headers["X-Request-Id"], again.headers["X-Request-Id"]) == ("one", "two")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert center_names() == ["chair"]


def test_a_replay_says_itself_who_may_read_it(counter: Counter) -> None:
    first = counter.post("k1")
    assert "Access-Control-Allow-Origin" not in first.headers
    again = counter.post("k1", Origin=SHOP)
    assert again.headers["Access-Control-Allow-Origin"] == SHOP
    assert "Idempotency-Replayed" in again.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in counter.post("k1").headers


def test_a_key_of_another_value_is_another_request(counter: Counter) -> None:
    answers = [counter.post(key) for key in ("a", "A", "a" * 255, "!", "~", '"a"')]
    assert [answer.status for answer in answers] == [201] * 6
    assert center_names() == ["chair"] * 6


def test_without_a_key_each_request_is_one_of_its_own_and_costs_no_statement_more(
    counter: Counter, shop: Engine
) -> None:
    with counted_statements(shop) as statements:
        assert counter.post(None).status == counter.post(None).status == 201
    begin = "BEGIN" if shop.dialect.name == "sqlite" else "START"
    assert [statement.split()[0] for statement in statements] == [begin, "INSERT", "COMMIT"] * 2
    assert center_names() == ["chair", "chair"]
    assert kept() == []
    assert counter.request_keys == [None, None]


def test_a_replay_is_one_look(counter: Counter, shop: Engine) -> None:
    counter.post("k1")
    with counted_statements(shop) as statements:
        counter.post("k1")
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


@pytest.fixture
def answers(shop: Engine) -> Edge:
    """An API with a change of each kind."""
    area, counted = Routes("Test"), iter(range(1, 1000))

    @area.delete("/things", access=PUBLIC, response=None, status=204)
    def delete_things(connection: Connection) -> None:
        """Answer nothing."""
        next(counted)

    @area.put("/things", access=PUBLIC, response=dict[str, Any])
    def put_things(connection: Connection) -> dict[str, Any]:
        """Answer a number."""
        return {"number": next(counted), "said": "naïve 🛒 'quoted' \\ \x00"}

    @area.patch("/things", access=PUBLIC, response=dict[str, Any])
    def patch_things(connection: Connection) -> Reply:
        """Answer with another status than the usual."""
        return Reply({"number": next(counted)}, status=202)

    @area.post("/things", access=PUBLIC, response="text/csv")
    def export_things(connection: Connection) -> Text:
        """Answer text that is long."""
        return Text(f"número,{next(counted)}\n" * 20_000, "text/csv; charset=utf-8", {"Content-Language": "es"})

    return Edge(area)


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "POST"])
def test_each_kind_of_answer_comes_again_as_it_was(answers: Edge, method: str) -> None:
    first, again = (answers.call(method, "/things", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.status == {"DELETE": 204, "PUT": 200, "PATCH": 202, "POST": 200}[method]
    assert (again.status, again.text) == (first.status, first.text)
    assert of_this_request(again.headers) == of_this_request(first.headers)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_key_is_that_of_one_operation(answers: Edge) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        assert "Idempotency-Replayed" not in answers.call(method, "/things", headers={"Idempotency-Key": "k"}).headers
    slashed = answers.call("PUT", "/things", path="/things/", headers={"Idempotency-Key": "k"})
    assert slashed.headers["Idempotency-Replayed"] == "true"


# --- which requests are the same ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    ['{"name":"chair","colour":null}', ' {"colour" : null,\n "name":"ch\\u0061ir"}'],
    ids=["same", "rewritten"],
)
def test_the_way_that_json_is_written_makes_no_other_request(counter: Counter, body: str) -> None:
    sent = {**JSON, "Idempotency-Key": "k"}
    first = counter.edge.post("/rows", headers=sent, body={"name": "chair", "colour": None})
    again = counter.edge.post("/rows", headers=sent, body=body)
    assert (again.status, again.text) == (201, first.text)


def test_a_key_that_comes_with_another_body_is_refused(counter: Counter) -> None:
    first = counter.post("k", "chair")
    refused = counter.post("k", "table")
    assert (refused.status, code_of(refused)) == (422, "idempotency-key-reused")
    assert "Idempotency-Replayed" not in refused.headers
    assert counter.post("k", "chair").text == first.text
    assert center_names() == ["chair"]


PARTS: dict[str, Any] = {
    "rights": "customer:1",
    "method": "PUT",
    "path": "/a",
    "query": {"q": ["1"]},
    "body": b'{"a":1}',
    "if_match": '"v1"',
}


@pytest.mark.parametrize(
    "other",
    [
        {"rights": "customer:2"},
        {"method": "PATCH"},
        {"path": "/b"},
        {"query": {}},
        {"query": {"q": ["2"]}},
        {"body": b'{"a":2}'},
        {"body": b'{"a":"1"}'},
        {"body": b""},
        {"body": b"{"},
        {"if_match": '"v2"'},
        {"if_match": None},
    ],
)
def test_whatever_is_asked_differently_is_another_request(other: dict[str, Any]) -> None:
    assert idempotency.fingerprint(**(PARTS | other)) != idempotency.fingerprint(**PARTS)


def test_the_order_of_parameters_makes_no_other_request() -> None:
    one, two = {"a": ["1"], "b": ["2"]}, {"b": ["2"], "a": ["1"]}
    assert idempotency.fingerprint(**(PARTS | {"query": one})) == idempotency.fingerprint(**(PARTS | {"query": two}))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":1e999}', b'{"a":NaN}'])
def test_what_is_no_json_is_told_apart_by_its_bytes(body: bytes) -> None:
    mine = idempotency.fingerprint(**(PARTS | {"body": body}))
    assert mine == idempotency.fingerprint(**(PARTS | {"body": body}))
    assert mine != idempotency.fingerprint(**(PARTS | {"body": body + b" x"}))


# --- the key itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "schlüssel", "a\n", "a\t", "\x7f", "🛒", "a\x00"])
@both_kinds
def test_a_key_that_is_none_is_refused(counter: Counter, key: str, to: str) -> None:
    answer = counter.post(key, to=to)
    assert (answer.status, code_of(answer)) == (400, "idempotency-key-malformed")
    assert center_names() == []
    assert kept() == []


@pytest.fixture
def guarded(shop: Engine) -> Edge:
    """An API with an operation that wants a key, one that keeps no answer, and one that only reads."""
    area, counted = Routes("Test"), iter(range(1, 1000))

    @area.post("/must", access=SIGNED_IN, response=dict[str, Any], idempotency="required")
    def must(connection: Connection, request_key: str) -> dict[str, Any]:
        """Want a key."""
        return {"key": request_key}

    @area.post("/secret", access=PUBLIC, response=dict[str, Any], idempotency=None)
    def make_secret() -> dict[str, Any]:
        """Keep no answer."""
        return {"number": next(counted)}

    @area.post("/search", access=PUBLIC, response=dict[str, Any], reads=True)
    def search() -> dict[str, Any]:
        """Change nothing."""
        return {"number": next(counted)}

    @area.get("/show", access=PUBLIC, response=dict[str, Any])
    def show() -> dict[str, Any]:
        """Show."""
        return {"number": next(counted)}

    return Edge(area)


def test_where_a_key_is_needed_its_absence_is_told_to_those_who_may_call(guarded: Edge) -> None:
    missing = guarded.post("/must", headers=authorised("staff"))
    assert (missing.status, code_of(missing)) == (400, "idempotency-key-missing")
    assert "Idempotency-Key" in missing.json["detail"]
    assert guarded.post("/must").status == 401
    assert guarded.post("/must", headers=authorised("nobody")).status == 401
    given = guarded.post("/must", headers={**authorised("staff"), "Idempotency-Key": "k"})
    assert (given.status, len(given.json["key"])) == (200, 64)


@pytest.mark.parametrize("target", ["POST /secret", "POST /search", "GET /show", "HEAD /show", "OPTIONS /must"])
def test_where_no_answer_is_kept_a_key_makes_no_difference(guarded: Edge, shop: Engine, target: str) -> None:
    method, _, path = target.partition(" ")
    with counted_statements(shop) as statements:
        answers = [guarded.call(method, path, headers={"Idempotency-Key": "not a key"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [204 if method == "OPTIONS" else 200] * 2
    if answers[0].text:
        assert answers[0].text != answers[1].text
    assert statements == []


def test_an_answer_with_a_token_is_not_kept(client: Client) -> None:
    body = {"username": make_account(), "password": PASSWORD}
    first, second = (client.post("/api/auth/token", body, idempotency_key="k") for _ in range(2))
    assert first.json["token"] != second.json["token"]
    assert kept() == []
    with read() as connection:
        assert connection.execute(select(func.count()).select_from(auth_tokens)).scalar_one() == 2


def _secret_fields(model: Any) -> set[str]:
    fields = getattr(model, "model_fields", {})
    return {name for name in fields if name.endswith(("password", "token", "secret"))}


def test_no_operation_that_takes_or_gives_a_secret_keeps_its_answer() -> None:
    secret = [route for route in function_table.routes if _secret_fields(route.body) | _secret_fields(route.response)]
    assert {route.name for route in secret} >= {"create_token", "create_account", "change_account"}
    assert [route.name for route in secret if route.idempotency is not None] == []


def test_a_view_cannot_ask_for_the_key_of_a_request_that_has_none() -> None:
    def change(request_key: str | None) -> None:
        """Change."""

    with pytest.raises(TypeError, match="request_key"):
        Routes("Test").post("/x", access=PUBLIC, response=None, idempotency=None)(change)
    with pytest.raises(TypeError, match="request_key"):
        Routes("Test").get("/x", access=PUBLIC, response=None)(change)


def test_a_view_is_told_the_same_name_of_a_request_that_is_tried_again(counter: Counter) -> None:
    counter.then = [raising(RuntimeError("no")), raising(errors.Unavailable("no"))]
    for key in ("k", "k", "k", "other"):
        counter.post(key)
    first, second, third, other = counter.request_keys
    assert first is not None
    assert first == second == third != other
    assert len(first) == 64


# --- whose it is --------------------------------------------------------------------------------------------------


def test_the_same_key_of_two_callers_is_two_requests(counter: Counter) -> None:
    shopper, staff = (counter.post("k", **authorised(name)) for name in ("shopper", "staff"))
    nobody = counter.post("k")
    assert [answer.json["for"] for answer in (shopper, staff, nobody)] == ["shopper", "staff", None]
    assert len({answer.json["id"] for answer in (shopper, staff, nobody)}) == 3
    assert counter.post("k", **authorised("shopper")).text == shopper.text
    assert counter.post("k", **authorised("staff")).text == staff.text
    assert counter.post("k").text == nobody.text
    assert len(center_names()) == 3


def test_a_replay_needs_a_good_token_like_any_request(counter: Counter) -> None:
    counter.post("k", **authorised("shopper"))
    assert counter.post("k", **authorised("revoked")).status == 401


def test_an_answer_does_not_outlive_the_right_to_see_it(client: Client) -> None:
    account = make_account_row(Role.STAFF, customer_id=make_customer())
    other = make_customer(first_name="Secret")
    target, key = f"/users/{other}", {"If_Match": "*", "Idempotency_Key": "k"}
    member = client.as_token(make_token(account))
    first = member.patch(target, {"city": "Lyon"}, **key)
    assert (first.status, member.patch(target, {"city": "Lyon"}, **key).text) == (200, first.text)
    run(
        lambda connection: accounts.change_account(connection, account, {"role": Role.CUSTOMER}, by=0),
        writes=True,
    )
    answer = client.as_token(make_token(account)).patch(target, {"city": "Lyon"}, **key)
    assert (answer.status, problem_of(answer)["type"]) == (422, "urn:shopkeeper:problem:idempotency-key-reused")
    assert "Secret" not in answer.text


def test_guests_of_two_addresses_or_two_carts_are_two_callers(shop: Engine) -> None:
    area, counted = Routes("Test"), iter(range(1, 1000))

    @area.put("/carts/{cart_id}", access=PUBLIC, response=dict[str, Any])
    def change_cart(connection: Connection, cart_id: str) -> dict[str, Any]:
        """Answer a number."""
        return {"number": next(counted)}

    edge = Edge(area)
    places = [(cart, address) for cart in ("a", "b") for address in ("192.0.2.1", "192.0.2.2")]

    def ask(cart: str, address: str) -> int:
        sent = {"Idempotency-Key": "k"}
        number: int = edge.call(
            "PUT", "/carts/{cart_id}", parameters={"cart_id": cart}, headers=sent, address=address
        ).json["number"]
        return number

    assert [ask(*place) for place in places] == [1, 2, 3, 4]
    assert [ask(*place) for place in places] == [1, 2, 3, 4]


def test_no_two_lists_of_parts_make_one_request() -> None:
    assert idempotency.request_key("a", "b", "c", "d") != idempotency.request_key("a", "b", "cd", "")
    assert idempotency.request_key("a", "b", 'c","d', "e") != idempotency.request_key("a", "b", "c", 'd","e')


# --- several at once ----------------------------------------------------------------------------------------------


@both_kinds
def test_while_a_request_is_carried_out_the_same_one_is_told_to_wait(counter: Counter, to: str) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(20)

    counter.then = [wait]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(counter.post, "k", to=to)
        assert begun.wait(20)
        waiting = counter.post("k", to=to)
        other = counter.post("k", "table", to=to)
        go_on.set()
        done = first.result()
    assert (waiting.status, code_of(waiting), waiting.headers["Retry-After"]) == (409, "request-in-flight", "1")
    assert code_of(other) == "idempotency-key-reused"
    assert done.status == 201
    assert counter.post("k", to=to).text == done.text
    assert center_names() == ["chair"]


@both_kinds
def test_fifty_at_once_are_one(counter: Counter, to: str) -> None:
    together = threading.Barrier(10, timeout=20)

    def ask(number: int) -> Answer:
        if number < 10:
            together.wait()
        return counter.post("k", to=to)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(50)))
    assert center_names() == ["chair"]
    done = [answer for answer in answers if answer.status == 201]
    assert len({answer.text for answer in done}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in done) == 1
    waiting = [answer for answer in answers if answer.status != 201]
    assert {code_of(answer) for answer in waiting} <= {"request-in-flight"}


def test_many_requests_at_once_with_a_key_each_are_all_done(counter: Counter) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: counter.post(f"k{number % 20}", f"n{number % 20}"), range(60)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert sorted(center_names()) == sorted(f"n{number}" for number in range(20))


# --- what goes wrong between --------------------------------------------------------------------------------------


@both_kinds
def test_an_answer_that_was_lost_on_its_way_comes_again(
    counter: Counter, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(http, "_finish", lambda *_given: raising(ConnectionError("lost"))())
        lost = counter.post("k", to=to)
    assert "chair" not in lost.text
    again = counter.post("k", to=to)
    assert (again.status, again.json["name"], again.headers["Idempotency-Replayed"]) == (201, "chair", "true")
    assert center_names() == ["chair"]


class Killed(BaseException):
    """The process ends: nothing is tidied up."""


def test_a_process_that_dies_at_work_blocks_the_request_for_a_minute_and_did_nothing(
    counter: Counter, time: Callable[[float], None]
) -> None:
    counter.then = [raising(Killed())]
    with pytest.raises(Killed):
        counter.post("k")
    time(59)
    assert code_of(counter.post("k")) == "request-in-flight"
    assert center_names() == []
    time(1)
    assert counter.post("k").status == 201
    assert center_names() == ["chair"]
    assert counter.post("k").headers["Idempotency-Replayed"] == "true"


@both_kinds
def test_who_was_away_for_longer_than_its_claim_holds_leaves_the_answer_to_the_other(
    counter: Counter, to: str, time: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[Answer] = []
    claim = idempotency.claim

    def claim_and_sleep(key: str, *asked: Any) -> Any:
        found = claim(key, *asked)
        if not others:
            time(61)
            others.append(Answer(0, {}, ""))
            others[0] = counter.post("k", to=to)
        return found

    monkeypatch.setattr(idempotency, "claim", claim_and_sleep)
    late = counter.post("k", to=to)
    assert others[0].status == 201
    assert (late.status, code_of(late)) == (409, "request-in-flight")
    assert counter.post("k", to=to).text == others[0].text
    # A view with transactions of its own has to look for what it did; the request's is undone.
    assert center_names() == ["chair"] * (1 if to == "/rows" else 2)


def test_who_is_overtaken_at_work_cannot_commit(on_mysql: Engine, time: Callable[[float], None]) -> None:
    """On SQLite nobody overtakes: there is one writer at a time."""
    counter = Counter()
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(20)

    counter.then = [wait]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(counter.post, "k")
        assert begun.wait(20)
        time(61)
        second = counter.post("k")
        go_on.set()
        late = first.result()
    assert (second.status, late.status, code_of(late)) == (201, 409, "request-in-flight")
    assert counter.post("k").text == second.text
    assert center_names() == ["chair"]


@both_kinds
def test_of_many_that_find_a_dead_claim_one_takes_it_over(
    counter: Counter, to: str, time: Callable[[float], None]
) -> None:
    counter.then = [raising(Killed())]
    with pytest.raises(Killed):
        counter.post("k", to=to)
    time(60)
    together = threading.Barrier(8, timeout=20)

    def ask(_number: int) -> Answer:
        together.wait()
        return counter.post("k", to=to)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(counter.request_keys) == 2
    assert sum(answer.status == 201 and "Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert {answer.status for answer in answers} <= {201, 409}


def test_a_claim_that_was_lost_can_do_nothing_to_that_of_the_other(
    shop: Engine, time: Callable[[float], None]
) -> None:
    mine = idempotency.claim("k", "asked")
    time(60)
    theirs = idempotency.claim("k", "asked")
    assert isinstance(mine, idempotency.Claim)
    assert isinstance(theirs, idempotency.Claim)
    my_answer, their_answer = (idempotency.Answer(201, {"ETag": tag}, "{}") for tag in ('"v1"', '"v2"'))

    def store(held: idempotency.Claim, answer: idempotency.Answer) -> None:
        run(lambda connection: idempotency.store(connection, held, answer), writes=True)

    for _ in range(2):
        idempotency.release(mine)
        with pytest.raises(idempotency.RequestInFlight):
            store(mine, my_answer)
        with pytest.raises(idempotency.RequestInFlight):
            idempotency.claim("k", "asked")
    store(theirs, their_answer)
    for held in (mine, theirs):
        idempotency.release(held)
        with pytest.raises(idempotency.RequestInFlight):
            store(held, my_answer)
    assert idempotency.claim("k", "asked") == their_answer


def test_a_deadlock_at_work_is_not_noticed_outside(counter: Counter) -> None:
    counter.then = [raising(database_error(1213)), raising(database_error(1213))]
    first = counter.post("k")
    assert first.status == 201
    assert counter.post("k").text == first.text
    assert center_names() == ["chair"]


def lost_at_commit(monkeypatch: pytest.MonkeyPatch, *, was_kept: bool) -> None:
    """Lose the connection at the next COMMIT of a transaction that stores an answer."""
    commit, storing = engine_module._commit, idempotency.store
    armed = threading.Event()

    def store(connection: Connection, held: idempotency.Claim, answer: idempotency.Answer) -> None:
        storing(connection, held, answer)
        armed.set()

    def lose(connection: Connection) -> None:
        if not armed.is_set():
            commit(connection)
            return
        monkeypatch.undo()
        if was_kept:
            commit(connection)
        raise errors.Unavailable("lost", code="outcome-unknown", retry_after_s=5)

    monkeypatch.setattr(idempotency, "store", store)
    monkeypatch.setattr(engine_module, "_commit", lose)


def test_after_a_connection_that_was_lost_at_commit_a_retry_finds_what_was_kept(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost_at_commit(monkeypatch, was_kept=True)
    unknown = counter.post("k")
    assert (unknown.status, code_of(unknown)) == (503, "outcome-unknown")
    again = counter.post("k")
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert center_names() == ["chair"]


def test_after_a_connection_that_was_lost_at_commit_a_retry_does_what_was_not_kept(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost_at_commit(monkeypatch, was_kept=False)
    assert counter.post("k").status == 503
    again = counter.post("k")
    assert again.status == 201
    assert "Idempotency-Replayed" not in again.headers
    assert center_names() == ["chair"]


def test_a_server_that_drops_the_connection_at_commit_leaves_the_request_to_the_retry(
    on_mysql: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, storing = Counter(), idempotency.store

    def store_and_lose(connection: Connection, held: idempotency.Claim, answer: idempotency.Answer) -> None:
        storing(connection, held, answer)
        kill(on_mysql, id_of(connection))

    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "store", store_and_lose)
        assert code_of(counter.post("k")) == "outcome-unknown"
    assert center_names() == []
    again = counter.post("k")
    assert (again.status, "Idempotency-Replayed" in again.headers) == (201, False)
    assert counter.post("k").text == again.text
    assert center_names() == ["chair"]


def test_what_was_done_is_answered_even_if_the_answer_cannot_be_kept(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "store", lambda *_given: raising(errors.Unavailable("no"))())
        assert counter.post("k", to="/own").status == 201
    assert code_of(counter.post("k", to="/own")) == "request-in-flight"
    assert center_names() == ["chair"]


def test_a_claim_that_cannot_be_released_does_not_hide_the_error(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "release", lambda _held: raising(errors.Unavailable("no"))())
    counter.then = [raising(errors.TooManyRequests("Slowly.", retry_after_s=3))]
    assert counter.post("k").status == 429


# --- which answers are kept ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Forbidden("No."), 403),
        (errors.NotFound("No."), 404),
        (errors.Conflict("No.", code="out-of-stock"), 409),
        (errors.PreconditionFailed("No."), 412),
        (errors.InvalidInput.at("body.name", "is taken"), 422),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
@both_kinds
def test_a_refusal_is_kept_and_answered_again(counter: Counter, error: errors.AppError, status: int, to: str) -> None:
    counter.then = [raising(error)]
    first = counter.post("k", to=to, **{"X-Request-Id": "one"})
    again = counter.post("k", to=to)
    assert (first.status, again.status) == (status, status)
    assert again.text == first.text
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/problem+json"
    assert len(counter.request_keys) == 1
    assert center_names() == ([] if to == "/rows" else ["chair"])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Unauthenticated("No."), 401),
        (errors.TooManyRequests("Slowly.", retry_after_s=9), 429),
        (errors.TooManyRequests("Slowly."), 429),
        (errors.Unavailable("Away."), 503),
        (errors.Conflict("Others.", retry_after_s=1), 409),
        (errors.AppError("odd"), 500),
        (RuntimeError("a bug"), 500),
    ],
    ids=repr,
)
def test_what_another_moment_would_change_is_not_kept(counter: Counter, error: Exception, status: int) -> None:
    counter.then = [raising(error)]
    assert counter.post("k").status == status
    assert kept() == []
    again = counter.post("k")
    assert (again.status, "Idempotency-Replayed" in again.headers) == (201, False)
    assert center_names() == ["chair"]


def test_deadlocks_without_end_are_not_kept(counter: Counter) -> None:
    counter.then = [raising(database_error(1213))] * 4
    assert counter.post("k").status == 409
    assert counter.post("k").status == 201


def test_an_answer_that_cannot_be_written_undoes_the_work(shop: Engine) -> None:
    area = Routes("Test")

    @area.post("/odd", access=PUBLIC, response=dict[str, Any])
    def make_odd(connection: Connection) -> Any:
        """Answer what JSON cannot say."""
        insert_row(connection, distribution_centers, center("odd"))
        return {"thing": object()}

    assert Edge(area).post("/odd", headers={"Idempotency-Key": "k"}).status == 500
    assert center_names() == []
    assert kept() == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [("{", JSON, 400), ({"name": 5}, JSON, 422), ({}, {"Content-Type": "text/plain"}, 415)],
)
def test_what_is_not_even_read_uses_no_key_up(
    counter: Counter, body: Any, headers: dict[str, str], status: int
) -> None:
    sent = {"Idempotency-Key": "k"}
    assert counter.edge.post("/rows", headers={**headers, **sent}, body=body).status == status
    assert counter.edge.post("/rows", headers={**JSON, **sent, **authorised("nobody")}, body={}).status == 401
    assert kept() == []
    assert counter.post("k").status == 201


# --- until when ---------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_for_a_day(counter: Counter, time: Callable[[float], None]) -> None:
    first = counter.post("k", "chair")
    time(24 * 3600 - 1)
    assert counter.post("k", "chair").text == first.text
    assert counter.post("k", "table").status == 422
    time(1)
    assert counter.post("k", "table").status == 201
    assert center_names() == ["chair", "table"]
    assert counter.post("k", "table").headers["Idempotency-Replayed"] == "true"


def test_what_is_past_its_time_is_deleted_a_batch_at_a_time(
    counter: Counter, shop: Engine, time: Callable[[float], None]
) -> None:
    for number in range(5):
        counter.post(f"old{number}")
    time(24 * 3600 - 1)
    counter.post("young")
    assert idempotency.purge() == 0
    time(1)
    with counted_statements(shop) as statements:
        assert idempotency.purge(limit=2) == 5
    deletes = [statement for statement in statements if statement.startswith("DELETE")]
    assert len(deletes) == 3
    assert counter.post("young").headers["Idempotency-Replayed"] == "true"
    assert len(kept()) == 1


def test_the_purge_ends_in_time(counter: Counter, time: Callable[[float], None]) -> None:
    for number in range(5):
        counter.post(f"old{number}")
    time(24 * 3600)
    left = iter([60_000, 30_000, 9_000])
    assert idempotency.purge(limit=2, time_left_ms=lambda: next(left)) == 4
    assert len(kept()) == 1


def test_a_row_that_is_taken_over_while_it_is_purged_stays(
    counter: Counter, time: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.post("k")
    time(24 * 3600)
    listing = sql.list_expired

    def list_and_wait(connection: Connection, now: datetime, limit: int) -> list[str]:
        found = listing(connection, now, limit)
        counter.post("k")
        return found

    monkeypatch.setattr(sql, "list_expired", list_and_wait)
    assert idempotency.purge() == 0
    assert counter.post("k").headers["Idempotency-Replayed"] == "true"


def test_the_schedule_purges(counter: Counter, time: Callable[[float], None]) -> None:
    counter.post("k")
    time(24 * 3600)

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 300_000

    event = dict.fromkeys(("id", "account", "region", "detail-type", "source", "time", "version"), "x")
    function_table.app.handler_map["purge_idempotency_keys"]({**event, "detail": {}, "resources": []}, Context())
    assert kept() == []


# --- on the shop itself -------------------------------------------------------------------------------------------


def test_an_admin_who_revokes_tokens_twice_with_one_key_does_it_once(client: Client) -> None:
    admin = Client(make_token(make_account_row(Role.ADMIN)))
    customer = make_account_row(Role.CUSTOMER)
    make_token(customer)
    first = admin.delete(f"/accounts/{customer}/tokens", idempotency_key="k")
    make_token(customer)
    again = admin.delete(f"/accounts/{customer}/tokens", idempotency_key="k")
    assert first.json == again.json == {"revoked": 1}
    with read() as connection:
        left = connection.execute(select(func.count()).where(auth_tokens.c.account_id == customer)).scalar_one()
    assert left == 1


@given(asked=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["chair", "table"])), max_size=12))
def test_there_are_as_many_effects_as_keys(shop: Engine, asked: list[tuple[str, str]]) -> None:
    counter, first = Counter(), dict[str, str]()
    for key, name in asked:
        answer = counter.post(key, name)
        meant = first.setdefault(key, name)
        assert answer.status == (201 if name == meant else 422)
    assert sorted(center_names()) == sorted(first.values())
    empty(shop)


def test_a_forgotten_answer_is_gone_and_its_request_is_not_carried_out_again(shop: Engine) -> None:
    answer = idempotency.Answer(201, {}, '"Marked"')
    mine = idempotency.Asked(7, "/things/{thing_id}/parts", "a-thing")
    keys = {
        "mine": mine,
        "elsewhere": idempotency.Asked(7, "/orders", None),
        "another's": idempotency.Asked(8, "/things/{thing_id}/notes", "a-thing"),
        "another thing": idempotency.Asked(8, "/things/{thing_id}/notes", "b-thing"),
        "guest": idempotency.Asked(None, "/things", None),
    }
    for key, about in keys.items():
        claimed = idempotency.claim(key, "asked", about)
        assert isinstance(claimed, idempotency.Claim)
        run(partial(idempotency.store, held=claimed, answer=answer), writes=True)
    running = idempotency.claim("running", "asked", mine)
    assert isinstance(running, idempotency.Claim)

    def forget(**whose: Any) -> int:
        return run(lambda connection: idempotency.forget(connection, **whose), writes=True)

    assert forget(account_id=7, operations=["/things", "/parts"]) == 1
    assert forget(subject="a-thing", operations=["/things"]) == 1
    assert forget(subject="a-thing", operations=["/things"]) == 0
    with shop.connect() as connection:
        rows = connection.execute(select(idempotency_keys.c.request_key, idempotency_keys.c.body)).all()
    kept = {row.request_key for row in rows if row.body}
    assert kept == {"elsewhere", "another thing", "guest"}
    for key in ("mine", "another's"):
        with pytest.raises(idempotency.AnswerForgotten):
            idempotency.claim(key, "asked", keys[key])
    assert idempotency.claim("guest", "asked") == answer
    # Who is at work on one is not disturbed.
    run(lambda connection: idempotency.store(connection, running, answer), writes=True)
    assert forget(account_id=7) == 2, "all that it asked for"


def test_what_a_request_was_about_is_kept_with_its_answer(shop: Engine) -> None:
    account_id, customer_id = make_account_row(Role.STAFF), make_customer()
    sent = {"if_match": "*", "idempotency_key": "k"}
    assert Client(make_token(account_id)).patch(f"/users/{customer_id}", {"age": 41}, **sent).status == 200
    with shop.connect() as connection:
        row = connection.execute(select(idempotency_keys)).one()
    assert (row.account_id, row.operation, row.subject) == (account_id, "/users/{user_id}", str(customer_id))
