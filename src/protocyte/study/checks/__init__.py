"""The rules of `study check`, by theme. The catalogue with examples is docs/reference/study-checks.md."""
