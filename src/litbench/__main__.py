"""``python -m litbench`` is the command ``litbench``."""

import sys

from litbench.cli.main import main

sys.exit(main())
