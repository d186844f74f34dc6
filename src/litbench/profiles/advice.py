"""Advice."""
from litbench.record import Record
def advice(record: Record):
    return []
