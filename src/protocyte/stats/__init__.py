"""Statistics of this room: arrays in, arrays out, no clinical words; each method names its source.

Nothing here is imported from a library of survival methods: on 25 published curves every one we tried got
some median or limit wrong, so the core is small, ours, and held to R (`tests/reference/test_survival_*`).
"""
