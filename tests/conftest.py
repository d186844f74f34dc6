"""Settings of all tests: no wall time is ever asserted, not even by hypothesis."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("litbench", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("litbench"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "litbench")
