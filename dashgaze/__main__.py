"""``python -m dashgaze``: the command line."""

from dashgaze.cli import main

main()
