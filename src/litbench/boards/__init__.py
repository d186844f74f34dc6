"""Where firmware runs: QEMU machines and gdb remote servers; and what a run left in memory."""
