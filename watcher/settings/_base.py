"""What every table of the settings file shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

__all__ = ["DAY_SECONDS", "SHORTEST_SECONDS", "TEN_YEARS_HOURS", "PathFromBase", "Section", "from_base", "refuse_nul"]

SHORTEST_SECONDS = 0.05  # below that a loop does nothing but turn
DAY_SECONDS = 86_400
TEN_YEARS_HOURS = 87_600


def from_base(path: Path, info: ValidationInfo) -> Path:
    """Where a path of the settings leads, relative to the folder in which their relative paths start."""
    refuse_nul(str(path))
    base = (info.context or {}).get("base")
    try:
        return path if base is None else Path(base) / path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{str(path)!r}: there is no such user") from error


def refuse_nul(text: str) -> None:
    """Raise ``ValueError`` for what no file system takes."""
    if "\0" in text:
        raise ValueError("has a NUL character in it")


PathFromBase = Annotated[Path, AfterValidator(from_base)]


class Section(BaseModel):
    """A table of the file. Unknown keys are errors; defaults are checked and resolved like given values."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)
