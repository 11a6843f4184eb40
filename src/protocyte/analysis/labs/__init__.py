"""Laboratory results: courses, grades, shifts, recovery."""
