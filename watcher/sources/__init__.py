"""Places that spot filings: EDGAR's lists, and a watched folder."""
