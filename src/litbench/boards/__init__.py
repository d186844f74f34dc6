"""Where firmware runs: QEMU machines, gdb remote servers, Unicorn; and what a run left in memory."""
