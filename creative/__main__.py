"""`python -m creative`."""

from creative.cli import main

main()
