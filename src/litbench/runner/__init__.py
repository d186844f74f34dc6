"""Runs: talking to adapters, and judging what they say."""
