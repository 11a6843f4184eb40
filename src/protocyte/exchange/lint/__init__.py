"""A registry record judged as an expert reader would: missing, ambiguous, contradictory and copied statements."""

from protocyte.exchange.lint.linting import lint_record

__all__ = ["lint_record"]
