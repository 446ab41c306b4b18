"""What every part of the settings is: frozen, and without a word too many."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]


class Part(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
