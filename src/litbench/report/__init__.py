"""Reports: a model made from records, and one file for each format that renders it."""
