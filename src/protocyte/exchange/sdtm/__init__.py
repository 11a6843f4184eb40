"""A folder of SDTM data sets: read, understood a subject at a time, counted into tables."""
