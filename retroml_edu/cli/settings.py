"""`retroml-edu settings`: show or change what a person prefers in panels."""

from __future__ import annotations

import argparse
import json
import sys

from retroml_edu.cli.options import add_home
from retroml_edu.cli.table import print_table
from retroml_edu.core.errors import ConfigError, did_you_mean
from retroml_edu.core.preferences import Preferences
from retroml_edu.storage.home import find_home
from retroml_edu.storage.preferences import (
    change_preferences,
    preferences_file,
    read_preferences,
    reset_preferences,
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `settings` to the command line."""
    parser = subparsers.add_parser("settings", help="show or change your settings of panels")
    parser.add_argument("name", nargs="?", help="one setting; all, if left out")
    parser.add_argument("value", nargs="?", help="what it is to be from now on")
    parser.add_argument("--reset", action="store_true", help="go back to the default of the setting, or of all")
    parser.add_argument("--json", action="store_true", help="for programs")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print settings, after a change if one was asked for.

    Raises:
        ConfigError: If there is no such setting, or the value does not fit.
        StorageError: If the file cannot be written.
    """
    home = find_home(args.home).path
    if args.name is not None and args.name not in Preferences.model_fields:
        hint = (
            did_you_mean(args.name, Preferences.model_fields) or f" There are: {', '.join(Preferences.model_fields)}."
        )
        raise ConfigError(f'There is no setting "{args.name}".{hint}')
    if args.value is not None and args.reset:
        raise ConfigError("Give a value or --reset, not both.")
    names = tuple(Preferences.model_fields) if args.name is None else (args.name,)
    if args.reset:
        reset_preferences(home, names)
    elif args.value is not None:
        _check(args.name, args.value)
        change_preferences(home, {args.name: args.value})
    stored = read_preferences(home)
    for problem in stored.problems:
        print(f"{problem.severity}: {problem}", file=sys.stderr)
    values = stored.preferences.model_dump(mode="json", include=set(names))
    if args.json:
        print(json.dumps(values, indent=2))
        return 0
    if args.name is not None:
        print(values[args.name])
        return 0
    fields = Preferences.model_fields
    rows = [[name, str(values[name]), str(fields[name].default), fields[name].description or ""] for name in names]
    print_table(["setting", "value", "default", "what it does"], rows)
    print(f"Kept in {preferences_file(home)}", file=sys.stderr)  # a program that reads the table sees rows only
    return 0


def _check(name: str, value: str) -> None:
    """See that an environment is there: the file itself takes any name, since another machine may know more."""
    if name == "environment":
        from retroml_edu.envs import get_env

        get_env(value)
