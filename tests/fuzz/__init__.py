"""Fuzzing of everything that reads filings, indexes and archives: bytes made up to break it, and what must hold.

::

    python -m tests.fuzz TARGET [--seconds N] [--seeds FOLDER] [--out FOLDER] [-- OPTION...]
    python -m tests.fuzz.again TARGET FILE...     # try single inputs again
    python -m tests.fuzz.growth [NAME...]         # measure the time that hostile inputs of growing size take

The first is led by coverage. It needs atheris, a tool for CPython on Linux and macOS that nothing else here needs:
``pip install atheris``. Its targets stand in `targets`; ``OPTION`` is one of libFuzzer's, such as ``-jobs=2``. It
starts from made-up filings and from the files of the folders that ``--seeds`` names, and writes an input that broke
a promise to the folder ``--out``.

The promises stand in `promises` and `listings`. ``tests/test_fuzz.py`` holds them to inputs of hypothesis: a few
seconds by default, as many as ``EIGHTK_FUZZ_EXAMPLES=100000`` asks for. What was found stands there as an example, or
beside the other tests of what was mended.
"""
