"""Published scales and code lists: data files beside tiny functions.

Modules are imported where they are used (`from protocyte.vocab.grading import grade`), and data files are
read when first asked for, so that this room costs nothing to those who do not grade.
"""
