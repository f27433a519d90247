"""Pieces that bodies of several domains are made of: lines of text, places on the globe, changes of something."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.core.inputs import Line

# Text of one line, which may be empty. No control characters: SQLite would end the text at a NUL.
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]

# What stands on a parcel; as long as the columns.
Name = Annotated[Line, Field(max_length=255)]
Street = Annotated[Line, Field(max_length=500)]
PostalCode = Annotated[Line, Field(max_length=32)]
Phone = Annotated[Line, Field(max_length=40)]

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


def without_default(schema: dict[str, Any]) -> None:
    """Leave the default of a field out of the document: what is left out of a change stays as it is."""
    schema.pop("default", None)


class Change(BaseModel):
    """What to change of something: what is left out stays, and something has to be said.

    Defaults only fill the fields that are left out, which nobody reads; `without_default` keeps them out of the
    document.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"say at least one of {', '.join(type(self).model_fields)}")
        return self
