"""What every mapping of a brief or brand kit shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from creative.brief.places import Locale
from creative.brief.types import Date, Line, refused


def own_fields(value: Any) -> Any:
    """The mapping without its x- keys."""
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if not (isinstance(name, str) and name.startswith("x-"))}
    return value


class Part(BaseModel):
    """A mapping of a brief: unknown keys are errors, x- keys pass."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _own_fields(cls, value: Any) -> Any:
        return own_fields(value)


Named = BeforeValidator(own_fields)
"""For mappings whose keys are ids: x- keys pass there too."""

Localised = Annotated[Mapping[Locale, Line], Named, Field(min_length=1, max_length=200)]
"""One text a locale."""


class Span(Part):
    """Days from the first to the last, both included, midnight in each market's own time zone."""

    from_: Date = Field(alias="from", description="First day.")
    until: Date = Field(description="Last day, included.")

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.until < self.from_:
            raise refused(f"ends on {self.until}, before it begins on {self.from_}", "Swap the dates")
        return self
