"""Runs the command line as ``python -m abscope``."""

from abscope.cli.app import main

if __name__ == "__main__":
    main()
