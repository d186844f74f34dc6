"""An adapter without actors. It imports next to nothing: its start is part of every test.

It shares no code with ``litbench`` or ``litbench_adapter``: what it says is a second opinion.
"""
