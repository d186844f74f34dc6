"""One actor kernel and one workload code over asyncio, uvloop, trio and threads."""
