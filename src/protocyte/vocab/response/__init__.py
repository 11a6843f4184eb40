"""Data files of `protocyte.vocab.response_sets`, one a version."""
