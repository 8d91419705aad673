"""edgar-crawler: ``ExtractItems.extract_items``, out of a checkout that ``PYTHONPATH`` leads to.

It reads the file itself, so its time holds that, from the system's cache. Tables are kept: to take them out, as its
sample configuration does, costs it more time and loses text. Which items there may be it takes from the filing date,
of which its users have a list.
"""

from __future__ import annotations

import logging
import os

from extract_items import ExtractItems

from bench.runners.serving import Filing, Task

__all__ = ["DISTRIBUTIONS", "TASKS", "VERSIONS"]

DISTRIBUTIONS = ("beautifulsoup4", "lxml", "pandas")

# It has no version of its own; the bench names its checkout.
VERSIONS = {"edgar-crawler": os.environ["EDGAR_CRAWLER_VERSION"]}

_LISTED = ("CIK", "Company", "Period of Report", "SIC", "State of Inc", "State location", "Fiscal Year End")
_LINKS = ("html_index", "htm_file_link", "complete_text_file_link")

logging.disable(logging.CRITICAL)


def _items(filing: Filing) -> dict[str, str]:
    listed = dict.fromkeys((*_LISTED, *_LINKS), "")
    listed |= {"Type": "8-K", "Date": filing.filed_on, "filename": filing.path}
    extraction = ExtractItems(
        remove_tables=False,
        items_to_extract=[],
        include_signature=False,
        raw_files_folder="",
        extracted_files_folder="",
        skip_extracted_filings=False,
    )
    extraction.determine_items_to_extract(listed)
    told = extraction.extract_items(listed) or {}
    return {key.removeprefix("item_"): text for key, text in told.items() if key.startswith("item_") and text}


TASKS: dict[str, Task] = {"items": _items}
