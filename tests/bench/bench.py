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
from table import NOT_MEASURED, Page, cell, head, row

# What comes when: a group that uses up an outbox comes after those that only
# read it. What is not here comes behind.
ORDER = ["drain", "slow", "writing", "beside", "quota", "latency", "idle",
         "map", "sandbox", "operate", "size", "receiver", "instructions",
         "filters", "console", "restart", "filters5", "history", "blocked",
         "million"]


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


LEAST_S = 1  # the processors' time is counted in hundredths


class Others:
    """How much of the processors other work takes meanwhile."""

    def __init__(self):
        self.began = self.look()

    @staticmethod
    def look():
        """Seconds: all processors busy, ours of them, and how long it is."""
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, _, _, steal = map(
                int, file.readline().split()[1:9])
        ours = sum(os.times()[:4])
        return ((user + nice + system + steal) / os.sysconf("SC_CLK_TCK"),
                ours, time.monotonic())

    def share(self):
        busy, ours, took = (now - then for now, then
                            in zip(self.look(), self.began))
        if took < LEAST_S:
            return 0
        return max(0, (busy - ours) / (took * os.cpu_count()))


def attempt(group, stage, step):
    """Do a step of a group; False: it failed, and why has been said."""
    try:
        step()
        return True
    except (Exception, SystemExit) as failure:  # pylint: disable=W0718
        print(f"{group.name}, {stage.label}: left out: {failure}",
              file=sys.stderr, flush=True)
        return False
    finally:
        stage.end_daemons()


def take(measured, label, runs):
    for run in runs if isinstance(runs, list) else [runs]:
        for name, value in run.items():
            measured[name][label].append(value)


def measure(group, stages):
    """({figure: {label: [values]}}, share of other work, labels of the
    programs that failed in this group and are left out of it)."""
    measured = {figure.name: {stage.label: [] for stage in stages}
                for figure in group.figures}
    good = [stage for stage in stages if not group.prepare
            or attempt(group, stage, lambda: group.prepare(stage))]
    others = Others()
    for _ in range(group.rounds):
        # Who was last is first in the next round.
        good = [stage for stage in reversed(good) if attempt(
            group, stage, lambda: take(measured, stage.label,
                                       group.round(stage)))]
    share = others.share()
    if group.end:
        good = [stage for stage in good
                if attempt(group, stage, lambda: group.end(stage))]
    bad = [stage.label for stage in stages if stage not in good]
    for by_label in measured.values():
        by_label.update({label: [] for label in bad})
    return measured, share, bad


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


def print_list(groups):
    for group in groups:
        print(f"{group.name}{' (--full)' if group.full else ''}")
        for figure in group.figures:
            if not figure.is_detail:
                print(f"    {figure.name}: {figure.what}; {figure.wanted()}")


def describe(group, measured, share, took_s):
    """What was measured, for the file."""
    return [{"group": group.name, "name": figure.name, "what": figure.what,
             "must": figure.must, "unit": figure.unit,
             "group_took_s": round(took_s), "others": round(share, 3),
             "runs": measured[figure.name],
             "medians": {label: median(values) for label, values
                         in measured[figure.name].items() if values}}
            for figure in group.figures]


def show(group, measured, share, labels, page):
    """Print its rows, and put them into the page."""
    for figure in group.figures:
        cells = {label: cell(figure, measured[figure.name][label], share)
                 for label in labels}
        print(row(figure, cells.values()), flush=True)
        if page:
            page.put(figure, {label: text for label, text in cells.items()
                              if text != NOT_MEASURED})
    if page:
        page.write()


def write_json(path, machine, figures):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "figures": figures}, file, indent=1)
        file.write("\n")


def measure_all(groups, stages, page, path):
    """Measure and show group by group, so that what is measured is kept
    whatever comes later; the names of those that could not be."""
    labels = [stage.label for stage in stages]
    machine = describe_machine()
    figures = []
    failed = []
    print(head(labels), flush=True)
    for group in groups:
        began = time.monotonic()
        measured, share, bad = measure(group, stages)
        failed += [f"{group.name} ({label})" for label in bad]
        took_s = time.monotonic() - began
        show(group, measured, share, labels, page)
        figures += describe(group, measured, share, took_s)
        write_json(path, machine, figures)
        print(f"{group.name}: {took_s:.0f} s", file=sys.stderr, flush=True)
    return failed


def main():
    options = arguments_of(sys.argv[1:])
    groups = find_groups()
    if options.list:
        print_list(groups)
        return
    page = Page(options.into, groups) if options.into else None
    groups = choose(groups, options.names, options.full)
    if options.rounds:
        groups = [group.with_rounds(options.rounds) for group in groups]
    programs = [("now", os.path.abspath(options.program))]
    if options.before:
        programs.insert(0, ("before", os.path.abspath(options.before)))
    stages = [Stage(label, program, options.tools, options.full)
              for label, program in programs]
    began = time.monotonic()
    try:
        failed = measure_all(groups, stages, page, options.json)
    finally:
        for stage in stages:
            stage.close()
    print(f"all: {(time.monotonic() - began) / 60:.0f} min", file=sys.stderr)
    if failed:
        sys.exit(f"bench: not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
