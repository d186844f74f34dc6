"""Statistics over records: each file is one idea, and cites where its method is from."""
