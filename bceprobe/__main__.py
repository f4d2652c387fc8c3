"""`python -m bceprobe` is the command line, as torchrun starts it."""

from bceprobe.cli import main

if __name__ == "__main__":
    main()
