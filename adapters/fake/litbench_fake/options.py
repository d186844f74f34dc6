"""The command line: ``--name value`` pairs, then a command. (argparse takes 10 ms to import.)"""

from __future__ import annotations

from litbench_fake.faults import FAULTS
from litbench_fake.truth import SHAPES

COMMANDS = ("describe", "serve", "faults")


class UsageError(Exception):
    """The command line is wrong; the text says how."""


class Options:
    """What the fake is to pretend."""

    fault: str = ""  # what to do wrong (see `faults`)
    at: int = -1  # the iteration to do it in; -1: the middle one
    seed: int = 0  # mixed with the job's seed
    throughput: float = 50e6  # true messages a second
    noise: float = 0.0  # relative standard deviation of an iteration's duration
    fork_noise: float = 0.0  # the same of a whole run's
    shape: str = "flat"  # how durations change over the iterations
    warmup: int = 5  # iterations until the shape is over (or its period)
    factor: float = 3.0  # how many times slower the slow iterations are
    latency: float = 1000.0  # true median latency in ns
    spread: float = 0.3  # sigma of the log-normal latencies
    slope: float = 500.0  # true bytes an actor or message
    intercept: float = 4096.0  # true bytes besides
    memory_noise: float = 0.0  # relative standard deviation of the memory taken
    share: float = 1.0  # of the others' messages that are handled beside a hog
    gap: float = 0.0  # ns that one of them waits for its next message, at the worst; 0: as usual
    setup: float = 0.0  # seconds before `ready`
    clock: str = "ns"  # `cycles`: a virtual clock, so that no time need really pass
    name: str = "fake"  # what it calls itself
    threads: int = 64  # the most worker threads it says that it has
    limit: str = ""  # WORKLOAD.PARAMETER=VALUE: the largest it says that it can hold
    chatter: str = ""  # what it prints on standard output and standard error

    def __init__(self, arguments: list[str]) -> None:
        """Raises UsageError."""
        words = iter(arguments)
        self.command = ""
        for word in words:
            if word.startswith("--"):
                self._set(word, next(words, None))
            elif self.command or word not in COMMANDS:
                raise UsageError(f"{word!r} is not one of {', '.join(COMMANDS)}")
            else:
                self.command = word
        if not self.command:
            raise UsageError(f"say one of {', '.join(COMMANDS)}")
        if self.fault and self.fault not in FAULTS:
            raise UsageError(f"no fault {self.fault!r}: there are {', '.join(FAULTS)}")
        if self.shape not in SHAPES:
            raise UsageError(f"no shape {self.shape!r}: there are {', '.join(SHAPES)}")

    def _set(self, word: str, value: str | None) -> None:
        name = word[2:].replace("-", "_")
        default = getattr(Options, name, None)
        if not isinstance(default, str | int | float) or value is None:
            raise UsageError(f"{word} is not an option, or has no value")
        try:
            setattr(self, name, type(default)(value))
        except ValueError as error:
            raise UsageError(f"{word}: {error}") from error
