"""Pictures."""
from litbench.record import Record
def files_of(record: Record) -> list[tuple[str,str,str]]:
    return []
