"""Which filings are fetched, of all that EDGAR lists. Pure: what is known of a filing comes in with it.

What is not told counts neither for nor against a filing, so that there are three answers: wanted, not wanted, and
undecided. The lists tell no industry; then a filing's header decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watcher.edgar.companies import normal_ticker
from watcher.models import Filer, Filing

__all__ = ["EVERYTHING", "UNDECIDED", "Wanted", "is_undecided", "reason_not_wanted"]

# What a spotted filing's reason begins with while its header must be asked first.
UNDECIDED = "its header decides whether it is wanted"

_Answer = bool | None  # None: what is known does not tell


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say. What is empty wants all; of what is given, a filing must meet every kind.

    CIKs and tickers together name companies. A filing of several filers is wanted when one of them is.
    """

    forms: frozenset[str] = frozenset()
    ciks: frozenset[int] = frozenset()
    tickers: frozenset[str] = frozenset()  # as `normal_ticker` writes them
    sics: tuple[str, ...] = ()  # industries by their codes, or by what these begin with

    @property
    def is_all(self) -> bool:
        """Whether everything is wanted."""
        return not (self.forms or self.ciks or self.tickers or self.sics)


EVERYTHING = Wanted()


def reason_not_wanted(filing: Filing, wanted: Wanted, *, knows_tickers: bool = True) -> str:
    """Say why a filing is not to be fetched; "" when it is, or when what is known does not tell.

    ``knows_tickers`` is False while EDGAR's list of companies is not there: a filer without tickers may have some.
    """
    if _form(filing, wanted) is False:
        return f"not wanted: form {filing.form}"
    if _any(_company(filer, wanted, knows_tickers) for filer in filing.filers) is False:
        return "not wanted: of none of the companies"
    if _any(_filer(filer, wanted, knows_tickers) for filer in filing.filers) is False:
        told = ", ".join(dict.fromkeys(filer.sic for filer in filing.filers if filer.sic))
        return f"not wanted: industry {told}"
    return ""


def is_undecided(filing: Filing, wanted: Wanted, *, knows_tickers: bool = True) -> bool:
    """Whether what is known of a filing does not tell if it is wanted."""
    answers = [_form(filing, wanted)]
    if wanted.ciks or wanted.tickers or wanted.sics:
        answers.append(_any(_filer(filer, wanted, knows_tickers) for filer in filing.filers))
    return _all(answers) is None


def _form(filing: Filing, wanted: Wanted) -> _Answer:
    if not wanted.forms:
        return True
    return None if filing.form is None else filing.form in wanted.forms


def _filer(filer: Filer, wanted: Wanted, knows_tickers: bool) -> _Answer:
    return _all((_company(filer, wanted, knows_tickers), _industry(filer, wanted)))


def _company(filer: Filer, wanted: Wanted, knows_tickers: bool) -> _Answer:
    if not (wanted.ciks or wanted.tickers) or filer.cik in wanted.ciks:
        return True
    if any(normal_ticker(ticker) in wanted.tickers for ticker in filer.tickers):
        return True
    return None if wanted.tickers and not filer.tickers and not knows_tickers else False


def _industry(filer: Filer, wanted: Wanted) -> _Answer:
    if not wanted.sics:
        return True
    # Some lists leave out the zero with which a few codes begin.
    return None if not filer.sic else filer.sic.zfill(4).startswith(wanted.sics)


def _any(answers: Iterable[_Answer]) -> _Answer:
    """Whether one of them is yes; of nobody nothing is known."""
    told = list(answers)
    if True in told:
        return True
    return None if None in told or not told else False


def _all(answers: Iterable[_Answer]) -> _Answer:
    told = list(answers)
    if False in told:
        return False
    return None if None in told else True
