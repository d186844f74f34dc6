"""Answer a question about a target or any command: why is it slow, big or unfair?

questions:
  heap           allocations and bytes per message, sizes, lifetimes, sites, the peak
  leaks          bytes lost per message, with their sites; growth
  fragmentation  memory held but not used, over time
  cpu            hot functions, whose time it is, flame graph, instructions per message
  cache          cache and branch misses by function and line
  sched          context switches, run and wait time per thread, wake-up latency
  locks          contended mutexes, false sharing
  races          data races with both stacks
  diff           what accounts for the change between two profiles

examples:
  litbench profile heap tokio-mt -w ping-pong
  litbench profile cpu --messages 100000 -- ./my-program --fast
  litbench profile diff last~1 last
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections.abc import Callable
from pathlib import Path

from litbench.cli.common import add_format, add_store, load_runs, parse_parameters, print_json
from litbench.errors import UsageError
from litbench.instruments.base import Question
from litbench.profiling import Observer, ProfileRequest, profile
from litbench.record import Record
from litbench.store import Store

# Words after `--` are a command, kept as they were typed.
TAKES_COMMAND = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench profile``."""
    add = parser.add_argument
    add("question", choices=[*Question, "diff"], metavar="QUESTION", help="see the list above")
    add("words", nargs="*", metavar="TARGET | -- COMMAND",
        help="a target with -w WORKLOAD, a command after --, or two profiles for diff")  # fmt: skip
    add("-w", "--workload", metavar="NAME", help="what the target is to do")
    add("-p", "--parameter", action="append", default=[], metavar="NAME=N", help="for example n=1k")
    add("--tool", metavar="NAME", help="use this instrument instead of the best one")
    add("--messages", type=_count, metavar="N",
        help="messages that a command handles, to give its costs per message")  # fmt: skip
    add("--threads", type=int, metavar="N", help="worker threads of a target")
    add("--iterations", type=int, metavar="N", help="most iterations of a target's workload")
    add("--time-limit", type=float, metavar="S", help="start no iteration after this long")
    add("--timeout", type=float, metavar="S", help="end a run after this long")
    add("--rules", type=Path, action="append", default=[], metavar="FILE",
        help="more rules that say whose time a function's is (docs/profiling.md)")  # fmt: skip
    add("--no-plain", action="store_true", help="no plain run first: the slow-down stays unknown")
    add("--no-pin", action="store_true", help="leave placement to the operating system")
    add("-o", "--output", type=Path, metavar="FILE", help="also write an HTML page")
    add_store(parser)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Profile, or compare two profiles."""
    if arguments.question == "diff":
        return _diff(arguments)
    request = _request(arguments)
    from litbench.report import profile_markdown, profile_page, profile_pictures, profile_text

    with Store.open(arguments.store) as store:
        records = profile(request, store, _Says(), profile_pictures.files_of, sys.argv)
        _print(
            arguments,
            records,
            lambda: "\n".join(profile_text.render(r, store.artifacts) for r in records),
            lambda: profile_markdown.render(records),
        )
    _write(arguments, lambda: profile_page.render(records))
    return 0 if all(record.valid for record in records) else 5


def _print(
    arguments: argparse.Namespace,
    value: object,
    text: Callable[[], str],
    markdown: Callable[[], str],
) -> None:
    """As --json or --format says."""
    if arguments.json or arguments.format == "json":
        print_json(value)
    else:
        print(markdown() if arguments.format == "markdown" else text())


def _write(arguments: argparse.Namespace, page: Callable[[], str]) -> None:
    """The page that -o asks for."""
    if arguments.output:
        arguments.output.write_text(page(), encoding="utf-8")
        print(f"report: {arguments.output}", file=sys.stderr)


class _Says(Observer):
    """Progress on stderr."""

    def left_out(self, what: str) -> None:
        print(f"note: {what}", file=sys.stderr)

    def running(self, tool: str) -> None:
        print(f"running under {tool} ..." if tool else "plain run ...", file=sys.stderr)


def _count(text: str) -> int:
    return parse_parameters([f"n={text}"])["n"]


def _request(arguments: argparse.Namespace) -> ProfileRequest:
    return ProfileRequest(
        question=Question(arguments.question),
        target=" ".join(arguments.words),
        workload=arguments.workload or "",
        command=arguments.command,
        parameters=parse_parameters(arguments.parameter),
        threads=arguments.threads,
        iterations=arguments.iterations,
        time_limit_s=arguments.time_limit,
        timeout_s=arguments.timeout,
        tool=arguments.tool,
        messages=arguments.messages,
        rules=tuple(arguments.rules),
        plain=not arguments.no_plain,
        pin=not arguments.no_pin,
    )


def _diff(arguments: argparse.Namespace) -> int:
    from litbench.profiles.diff import differences
    from litbench.report import profile_diff, profile_markdown, profile_page

    if len(arguments.words) != 2 or arguments.command:
        raise UsageError("write `litbench profile diff A B`: two sessions, runs or files of runs")
    before, after = (_runs(word, arguments) for word in arguments.words)
    found = differences(before, after)
    _print(
        arguments,
        found,
        lambda: profile_diff.render(found),
        lambda: profile_markdown.render_differences(found),
    )
    _write(arguments, lambda: profile_page.render_differences(found))
    return 0


def _runs(word: str, arguments: argparse.Namespace) -> list[Record]:
    """The runs that a word names; ``last~1`` is the session before the last one."""
    match = re.fullmatch(r"last~(\d{1,6})", word)
    if match is None:
        return load_runs(argparse.Namespace(runs=[word], store=arguments.store))
    with Store.open(arguments.store, create=False) as store:
        kept = (list(store.records(session.id)) for session in reversed(store.sessions()))
        found = next(itertools.islice(filter(None, kept), int(match[1]), None), None)
    if found is not None:
        return found
    raise UsageError(f"{word!r} is before the first session")
