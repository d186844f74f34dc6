"""The command ``litbench``: it finds the command asked for, and prints every error once."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from litbench import __version__
from litbench.errors import LitbenchError

# A command is a module of this package with `add_arguments(parser)` and `run(arguments) -> int`.
# Only the one asked for is imported, so that --help and completion stay fast.
COMMANDS = {
    "run": "measure targets with workloads, keep the records, show the tables",
    "show": "show kept runs as tables",
    "report": "write kept runs as one HTML page that opens offline",
    "profile": "say why: heap, leaks, cpu, cache, sched, locks, races of a target or any command",
    "firmware": "analyse firmware from its ELF (size, symbols, diff, stack, scan), and run it",
    "list": "list targets, workloads, suites, presets or kept runs",
    "doctor": "say what this machine can measure, what is missing, and how to get it",
    "dump": "print records whole, as JSON",
    "adapter": "check an adapter against the protocol, or begin a new one",
}

EPILOG = "Every command takes --help and --json. Exit codes: 0 fine, 1 a budget or comparison \
failed, 2 the command line is wrong, 3 an input is bad, 4 a tool is missing, 5 a run was invalid."


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    parser = _parser()
    if not words or words[0].startswith("-"):
        parser.parse_args(words)
        parser.print_help()
        return 0
    name = words[0]
    if name not in COMMANDS:
        parser.error(f"no command {name!r}: there are {', '.join(COMMANDS)}")
    command = importlib.import_module(f"litbench.cli.{name}")
    own = argparse.ArgumentParser(
        prog=f"litbench {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(own)
    if not getattr(command, "TAKES_COMMAND", False):
        return _guarded(command.run, own.parse_args(words[1:]))
    end = words.index("--") if "--" in words else len(words)
    arguments = own.parse_intermixed_args(words[1:end])
    arguments.command = tuple(words[end + 1 :])
    return _guarded(command.run, arguments)


def _guarded(run, arguments: argparse.Namespace) -> int:  # type: ignore[no-untyped-def]
    try:
        return int(run(arguments))
    except LitbenchError as error:
        print(f"litbench: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("litbench: interrupted; every finished run is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="litbench",
        usage="litbench COMMAND [ARGUMENTS]",
        description="Profiles and benchmarks actor systems, on servers and on microcontrollers."
        f"\n\ncommands:\n{listing}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"litbench {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
