"""From what came over the wire to typed values: path, query and body, each by the model that the route declares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from chalicelib.core import clock
from chalicelib.core.errors import FieldError, InvalidInput, MalformedInput, TooLarge
from chalicelib.core.mail import ADDRESS
from chalicelib.core.money import MoneyLimit, SomeMoney
from chalicelib.core.paging import MAX_ID, MAX_LIMIT

Model = TypeVar("Model", bound=BaseModel)

MAX_BODY_BYTES = 1_000_000
MAX_UPLOAD_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class RawRequest:
    """What came over the wire, byte for byte: for signatures. Header names are in lower case."""

    body: bytes
    headers: Mapping[str, str]


def parse_path(raw: Mapping[str, str], types: Mapping[str, type]) -> dict[str, Any]:
    """Return the path parameters in their types: ids are whole numbers from 1, all else text.

    Raises:
        InvalidInput: an id is not one.
    """
    return {
        name: _id(name, unquote(raw[name])) if kind is int else unquote(raw[name]) for name, kind in types.items()
    }


def _id(name: str, text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 19 and 1 <= int(text) <= MAX_ID:
        return int(text)
    raise InvalidInput.at(f"path.{name}", "must be a whole number from 1")


def parse_query(raw: Mapping[str, Sequence[str]], model: type[Model] | None) -> Model | None:
    """Return the query parameters as `model`; a route without one takes none.

    Raises:
        InvalidInput: unknown or repeated names, or bad values.
    """
    repeated = [name for name, values in raw.items() if len(values) > 1]
    if repeated:
        raise InvalidInput.at(f"query.{repeated[0]}", "is given more than once")
    if model is None:
        if raw:
            raise InvalidInput.at(f"query.{next(iter(raw))}", "is not a parameter of this operation")
        return None
    try:
        return model.model_validate({name: values[0] for name, values in raw.items()})
    except ValidationError as error:
        raise _invalid("query", error) from None


def parse_body(raw: bytes | str | None, content_type: str, model: type[Model]) -> Model:
    """Return the JSON body as `model`, strictly: "5" is no number.

    Raises:
        TooLarge, MalformedInput, InvalidInput: too long, not JSON, not of the model.
    """
    data = _bounded(raw)
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in ("", "application/json"):
        raise UnsupportedMediaType(f"Send the body as application/json, not {media_type!r}.")
    try:
        return model.model_validate_json(data, strict=True)
    except ValidationError as error:
        if any(entry["type"] == "json_invalid" for entry in error.errors(include_url=False, include_input=False)):
            raise MalformedInput("The body is not valid JSON.") from None
        raise _invalid("body", error) from None


def raw_request(body: bytes | str | None, headers: Mapping[str, str]) -> RawRequest:
    """Return body and headers as they came.

    Raises:
        TooLarge: the body is too long.
    """
    return RawRequest(_bounded(body), {name.lower(): value for name, value in headers.items()})


def as_bytes(raw: bytes | str | None) -> bytes:
    """Return a body as the bytes that it is."""
    return raw.encode() if isinstance(raw, str) else (raw or b"")


def _bounded(raw: bytes | str | None) -> bytes:
    data = as_bytes(raw)
    if len(data) > MAX_BODY_BYTES:
        raise TooLarge(f"The body has {len(data)} bytes; at most {MAX_BODY_BYTES} are taken.")
    return data


def read_upload(raw: bytes | str | None) -> bytes:
    """Return the bytes of a file that is the body.

    Raises:
        TooLarge: they are more than any operation takes.
    """
    data = as_bytes(raw)
    if len(data) > MAX_UPLOAD_BYTES:
        raise TooLarge(f"The body has {len(data)} bytes; at most {MAX_UPLOAD_BYTES} are taken.")
    return data


def whole(value: object) -> object:
    """Return a number as JSON writes it as a whole one where it is: 5.0 is 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a number")
    return Decimal(str(value))


# For numbers in a body that have bounds of their own: a decimal as it is written, and a whole number.
AS_WRITTEN = BeforeValidator(_number)
AS_WHOLE = BeforeValidator(whole)

# Numbers in a body. JSON knows one kind of number: 5.0 is 5; "5" is none.
Id = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(whole)]
BodyMoney = Annotated[MoneyLimit, BeforeValidator(_number)]
BodyMoneyAboveZero = Annotated[SomeMoney, BeforeValidator(_number)]
# As long as a user name may be, since an address is one. ASCII: other domains are written in punycode.
Email = Annotated[str, Field(max_length=150, pattern=f"^{ADDRESS}$", examples=["robin@example.com"])]
Limit = Annotated[int, Field(ge=0, le=MAX_LIMIT), BeforeValidator(whole)]


def _written_as_day(value: object) -> object:
    # A number of seconds would be taken for a day too.
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("must be a day such as 2026-03-01")
    return value


AS_DAY = BeforeValidator(_written_as_day)
# A day of a list or of figures; so many years that sums over them stay within what a database can compare with.
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1)), AS_DAY]


def span_of_days(first: date | None, last: date | None, *, latest: int, most: int) -> tuple[date, date]:
    """Return the days from `first` to `last`: until today, and the `latest` ones, where they are not said.

    Raises:
        InvalidInput: the last is before the first, or they are `most` days apart, or more.
    """
    end = last or clock.now().date()
    begin = first or end - timedelta(days=latest - 1)
    if begin > end:
        raise InvalidInput.at("query.from", "must not be after `to`")
    if (end - begin).days >= most:
        raise InvalidInput.at("query.from", f"must be less than {most} days before `to`")
    return begin, end


# Text of one line that says something: no control characters, not only space.
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
# Text of several lines, which may be empty.
Prose = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class UnsupportedMediaType(MalformedInput):
    """The body is of a type that is not taken."""

    code = "unsupported-media-type"
    title = "Unsupported media type"


def _invalid(part: str, error: ValidationError) -> InvalidInput:
    found = [
        FieldError(".".join([part, *(str(step) for step in entry["loc"])]), _message(entry))
        for entry in error.errors(include_url=False, include_input=False)
    ]
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return InvalidInput(f"{first.location}: {first.message}{more}", errors=found)


def _message(entry: Any) -> str:
    if entry["type"] == "extra_forbidden":
        return "is not known here; leave it out"
    text = str(entry["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
