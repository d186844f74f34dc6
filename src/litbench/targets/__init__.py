"""Targets: which there are, how they become runnable, what they can do."""

from litbench.targets.build import Adapter, build, is_built
from litbench.targets.cache import cache_folder
from litbench.targets.describe import describe
from litbench.targets.manifest import (
    Target,
    adapters_folder,
    all_targets,
    find_target,
    with_sources,
)

__all__ = [
    "Adapter",
    "Target",
    "adapters_folder",
    "all_targets",
    "build",
    "cache_folder",
    "describe",
    "find_target",
    "is_built",
    "with_sources",
]
