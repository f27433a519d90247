"""The rules of the house, read from the syntax tree. Each rule is also shown a breach that it must see."""

from __future__ import annotations

import ast
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from annotated_types import Le
from pydantic import BaseModel, ConfigDict, Field, RootModel

from app import routes
from chalicelib.core import auth
from chalicelib.core.paging import MAX_LIMIT
from chalicelib.core.routes import Route, Routes

ROOT = Path(__file__).resolve().parent.parent

LOCAL_ENGINE = ROOT / "chalicelib" / "conversations" / "assistant" / "local"
PURE_ROOMS = (
    "chalicelib/analytics/alerts/unusual.py",
    "chalicelib/analytics/forecast/reorder_points.py",
    "chalicelib/commerce/stock/ledger.py",
    "chalicelib/commerce/stock/nearest.py",
    "chalicelib/core/auth.py",
    "chalicelib/core/currencies.py",
    "chalicelib/core/money.py",
    "chalicelib/core/paging.py",
    "chalicelib/core/text.py",
    "chalicelib/commerce/sales/order_states.py",
    "chalicelib/commerce/prices/pricing.py",
    *(f"chalicelib/events/{name}.py" for name in ("addresses", "kinds", "retries", "signing")),
    "chalicelib/mails/templates.py",
    *(
        f"chalicelib/conversations/assistant/{name}.py"
        for name in ("claims", "compose", "facts", "grounding", "number_words", "ordinary_words", "turns")
    ),
    *(f"chalicelib/commerce/catalogue/{name}.py" for name in ("search_cursors", "search_facets", "search_words")),
    "chalicelib/conversations/history/message_words.py",
    *(
        f"chalicelib/csv_import/{name}.py"
        for name in ("columns", "parsers", "records", "lines", "reader", "validate", "product_sheet", "cells")
    ),
    *(
        f"chalicelib/conversations/assistant/bedrock/{name}.py"
        for name in ("answers", "breaker", "memory", "prompts", "tool_results")
    ),
    *(f"chalicelib/conversations/policies/policy_{name}.py" for name in ("texts", "ranking", "facts")),
    *(f"chalicelib/payments/{name}.py" for name in ("provider", "signatures", "stripe_objects", "test_methods")),
    *sorted(f"chalicelib/conversations/assistant/local/{path.name}" for path in LOCAL_ENGINE.glob("[a-z]*.py")),
    "chalicelib/recommendations/signals/weights.py",
    *(
        f"chalicelib/analytics/{name}.py"
        for name in ("funnel/steps", "funnel/rates", "returns/rates", "stock/states")
    ),
    *(f"chalicelib/recommendations/measuring/{name}.py" for name in ("assignment", "attribution", "statistics")),
    *(f"chalicelib/recommendations/serving/{name}.py" for name in ("reasons", "request_ids")),
)
MAX_LINES = 400
# A server of its own with its keeper, in one file on purpose.
LONGER_THAN_MOST = {"infra/private_mariadb.py"}


# --- reading sources ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Imported:
    """One imported name: `from a.b import c` imports `a.b.c`."""

    name: str
    node: ast.Import | ast.ImportFrom
    at_top: bool

    def is_of(self, *packages: str) -> bool:
        """Tell whether the name is one of `packages` or inside one."""
        return any(self.name == package or self.name.startswith(f"{package}.") for package in packages)


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the root of the project."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[Imported]:
        inside = {
            id(node)
            for function in ast.walk(self.tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for node in ast.walk(function)
        }
        found: list[Imported] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{self._origin(node)}.{alias.name}" for alias in node.names]
            else:
                continue
            found += [Imported(name, node, id(node) not in inside) for name in names]
        return found

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.path.split("/")[: -node.level]
        return ".".join([*package, *([node.module] if node.module else [])])

    @property
    def in_library(self) -> bool:
        return self.path.startswith("chalicelib/")

    @property
    def domain(self) -> str | None:
        """The domain that the file belongs to; None for the core and for what is outside the library."""
        return domain_of(self.path.removesuffix(".py").replace("/", "."))

    @property
    def is_api(self) -> bool:
        return self.path.endswith("_api.py")

    @property
    def is_sql(self) -> bool:
        return self.path.endswith("_sql.py")

    @property
    def is_tables(self) -> bool:
        return self.path.endswith(("/tables.py", "_tables.py"))


def domain_of(module: str) -> str | None:
    """Return the domain of a dotted name."""
    parts = module.split(".")
    if len(parts) < 2 or parts[0] != "chalicelib" or parts[1].startswith(("core", "__")):
        return None
    return parts[1]


def read_sources() -> list[Source]:
    """Return the sources that the rules are about."""
    paths = [ROOT / "app.py", *sorted(ROOT.glob("chalicelib/**/*.py")), *sorted(ROOT.glob("infra/**/*.py"))]
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


SOURCES = read_sources()
LIBRARY = {source.path.removesuffix(".py").replace("/", "."): source for source in SOURCES if source.in_library}


def module_file(name: str) -> str | None:
    """Return the module of the library that an imported name is, or is inside of."""
    while name.startswith("chalicelib"):
        if name in LIBRARY:
            return name
        if f"{name}.__init__" in LIBRARY:
            return f"{name}.__init__"
        name = name.rpartition(".")[0]
    return None


# --- the rules ---------------------------------------------------------------------------------------------------

Rule = Callable[[Source], Iterable[str]]
RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """Make `check` a rule: it yields a complaint for each breach in a file."""
    RULES.append(check)
    return check


def at(source: Source, node: ast.AST, what: str) -> str:
    """Return a complaint that an editor can jump to."""
    return f"{source.path}:{getattr(node, 'lineno', 1)}: {what}"


@rule
def only_the_edge_knows_chalice(source: Source) -> Iterator[str]:
    if (
        not source.in_library
        or source.is_api
        or source.path in ("chalicelib/core/cors.py", "chalicelib/core/http.py")
    ):
        return
    for found in source.imports:
        if found.is_of("chalice"):
            yield at(source, found.node, "imports chalice")


@rule
def only_sql_files_know_sqlalchemy(source: Source) -> Iterator[str]:
    if source.is_sql or source.is_tables or source.path.startswith("chalicelib/core/database/"):
        return
    if not (source.in_library or source.path == "app.py"):
        return
    for found in source.imports:
        if found.is_of("sqlalchemy", "pymysql", "sqlite3", "alembic"):
            yield at(source, found.node, f"imports {found.name}")


@rule
def the_core_knows_no_domain(source: Source) -> Iterator[str]:
    if not source.path.startswith("chalicelib/core/"):
        return
    for found in source.imports:
        if domain_of(found.name):
            yield at(source, found.node, f"imports {found.name}")


@rule
def the_library_imports_neither_app_nor_tools(source: Source) -> Iterator[str]:
    if not source.in_library:
        return
    for found in source.imports:
        if found.is_of("app", "infra", "tests", "bench"):
            yield at(source, found.node, f"imports {found.name}")


@rule
def only_app_and_other_apis_import_an_api(source: Source) -> Iterator[str]:
    """A presenter of another domain may be used; rules never see an API."""
    if not source.in_library or source.is_api:
        return
    for found in source.imports:
        if any(part.endswith("_api") for part in found.name.split(".")) and found.is_of("chalicelib"):
            yield at(source, found.node, f"imports {found.name}")


@rule
def the_sql_of_a_domain_is_its_own(source: Source) -> Iterator[str]:
    if not source.in_library:
        return
    for found in source.imports:
        parts = found.name.split(".")
        inner = any(part.endswith(("_sql", "tables")) for part in parts[2:])
        if inner and domain_of(found.name) not in (None, source.domain):
            yield at(source, found.node, f"reaches into another domain: {found.name}")


@rule
def tables_are_for_sql_files(source: Source) -> Iterator[str]:
    if not source.in_library or source.is_sql or source.is_tables:
        return
    for found in source.imports:
        if domain_of(found.name) and any(part.endswith("tables") for part in found.name.split(".")[2:]):
            yield at(source, found.node, f"imports {found.name}")


@rule
def a_pure_room_computes_and_nothing_else(source: Source) -> Iterator[str]:
    if source.path not in PURE_ROOMS:
        return
    for found in source.imports:
        if found.is_of("chalice", "sqlalchemy", "boto3", "botocore", "numpy", "socket", "subprocess"):
            yield at(source, found.node, f"a pure room imports {found.name}")


_NUMBERS = ("chalicelib/recommendations/numeric/", "chalicelib/analytics/forecast/numeric/")


@rule
def the_numbers_know_numbers_only(source: Source) -> Iterator[str]:
    room = next((room for room in _NUMBERS if source.path.startswith(room)), None)
    if room is None:
        return
    for found in source.imports:
        if found.is_of("chalicelib") and not found.is_of(room.rstrip("/").replace("/", ".")):
            yield at(source, found.node, f"a room of numbers imports {found.name}")
        if found.is_of("chalice", "sqlalchemy", "boto3", "botocore", "pydantic", "socket", "subprocess", "os"):
            yield at(source, found.node, f"a room of numbers imports {found.name}")


@rule
def only_the_settings_read_the_environment(source: Source) -> Iterator[str]:
    if not (source.in_library or source.path == "app.py") or source.path == "chalicelib/core/config.py":
        return
    for found in source.imports:
        if found.name in ("os.environ", "os.getenv", "os.environb"):
            yield at(source, found.node, f"imports {found.name}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"):
            yield at(source, node, f"reads {ast.unparse(node)}")


@rule
def boto3_is_loaded_late_and_in_few_places(source: Source) -> Iterator[str]:
    if not (source.in_library or source.path == "app.py"):
        return
    names = (
        *("core/blobs", "core/mail", "core/secrets", "events/aws", "recommendations/models/spark_start"),
        "conversations/assistant/bedrock/model_calls",
    )
    allowed = tuple(f"chalicelib/{name}.py" for name in names)
    for found in source.imports:
        if found.is_of("boto3", "botocore") and (found.at_top or source.path not in allowed):
            yield at(source, found.node, "imports boto3")


@rule
def one_file_knows_stripe(source: Source) -> Iterator[str]:
    if not (source.in_library or source.path == "app.py") or source.path == "chalicelib/payments/stripe_provider.py":
        return
    for found in source.imports:
        if found.is_of("stripe"):
            yield at(source, found.node, "imports stripe")


@rule
def a_late_import_says_why(source: Source) -> Iterator[str]:
    """A comment stands on the line, or above the block of imports that the line belongs to."""
    if not (source.in_library or source.path == "app.py"):
        return
    lines = source.text.splitlines()
    for found in source.imports:
        if found.at_top:
            continue
        first = found.node.lineno - 1
        commented = any("#" in line for line in lines[first : found.node.end_lineno])
        while first > 0 and lines[first - 1].lstrip().startswith(("import ", "from ")):
            first -= 1
        if not commented and not lines[first - 1].lstrip().startswith("#"):
            yield at(source, found.node, f"imports {found.name} late without saying why")


_CONTROL = ("COMMIT", "ROLLBACK", "START TRANSACTION", "BEGIN", "BEGIN IMMEDIATE")


@rule
def only_a_transaction_commits(source: Source) -> Iterator[str]:
    if source.path.startswith("chalicelib/core/database/") or source.path == "infra/migrate.py":
        return
    # What is done up to a savepoint is kept or undone inside the transaction, which alone commits.
    savepoints = {
        ast.unparse(node.targets[0])
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.value).endswith(".begin_nested()")
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            if ast.unparse(node.func.value) not in savepoints:
                yield at(source, node, "commits")
        elif isinstance(node, ast.Constant) and str(node.value).strip(" ;\n").upper() in _CONTROL:
            yield at(source, node, f"says {node.value!r}")


# Numbers that are hardly ever anything but a status; 400 and 500 are also lengths and limits.
_STATUSES = {401, 403, 404, 405, 406, 409, 410, 411, 412, 413, 415, 422, 428, 429, 501, 502, 503, 504}


@rule
def statuses_are_given_in_one_place(source: Source) -> Iterator[str]:
    # The sender of webhooks reads the statuses of others.
    if not source.in_library or source.path in (
        "chalicelib/core/cors.py",  # of a preflight
        "chalicelib/core/http.py",
        "chalicelib/events/sender.py",
    ):
        return
    declared: set[int] = set()
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.keyword)
            and node.arg in ("status", "status_code")
            and _number(node.value) is not None
        ):
            # A route declares the status of its success.
            if source.is_api and node.arg == "status" and (_number(node.value) or 0) < 400:
                declared.add(id(node.value))
            else:
                yield at(source, node.value, f"gives the status {_number(node.value)}")
        elif isinstance(node, ast.Compare | ast.Assign | ast.AnnAssign) and "status" in _names(node):
            for part in ast.walk(node):
                if (number := _number(part)) is not None and 400 <= number < 600 and number not in _STATUSES:
                    yield at(source, part, f"knows the status {number}")
    for node in ast.walk(source.tree):
        if _number(node) in _STATUSES and id(node) not in declared:
            yield at(source, node, f"holds the status {_number(node)}")
    for found in source.imports:
        if found.is_of("http", "chalice.app.ChaliceViewError"):
            yield at(source, found.node, f"imports {found.name}")


def _number(node: ast.AST) -> int | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _names(node: ast.AST) -> set[str]:
    """Return the words of all names in an expression."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    names |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return {word for name in names for word in name.lower().split("_")}


@rule
def nothing_is_named_utils(source: Source) -> Iterator[str]:
    if {"utils", "util", "helpers", "misc", "common"} & set(source.path.removesuffix(".py").split("/")):
        yield f"{source.path}: say what lives here"


@rule
def a_file_holds_one_thing(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > MAX_LINES and source.path not in LONGER_THAN_MOST:
        yield f"{source.path}: {lines} lines; do two things live in it?"


_CONNECTING = {"create_engine", "make_engine", "engine", "client", "resource", "connect", "Thread", "open"}


@rule
def importing_connects_to_nothing(source: Source) -> Iterator[str]:
    if not (source.in_library or source.path == "app.py"):
        return
    for node in _run_at_import(source.tree.body):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in _CONNECTING:
                yield at(source, node, f"calls {called} when it is imported")


def _run_at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is imported: all but the insides of functions."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += getattr(node, "decorator_list", [])
        else:
            waiting += ast.iter_child_nodes(node)


@rule
def nothing_is_pickled(source: Source) -> Iterator[str]:
    for found in source.imports:
        if found.is_of("pickle", "shelve", "marshal", "joblib", "dill"):
            yield at(source, found.node, f"imports {found.name}")


_CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}


@rule
def the_clock_is_read_in_one_place(source: Source) -> Iterator[str]:
    if not source.in_library or source.path == "chalicelib/core/clock.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _CLOCKS:
            yield at(source, node, f"calls {ast.unparse(node.func)}")


@pytest.mark.parametrize("check", RULES, ids=lambda check: check.__name__)
def test_the_house_keeps_the_rule_that(check: Rule) -> None:
    assert [complaint for source in SOURCES for complaint in check(source)] == []


# --- each rule sees its breach -----------------------------------------------------------------------------------

BREACHES: list[tuple[Rule, str, str]] = [
    (only_the_edge_knows_chalice, "chalicelib/commerce/sales/orders.py", "from chalice import Response"),
    (only_the_edge_knows_chalice, "chalicelib/core/routes.py", "def f():\n    import chalice.app"),
    (only_sql_files_know_sqlalchemy, "chalicelib/commerce/sales/orders_api.py", "import sqlalchemy as sa"),
    (only_sql_files_know_sqlalchemy, "chalicelib/core/paging.py", "from sqlalchemy.exc import DBAPIError"),
    (only_sql_files_know_sqlalchemy, "chalicelib/core/config.py", "import pymysql"),
    (only_sql_files_know_sqlalchemy, "app.py", "from sqlalchemy import text"),
    (the_core_knows_no_domain, "chalicelib/core/http.py", "from chalicelib.accounts import sign_in"),
    (the_core_knows_no_domain, "chalicelib/core/database/engine.py", "from ...commerce import tables"),
    (the_library_imports_neither_app_nor_tools, "chalicelib/core/system_api.py", "from app import routes"),
    (the_library_imports_neither_app_nor_tools, "chalicelib/commerce/sales/orders.py", "def f():\n    import app"),
    (the_library_imports_neither_app_nor_tools, "chalicelib/commerce/sales/orders.py", "from infra import demo"),
    (only_app_and_other_apis_import_an_api, "chalicelib/commerce/sales/orders.py", "from . import orders_api"),
    (
        only_app_and_other_apis_import_an_api,
        "chalicelib/recommendations/recommend.py",
        "from chalicelib.commerce.catalogue.products_api import present",
    ),
    (the_sql_of_a_domain_is_its_own, "chalicelib/analytics/sales.py", "from chalicelib.commerce import sales_sql"),
    (
        the_sql_of_a_domain_is_its_own,
        "chalicelib/analytics/x_sql.py",
        "from chalicelib.commerce.tables import orders",
    ),
    (the_sql_of_a_domain_is_its_own, "chalicelib/analytics/x_sql.py", "import chalicelib.commerce.tables"),
    (
        tables_are_for_sql_files,
        "chalicelib/commerce/sales/orders.py",
        "from chalicelib.commerce.tables import orders",
    ),
    (a_pure_room_computes_and_nothing_else, "chalicelib/core/money.py", "import numpy as np"),
    (a_pure_room_computes_and_nothing_else, "chalicelib/csv_import/lines.py", "def f():\n    import boto3"),
    (the_numbers_know_numbers_only, f"{_NUMBERS[0]}train.py", "from chalicelib.core import blobs"),
    (the_numbers_know_numbers_only, f"{_NUMBERS[1]}model.py", "def f():\n    import boto3  # why"),
    (only_the_settings_read_the_environment, "chalicelib/core/blobs.py", "import os\nBUCKET = os.environ['B']"),
    (only_the_settings_read_the_environment, "chalicelib/core/blobs.py", "from os import getenv"),
    (only_the_settings_read_the_environment, "app.py", "import os\nos.getenv('STAGE')"),
    (boto3_is_loaded_late_and_in_few_places, "chalicelib/core/blobs.py", "import boto3"),
    (boto3_is_loaded_late_and_in_few_places, "chalicelib/core/http.py", "def f():\n    import boto3  # why"),
    (one_file_knows_stripe, "chalicelib/commerce/sales/payments.py", "def f():\n    import stripe  # why"),
    (a_late_import_says_why, "chalicelib/core/auth.py", "def f():\n    import argon2\n"),
    (a_late_import_says_why, "chalicelib/core/auth.py", "# why not\nx = 1\ndef f():\n    import a\n    import b\n"),
    (only_a_transaction_commits, "chalicelib/commerce/sales/orders.py", "def f(c):\n    c.commit()"),
    (
        only_a_transaction_commits,
        "chalicelib/commerce/sales/orders_sql.py",
        "def f(c):\n    c.exec_driver_sql('commit')",
    ),
    (only_a_transaction_commits, "infra/demo.py", "def f(c):\n    p = c.begin_nested()\n    c.commit()"),
    (only_a_transaction_commits, "infra/demo.py", "def f(c):\n    c.execute('COMMIT;')"),
    (statuses_are_given_in_one_place, "chalicelib/commerce/sales/orders.py", "raise E(404)"),
    (statuses_are_given_in_one_place, "chalicelib/commerce/sales/orders.py", "ok = response.status >= 500"),
    (statuses_are_given_in_one_place, "chalicelib/commerce/sales/orders.py", "status = 400"),
    (statuses_are_given_in_one_place, "chalicelib/commerce/sales/orders_api.py", "Reply({}, status=409)"),
    (statuses_are_given_in_one_place, "chalicelib/commerce/sales/orders_api.py", "return_(503)"),
    (statuses_are_given_in_one_place, "chalicelib/commerce/sales/orders.py", "Reply({}, status=201)"),
    (statuses_are_given_in_one_place, "chalicelib/commerce/sales/orders.py", "from http import HTTPStatus"),
    (nothing_is_named_utils, "chalicelib/core/utils.py", ""),
    (nothing_is_named_utils, "chalicelib/utils/text.py", ""),
    (a_file_holds_one_thing, "chalicelib/core/http.py", "x = 1\n" * (MAX_LINES + 1)),
    (importing_connects_to_nothing, "chalicelib/core/blobs.py", "import boto3\nS3 = boto3.client('s3')"),
    (importing_connects_to_nothing, "chalicelib/core/blobs.py", "class A:\n    engine = create_engine('sqlite://')"),
    (nothing_is_pickled, "chalicelib/recommendations/artefacts.py", "import pickle"),
    (the_clock_is_read_in_one_place, "chalicelib/commerce/sales/orders.py", "now = datetime.now(UTC)"),
]


@pytest.mark.parametrize(("check", "path", "text"), BREACHES)
def test_a_breach_is_seen(check: Rule, path: str, text: str) -> None:
    assert list(check(Source(path, text)))


def test_every_rule_is_shown_a_breach() -> None:
    assert {check for check, _, _ in BREACHES} == set(RULES)


INNOCENT: list[tuple[str, str]] = [
    ("chalicelib/core/http.py", "from chalice import Response\nSTATUS = {NotFound: 404}"),
    ("chalicelib/commerce/sales/orders_api.py", "@routes.post('/x', status=201)\ndef f(): ..."),
    (
        "chalicelib/commerce/sales/orders_sql.py",
        "from sqlalchemy import select\nfrom chalicelib.commerce.tables import orders",
    ),
    ("chalicelib/commerce/tables.py", "from sqlalchemy import String\nname = String(500)"),
    ("chalicelib/core/paging.py", "MAX_LIMIT = 500"),
    ("chalicelib/analytics/analytics_api.py", "from chalicelib.commerce.catalogue.products_api import present"),
    ("chalicelib/analytics/summaries.py", "from chalicelib.commerce import sales"),
    (
        "chalicelib/core/auth.py",
        "def f():\n    # Only sign-in needs it.\n    import argon2\n    from argon2 import low_level",
    ),
    ("chalicelib/core/auth.py", "def f():\n    import argon2  # only sign-in needs it"),
    ("chalicelib/core/blobs.py", "def f():\n    import boto3  # late\n    return boto3.client('s3')"),
    ("chalicelib/commerce/sales/orders.py", '"""It is committed by the transaction; COMMIT is said there."""'),
    ("infra/demo_sql.py", "def f(c):\n    point = c.begin_nested()\n    point.commit()"),
    ("infra/migrate.py", "def f(c):\n    c.exec_driver_sql('COMMIT')"),
]


@pytest.mark.parametrize(("path", "text"), INNOCENT)
def test_what_is_allowed_is_not_complained_of(path: str, text: str) -> None:
    assert [complaint for check in RULES for complaint in check(Source(path, text))] == []


# --- what takes more than one file -------------------------------------------------------------------------------


def find_circle(graph: Mapping[str, Iterable[str]]) -> list[str] | None:
    """Return a path through the graph that ends where it began, or None."""
    finished: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str] | None:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in finished:
            return None
        for following in sorted(graph.get(node, ())):
            if circle := walk(following, [*path, node]):
                return circle
        finished.add(node)
        return None

    return next((circle for node in sorted(graph) if (circle := walk(node, []))), None)


def domain_graph(sources: Iterable[Source]) -> dict[str, set[str]]:
    """Return which domain imports which other."""
    graph: dict[str, set[str]] = {}
    for source in sources:
        if source.domain and source.in_library:
            others = {domain_of(found.name) for found in source.imports}
            graph.setdefault(source.domain, set()).update(each for each in others if each and each != source.domain)
    return graph


def test_domains_import_each_other_without_circles() -> None:
    graph = domain_graph(SOURCES)
    assert {"accounts", "analytics", "commerce", "csv_import", "recommendations"} <= set(graph)
    assert find_circle(graph) is None


def test_a_circle_is_seen() -> None:
    assert find_circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert find_circle({"a": ["b", "c"], "b": ["c"], "c": []}) is None
    sources = [
        Source("chalicelib/a/x.py", "from chalicelib.b import y"),
        Source("chalicelib/b/y.py", "def f():\n    from ..a import x"),
    ]
    assert find_circle(domain_graph(sources)) == ["a", "b", "a"]


def modules_behind(module: str, seen: set[str] | None = None) -> set[str]:
    """Return every module of the library that importing `module` loads, itself included; packages left out."""
    seen = set() if seen is None else seen
    if module not in seen and module in LIBRARY:
        seen.add(module)
        for found in LIBRARY[module].imports:
            if found.at_top and (behind := module_file(found.name)):
                modules_behind(behind, seen)
    return seen


@pytest.mark.parametrize("path", PURE_ROOMS)
def test_a_pure_room_is_pure_all_the_way_down(path: str) -> None:
    behind = modules_behind(path.removesuffix(".py").replace("/", "."))
    assert behind, f"{path} is gone"
    impure = [
        f"{module} imports {found.name}"
        for module in behind
        for found in LIBRARY[module].imports
        if found.at_top and found.is_of("chalice", "sqlalchemy", "boto3", "numpy", "pymysql", "sqlite3")
    ]
    assert impure == []


def test_what_lies_behind_a_module_is_found() -> None:
    assert "chalicelib.core.database.dialect" in modules_behind("chalicelib.core.http")


def test_tests_stand_in_the_folders_of_what_they_test() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/**/test_*.py")}
    strays = [str(each) for each in folders if not any((ROOT / top / each).is_dir() for top in ("chalicelib", "."))]
    assert strays == []


# --- the routes --------------------------------------------------------------------------------------------------

ACCESSES = (auth.PUBLIC, auth.SIGNED_IN, auth.STAFF, auth.ADMIN, auth.STAFF_OR_OWNER)


def _models(route: Route) -> list[type[BaseModel]]:
    """Return what is read of a request; of a body that is one of several, each of them."""
    found: list[type[BaseModel]] = [] if route.query is None else [route.query]
    if route.body is not None and issubclass(route.body, RootModel):
        found += typing.get_args(route.body.model_fields["root"].annotation)
    elif route.body is not None:
        found.append(route.body)
    return found


def faults_of(route: Route) -> list[str]:
    """Return what a route lacks."""
    faults: list[str] = []
    if not any(route.access is access for access in ACCESSES):
        faults.append("declares no access of core.auth")
    summary = (route.view.__doc__ or "").partition("\n")[0]
    if not summary.endswith("."):
        faults.append("has no sentence that says what it does")
    if route.path != "/" and (route.path.endswith("/") or not route.path.startswith("/")):
        faults.append("has a path with a slash too many or too few")
    if route.method == "GET" and typing.get_origin(route.response) is list and not _is_bounded(route.query):
        faults.append("lists without a bound")
    lax = [model for model in _models(route) if model.model_config.get("extra") != "forbid"]
    faults += [f"takes unknown fields in {model.__name__}" for model in lax]
    return [f"{route.method} {route.path} {fault}" for fault in faults]


def _is_bounded(query: type[BaseModel] | None) -> bool:
    limit = None if query is None else query.model_fields.get("limit")
    if limit is None:
        return False
    most = [bound.le for bound in limit.metadata if isinstance(bound, Le)]
    return bool(most) and typing.cast(int, most[0]) <= MAX_LIMIT


@pytest.mark.parametrize("route", routes, ids=lambda route: f"{route.method} {route.path}")
def test_each_route_says_who_may_call_and_what_it_does_and_is_bounded(route: Route) -> None:
    assert faults_of(route) == []


def test_each_operation_has_a_name_of_its_own() -> None:
    names = [route.name for route in routes]
    assert sorted(set(names)) == sorted(names)


class _Lax(BaseModel):
    limit: int = Field(10, ge=0)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=0, le=MAX_LIMIT)


def test_a_route_with_faults_is_seen() -> None:
    area = Routes("Test")

    @area.get("/things/", access=auth.Access("a new kind", frozenset()), response=list[int])
    def list_things(query: _Lax) -> Any:
        return []

    @area.get("/bare", access=auth.PUBLIC, response=list[int])
    def list_bare() -> Any:
        """List things."""

    @area.get("/good", access=auth.PUBLIC, response=list[int])
    def list_good(query: _Strict) -> Any:
        """List things."""

    bad, bare, good = area.all
    assert len(faults_of(bad)) == 5
    assert faults_of(bare) == ["GET /bare lists without a bound"]
    assert faults_of(good) == []
