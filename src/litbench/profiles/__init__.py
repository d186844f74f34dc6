"""Reading profiles: figures, advice and differences, from records alone."""
