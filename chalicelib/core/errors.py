"""The tree of errors that rules raise. HTTP statuses are given to them in `core.http` alone.

AppError
├── MalformedInput       the body cannot be read at all
├── InvalidInput         readable, but a value is wrong
├── Unauthenticated      no token, or not a good one
├── Forbidden            the role does not suffice
├── NotFound             not there, or not the caller's
├── Conflict             not in this state
├── PreconditionFailed   the caller's version is stale
├── PreconditionRequired the caller must say which version it means
├── TooLarge             more than the service takes at once
├── TooManyRequests      come back later
└── Unavailable          something the service needs does not answer
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong value: `location` is where (`query.limit`, `body.user_id`), `message` says what to change."""

    location: str
    message: str


class AppError(Exception):
    """An answer other than success: `code` is stable for programs, `message` is for people.

    `retry_after_s` is set where trying again later makes sense.
    """

    code = "error"
    title = "Error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


class MalformedInput(AppError):
    """The body is not JSON, or not text at all."""

    code = "malformed-input"
    title = "Malformed input"


class InvalidInput(AppError):
    """Well-formed, but a value is missing, unknown, or out of its range."""

    code = "invalid-input"
    title = "Invalid input"

    @classmethod
    def at(cls, location: str, message: str) -> InvalidInput:
        """Make the error of a single field."""
        return cls(f"{location}: {message}", errors=[FieldError(location, message)])


class Unauthenticated(AppError):
    """No token, a bad token, or a wrong password."""

    code = "unauthenticated"
    title = "Authentication needed"


class Forbidden(AppError):
    """Known, but not allowed."""

    code = "forbidden"
    title = "Not allowed"


class NotFound(AppError):
    """Not there, or not the caller's: the answer does not tell which."""

    code = "not-found"
    title = "Not found"


class Conflict(AppError):
    """The present state does not permit it."""

    code = "conflict"
    title = "Conflict"


class PreconditionFailed(AppError):
    """The caller's version of the resource is not the present one."""

    code = "precondition-failed"
    title = "Precondition failed"


class PreconditionRequired(AppError):
    """A change must name the version that it was made on."""

    code = "precondition-required"
    title = "Precondition required"


class TooLarge(AppError):
    """The request is larger than what is taken at once."""

    code = "too-large"
    title = "Too large"


class TooManyRequests(AppError):
    """Too many tries; `retry_after_s` says when to come back."""

    code = "too-many-requests"
    title = "Too many requests"


class Unavailable(AppError):
    """The database or another needed part does not answer now."""

    code = "unavailable"
    title = "Temporarily unavailable"
