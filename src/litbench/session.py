"""A session: from what the user asked for to records in the store.

    request -> targets built and described -> plan -> runs -> store

The command line and the public API both go through here; progress is reported to an observer.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from litbench.catalogue import WorkloadDefinition, all_workloads, workload
from litbench.catalogue.definition import Values
from litbench.catalogue.suites import Entry, Suite, suite
from litbench.environment import available_memory, machine_facts, usable_cpu_count
from litbench.errors import LitbenchError, MissingToolError, UsageError
from litbench.plan import PRESETS, Item, Plan, Preset, Selection, Unmeasured, make, select
from litbench.record import Measure, Record, new_id, now
from litbench.runner.run import Prepared, Setting, run_plan
from litbench.store import Session, Store
from litbench.targets import Target, all_targets, build, describe, find_target, with_sources


@dataclass(frozen=True)
class Request:
    """What a user asks for; what is None or empty is the preset's or the default."""

    targets: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    suite: str | None = None
    parameters: dict[str, int] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    preset: str = "quick"
    forks: int | None = None
    iterations: int | None = None
    time_limit_s: float | None = None
    timeout_s: float | None = None
    threads: int | None = None
    seed: int | None = None
    pin: bool = True
    sources: dict[str, Path] = field(default_factory=dict)


class Observer:
    """Hears how a session goes. This one says nothing."""

    def building(self, target: Target) -> None:
        """A target is about to be built or looked up in the cache."""

    def warned(self, text: str) -> None:
        """Something about a target that the user should know."""

    def left_out(self, what: Unmeasured) -> None:
        """Something that was asked for cannot be measured here."""

    def started(self, plan: Plan) -> None:
        """The plan is made; its runs begin."""

    def running(self, item: Item) -> None:
        """A run begins."""

    def ran(self, item: Item, record: Record | None) -> None:
        """A run ended and is in the store, or was passed over (None)."""


@dataclass(frozen=True)
class Ready:
    """A plan and the targets that it needs, built."""

    plan: Plan
    prepared: dict[str, Prepared]


def prepare(request: Request, observer: Observer | None = None) -> Ready:
    """Build the targets and make the plan.

    Raises UsageError when the request names what does not exist. What cannot be measured here is
    in the plan's ``unmeasured``.
    """
    observer = observer or Observer()
    preset = _preset(request)
    entries = _entries(request)
    prepared: dict[str, Prepared] = {}
    unmeasured: list[Unmeasured] = []
    for target in _targets(request):
        observer.building(target)
        try:
            adapter = build(target)
            if adapter.warning:
                observer.warned(adapter.warning)
            prepared[target.name] = Prepared(adapter, describe(adapter))
        except MissingToolError as error:
            unmeasured.append(
                Unmeasured(
                    target.name, "*", f"{error.tool} is not available: {error.cost}", error.cure
                )
            )
    selections: list[Selection] = []
    for each in _select(request, entries, prepared):
        if isinstance(each, Selection):
            selections.append(each)
        else:
            unmeasured.append(each)
    for what in unmeasured:
        observer.left_out(what)
    seed = request.seed if request.seed is not None else random.SystemRandom().getrandbits(31)
    return Ready(make(selections, preset, seed, unmeasured), prepared)


def execute(
    ready: Ready,
    store: Store,
    command: Sequence[str] = (),
    observer: Observer | None = None,
    *,
    pin: bool = True,
) -> list[Record]:
    """Make the plan's runs and keep each in the store as it ends."""
    from litbench import __version__

    observer = observer or Observer()
    plan = ready.plan
    session = Session(
        id=new_id(),
        started=now(),
        command=tuple(command),
        version=__version__,
        settings={"preset": plan.preset.name, "seed": plan.seed, "runs": len(plan.items)},
    )
    store.add_session(session)
    setting = Setting(session.id, machine_facts(), store.artifacts, pin)
    observer.started(plan)
    records: list[Record] = []
    for item, record in run_plan(plan, ready.prepared, setting, store.add, observer.running):
        if record is not None:
            records.append(record)
        observer.ran(item, record)
    return records


def run(
    request: Request,
    store_path: Path | None = None,
    observer: Observer | None = None,
    command: Sequence[str] = (),
) -> list[Record]:
    """Prepare and execute in one call. Raises LitbenchError when nothing can be measured."""
    ready = prepare(request, observer)
    if not ready.plan.items:
        raise nothing_to_run(ready.plan)
    with Store.open(store_path) as store:
        return execute(ready, store, command, observer, pin=request.pin)


def nothing_to_run(plan: Plan) -> LitbenchError:
    """The error for a plan without runs: it says why each part was left out."""
    reasons = {f"{u.target} {u.workload}: {u.because} {u.cure}".strip() for u in plan.unmeasured}
    return UsageError("nothing to run: " + ("; ".join(sorted(reasons)) or "no workload was chosen"))


def _preset(request: Request) -> Preset:
    if request.preset not in PRESETS:
        raise UsageError(f"no preset {request.preset!r}: there are {', '.join(PRESETS)}")
    given = {
        name: value
        for name in ("forks", "iterations", "time_limit_s", "timeout_s")
        if (value := getattr(request, name)) is not None
    }
    for name, value in given.items():
        if value <= 0:
            raise UsageError(f"{name.removesuffix('_s')} must be more than 0, not {value}")
    return replace(PRESETS[request.preset], **given)


def _targets(request: Request) -> list[Target]:
    known = with_sources(all_targets(), request.sources)
    names = request.targets or (() if request.workloads else _suite(request).targets)
    if not names:
        return [target for target in known.values() if _is_usual(target)]
    return [find_target(name, known) for name in dict.fromkeys(names)]


def _is_usual(target: Target) -> bool:
    """Whether a target is measured when none is named: its source, if any, is at hand."""
    at_hand = target.source is None or target.checkout is not None
    return at_hand and not target.entry.hidden


def _suite(request: Request) -> Suite:
    return suite(request.suite or PRESETS[request.preset].suite)


def _entries(request: Request) -> list[Entry]:
    """The suite's entries, or the workloads asked for by name, with the parameters given."""
    if request.workloads:
        entries = [Entry(workload(name).name) for name in dict.fromkeys(request.workloads)]
    else:
        entries = list(_suite(request).entries)
    _refuse_unknown_parameters(request.parameters, [workload(e.workload) for e in entries])
    return entries


def _refuse_unknown_parameters(
    parameters: dict[str, int], definitions: Iterable[WorkloadDefinition]
) -> None:
    known = {p.name for definition in definitions for p in definition.parameters}
    for name in parameters:
        if name not in known:
            others = {p.name for definition in all_workloads() for p in definition.parameters}
            where = "of another workload" if name in others else "of no workload"
            raise UsageError(
                f"{name!r} is a parameter {where}; those chosen have {', '.join(sorted(known))}"
            )


def _select(
    request: Request, entries: Sequence[Entry], prepared: dict[str, Prepared]
) -> Iterable[Selection | Unmeasured]:
    seen: list[Selection | Unmeasured] = []
    for target in prepared.values():
        for entry in entries:
            for values in entry.each_values():
                for threads in _threads(request, entry):
                    for each in _select_one(request, entry, values, threads, target):
                        if each not in seen:
                            seen.append(each)
                            yield each


def _threads(request: Request, entry: Entry) -> list[int]:
    """How many worker threads to run with: what was asked, a sweep, or one a processor."""
    if request.threads:
        return [request.threads]
    most = usable_cpu_count()
    if not entry.scale:
        return [most]
    return sorted({*(2**n for n in range(most.bit_length()) if 2**n <= most), most})


def _beside_driver(threads: int, definition: WorkloadDefinition, request: Request) -> int:
    """The worker threads, one less where a spinning driver would take a processor from them."""
    return max(threads - 1, 1) if definition.spins and not request.threads else threads


def _select_one(
    request: Request, entry: Entry, values: Values, threads: int, target: Prepared
) -> Iterable[Selection | Unmeasured]:
    definition = workload(entry.workload)
    own = {p.name for p in definition.parameters}
    chosen = {key: n for key, n in request.parameters.items() if key in own}
    return select(
        target.adapter.target.name,
        target.description,
        definition,
        given=chosen,
        preferred=values,
        measures=[m for m in entry.measures if m in (request.measures or Measure)],
        threads=_beside_driver(threads, definition, request),
        sizes=() if definition.size in chosen else entry.sizes,
        memory=available_memory(),
        actor_bytes=target.adapter.target.actor_bytes,
    )
