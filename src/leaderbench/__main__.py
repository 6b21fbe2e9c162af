"""`python -m leaderbench` is the command `leaderbench`."""

from leaderbench.cli.main import main

if __name__ == "__main__":
    main()
