"""Measure a release build, and print the table of figures.

Every figure is a ratio within one run, or time that does not hang on the
machine much; each is measured several times, the programs that are compared
in turn, and the median counts. scripts/bench builds and calls this.
"""

import argparse
import glob
import importlib
import json
import os
import platform
import sys
import time

from figures import HERE, Stage, median

# The order of the table; what is not here comes behind.
ORDER = ["drain", "slow", "writing", "beside", "quota", "latency", "idle",
         "map", "sandbox", "operate", "size", "receiver", "instructions",
         "history", "blocked", "million", "restart", "filters", "filters5"]


def find_groups():
    """All groups, from the files beside this one: group_*.py."""
    groups = []
    for path in sorted(glob.glob(os.path.join(HERE, "group_*.py"))):
        module = importlib.import_module(
            os.path.splitext(os.path.basename(path))[0])
        groups += module.GROUPS
    place = {name: at for at, name in enumerate(ORDER)}
    return sorted(groups, key=lambda group: place.get(group.name, len(ORDER)))


def choose(groups, names, is_full):
    known = [group.name for group in groups]
    for name in names:
        if name not in known:
            sys.exit(f"bench: {name}: no such group; there are "
                     f"{', '.join(known)}")
    return [group for group in groups
            if group.name in names or not names and (is_full or not group.full)]


def measure(group, stages):
    """{figure: {label: [values]}}"""
    measured = {figure.name: {stage.label: [] for stage in stages}
                for figure in group.figures}
    if group.prepare:
        for stage in stages:
            group.prepare(stage)
    for _ in range(group.rounds):
        for stage in stages:
            for name, value in group.round(stage).items():
                measured[name][stage.label].append(value)
            stage.end_daemons()
    return measured


def spread(figure, values):
    if len(values) < 2:
        return ""
    return f"{figure.shown(min(values))} … {figure.shown(max(values))}"


def head(labels):
    shown = " | ".join(labels)
    return (f"| figure | must reach | {shown} | runs |\n"
            f"|---|---|{'---|' * len(labels)}---|")


def row(figure, measured, labels):
    """A line of the table, as markdown; what is missed is marked."""
    cells = []
    for label in labels:
        values = measured[label]
        if not values:
            cells.append("–")
            continue
        middle = median(values)
        mark = "" if figure.is_reached(middle) else " **missed**"
        cells.append(figure.shown(middle) + mark)
    runs = spread(figure, measured[labels[-1]])
    count = len(measured[labels[-1]])
    return (f"| {figure.what} | {figure.wanted()} | {' | '.join(cells)} | "
            f"{count}{': ' + runs if runs else ''} |")


def describe_machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":")[1].strip() for line in file
                 if line.startswith("model name")]
    return {"cores": os.cpu_count(), "cpu": names[0] if names else "?",
            "system": f"{platform.system()} {platform.release()}",
            "load": os.getloadavg()}


def arguments_of(words):
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(
        "Measure a release build: the figures of docs/performance.md."))
    parser.add_argument("names", metavar="NAME", nargs="*",
                        help="groups of figures; none: all")
    parser.add_argument("--full", action="store_true",
                        help="with the rows that have millions of events")
    parser.add_argument("--before", metavar="PROGRAM",
                        help="another build to measure in turn with this one")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help="runs of each figure (most: 5)")
    parser.add_argument("--json", metavar="FILE",
                        default="build/bench/figures.json",
                        help="every run, as JSON (%(default)s)")
    parser.add_argument("--into", metavar="FILE",
                        help="put the table between the marks of this page")
    parser.add_argument("--list", action="store_true",
                        help="the groups and their figures; measure nothing")
    parser.add_argument("--tools", help=argparse.SUPPRESS)
    parser.add_argument("--program", help=argparse.SUPPRESS)
    return parser.parse_args(words)


BEGIN = "<!-- scripts/bench --into puts its table here -->"
END = "<!-- the end of the table -->"


class Table:
    """The table, printed line by line; at the end it can go into a page."""

    def __init__(self):
        self.lines = []

    def add(self, text):
        print(text, flush=True)
        self.lines += text.split("\n")

    def put_into(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        before, mark, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not mark or not end:
            sys.exit(f"bench: {path}: no marks; it needs the lines\n{BEGIN}\n"
                     f"{END}")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join([before + BEGIN, "", *self.lines, "",
                                  END + after]))


def print_list(groups):
    for group in groups:
        print(f"{group.name}{' (--full)' if group.full else ''}")
        for figure in group.figures:
            print(f"    {figure.name}: {figure.what}; {figure.wanted()}")


def measure_all(groups, stages, table):
    """Measure and print, row by row; what was measured, for the file."""
    labels = [stage.label for stage in stages]
    table.add(head(labels))
    all_measured = []
    for group in groups:
        began = time.monotonic()
        measured = measure(group, stages)
        for figure in group.figures:
            table.add(row(figure, measured[figure.name], labels))
            all_measured.append({
                "group": group.name, "name": figure.name, "what": figure.what,
                "must": figure.must, "unit": figure.unit,
                "runs": measured[figure.name],
                "medians": {label: median(values) for label, values
                            in measured[figure.name].items() if values}})
        print(f"{group.name}: {time.monotonic() - began:.0f} s",
              file=sys.stderr, flush=True)
    return all_measured


def main():
    options = arguments_of(sys.argv[1:])
    groups = find_groups()
    if options.list:
        print_list(groups)
        return
    groups = choose(groups, options.names, options.full)
    if options.rounds:
        groups = [group.with_rounds(options.rounds) for group in groups]
    programs = [("now", os.path.abspath(options.program))]
    if options.before:
        programs.insert(0, ("before", os.path.abspath(options.before)))
    stages = [Stage(label, program, options.tools, options.full)
              for label, program in programs]
    machine = describe_machine()
    table = Table()
    try:
        measured = measure_all(groups, stages, table)
    finally:
        for stage in stages:
            stage.close()
    if options.into:
        table.put_into(options.into)
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "figures": measured}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
