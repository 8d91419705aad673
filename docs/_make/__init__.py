"""The documents' own program: ``python -m docs._make``, or ``make docs``.

It lies beside the pages that it makes, and not in the package: it asks settings, commands, rules, API and metrics what
they are, which nothing that is shipped may do at once. ``reference/*.md`` are made by it and kept with the rest, to be
read without it; a test makes them again and compares.
"""
