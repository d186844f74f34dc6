"""The workloads, written once for every runtime (``adapters/PROTOCOL.md`` defines them).

Handlers fold their messages in line: a call would cost as much as the rest of the handler. Streams
end with a STOP that is no workload message, so a message lost on the way ends in a wrong
ledger and checksum and not in a hang.
"""
