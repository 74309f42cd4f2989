"""The command line: `retroml-edu`."""
