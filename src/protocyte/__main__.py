"""`python -m protocyte`: the command line where the program itself is not on the path."""

from protocyte.cli import main

main()
