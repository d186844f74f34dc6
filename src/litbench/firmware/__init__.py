"""Firmware from its ELF alone: where the bytes are, how deep the stack goes, what is inside."""
