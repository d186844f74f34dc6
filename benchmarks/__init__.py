"""Benchmarks of litbench itself: ratios within one run, printed with the limit they must keep.

    python -m benchmarks            all of them
    python -m benchmarks startup    one of them

A module here has ``run() -> Iterable[Result]``. They are not tests: machines are noisy, and a test
must not depend on a wall time.
"""
