"""The tree of errors: complete in its drawing, each with a code of its own and a status."""

from __future__ import annotations

import re

import pytest

from app import routes
from chalicelib.core import errors, http
from chalicelib.core.errors import AppError, FieldError, InvalidInput


def all_kinds(kind: type[AppError] = AppError) -> list[type[AppError]]:
    """Return every kind of error that the service has, the root left out."""
    found: list[type[AppError]] = []
    for child in kind.__subclasses__():
        if child.__module__.startswith("chalicelib."):
            found += [child, *all_kinds(child)]
    return found


by_kind = pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.__name__)


def test_the_drawing_shows_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(kind.__name__ for kind in all_kinds() if kind.__module__ == errors.__name__)


@by_kind
def test_each_kind_has_a_status_a_title_and_a_sentence(kind: type[AppError]) -> None:
    assert 400 <= http.status_of(kind) < 600
    assert http.status_of(kind) != 500
    assert kind.title != AppError.title
    assert (kind.__doc__ or "").strip().endswith(".")


@by_kind
def test_a_code_is_made_of_words_for_programs(kind: type[AppError]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)


def test_no_two_kinds_share_a_code() -> None:
    codes = [kind.code for kind in all_kinds()]
    assert sorted(set(codes)) == sorted(codes)


def test_a_kind_without_a_status_of_its_own_has_that_of_its_nearest_parent() -> None:
    class OutOfStock(errors.Conflict):
        pass

    class Strange(AppError):
        pass

    assert http.status_of(OutOfStock) == http.status_of(errors.Conflict) == 409
    assert http.status_of(Strange) == 500


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.MalformedInput, 400),
        (errors.Unauthenticated, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.PreconditionFailed, 412),
        (errors.TooLarge, 413),
        (errors.InvalidInput, 422),
        (errors.TooManyRequests, 429),
        (errors.Unavailable, 503),
    ],
)
def test_the_statuses_are_those_of_the_contract(kind: type[AppError], status: int) -> None:
    assert http.status_of(kind) == status


def test_what_a_route_declares_are_kinds_of_error() -> None:
    assert {kind for route in routes for kind in route.errors} <= set(all_kinds())


def test_an_error_carries_what_it_is_given() -> None:
    wrong = FieldError("body.name", "is too long")
    error = errors.Conflict("Somebody was quicker.", code="too-late", errors=[wrong], retry_after_s=3)
    assert (error.message, str(error)) == ("Somebody was quicker.", "Somebody was quicker.")
    assert (error.code, error.errors, error.retry_after_s) == ("too-late", (wrong,), 3)
    assert errors.Conflict("So it is.").code == "conflict"


def test_the_error_of_a_field_says_where_and_what() -> None:
    error = InvalidInput.at("query.limit", "must be at most 500")
    assert error.errors == (FieldError("query.limit", "must be at most 500"),)
    assert error.message == "query.limit: must be at most 500"
