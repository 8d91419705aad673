"""What handler authors are given for their tests."""

from watcher import split_submission
from watcher.testing import submission


def test_made_up_submissions_of_other_seeds_are_other_filings() -> None:
    numbers = {split_submission(submission(seed=seed)).accession for seed in range(5)}

    assert len(numbers) == 5
    assert split_submission(submission(seed=7, accession="0001234567-24-000003")).accession == "0001234567-24-000003"
