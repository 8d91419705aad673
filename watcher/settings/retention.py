"""How long what is kept, and how much of the disk it may take."""

from __future__ import annotations

from pydantic import Field

from watcher.settings._base import Section

__all__ = ["RetentionSettings"]

_HUNDRED_YEARS_DAYS = 36_600
_MOST_GIGABYTES = 1_000_000


class RetentionSettings(Section):
    """What is taken away in time; everything is kept unless something is asked for. The filings' rows always stay."""

    raw_days: float = Field(
        0.0, ge=0, le=_HUNDRED_YEARS_DAYS, description="raw filings are kept for so many days; 0: for ever"
    )
    reports_days: float = Field(
        0.0,
        ge=0,
        le=_HUNDRED_YEARS_DAYS,
        description="reports are kept for so many days, and their raw filings no longer; 0: for ever",
    )
    max_gigabytes: float = Field(
        0.0,
        ge=0,
        le=_MOST_GIGABYTES,
        description="the oldest go when archive and store take more than that, raw filings first; 0: no bound",
    )
    warn_free_gigabytes: float = Field(
        2.0, ge=0, le=_MOST_GIGABYTES, description="an alarm when less is free on the disk of data_dir; 0: never"
    )

    @property
    def days_of_raw(self) -> float:
        """Days after which a raw filing goes: no later than its report. 0: never."""
        return min((days for days in (self.raw_days, self.reports_days) if days), default=0.0)
