"""An adapter that behaves and misbehaves on command, for tests of the harness and its statistics.

python -S -E fake.py [--OPTION VALUE]... describe|serve|faults
"""

import sys

from litbench_fake.main import main

sys.exit(main(sys.argv[1:]))
