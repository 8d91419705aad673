"""Fuzzing of all that strangers, EDGAR, receivers and users write: bytes made up to break it, and what must hold.

::

    make fuzz FUZZ="--target items --seconds 60"  # which is:
    python -m tests.fuzz [--target TARGET]... [--seconds N] [--seeds FOLDER] [--out FOLDER] [-- OPTION...]
    python -m tests.fuzz.again TARGET FILE...     # try single inputs again
    python -m tests.fuzz.bombs [--small] [NAME...]   # what is made to cost memory or time without end
    python -m tests.fuzz.growth [NAME...]         # measure the time that hostile inputs of growing size take

The first tries each target for so many seconds (60), at last the bombs, and prints a table. With atheris it is led by
coverage, which is told in features before and after; that is a tool for CPython on Linux and macOS that nothing else
here needs (``pip install atheris``), and without it inputs are changed blindly. The targets stand in `targets`;
``OPTION`` is one of libFuzzer's. It starts from made-up inputs and from the files of the folders that ``--seeds``
names. What reached something new is kept in ``--out`` (build/fuzz), and the next run begins there; an input that broke
a promise lies beside it, and how to try it again is told.

The promises stand in `promises`, `listings`, `answers` and `written`. ``tests/test_fuzz.py`` holds them to inputs of
hypothesis: a few seconds by default, as many as ``EIGHTK_FUZZ_EXAMPLES=100000`` asks for. What was found stands there
as an example, or beside the other tests of what was mended.
"""
