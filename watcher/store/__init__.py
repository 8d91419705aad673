"""The store: the only SQL. It is the truth about what was seen, what was found, and what is owed.

`database` opens it and runs functions in transactions; `filings`, `reports` and `deliveries` are those functions,
each with the connection as its first argument; `archive` keeps the raw bytes beside it.
"""
