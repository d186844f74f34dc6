"""Analyses as records: what any other run leaves, so that they are kept, compared and reported.

Everything in the tables is a figure of the image; only names are texts. A figure that is not known
is a metric without values (undetermined), never zero. One file an analysis, so that the command for
one does not load the others.
"""
