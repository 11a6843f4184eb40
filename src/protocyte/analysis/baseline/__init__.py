"""Who was in the study, what was made and what was given."""
