"""The table of figures: printed as it is measured, and kept in a page.

A row is known by its words. What was not measured this time stays as it
stands in the page; a program's cell has all there is to say of its runs.
"""

import os

from figures import median

BEGIN = "<!-- scripts/bench --into puts its table here -->"
END = "<!-- the end of the table -->"
NOT_MEASURED = "–"
COLUMNS = ("before", "now")
OTHERS_SHOWN = 0.05  # what other work may take of the processors unnamed

# The figures that were asked for come first, in this order; then the others,
# in the order of their groups.
ASKED = (
    "drain-one-call", "drain-two-calls", "history", "blocked", "slow",
    "enqueue", "insert", "receiver-limit",
    "calls-new", "calls-changed", "calls-unchanged",
    "quota-used", "quota-429", "latency-p50", "latency-p99",
    "beside-p50", "beside-p99", "beside-longest", "restart",
    "console-first", "console-page", "console-filter",
    "million-memory", "size", "idle-wakeups", "idle-cpu",
)


def cell(figure, values, others=0):
    """What the runs came to: the median, marked if it is missed, how many they
    were, how far apart; and how much other work went on, if it was much."""
    if not values:
        return NOT_MEASURED
    middle = median(values)
    mark = "" if figure.is_reached(middle) else " **missed**"
    runs = str(len(values))
    if len(values) > 1:
        runs += f": {figure.shown(min(values))} … {figure.shown(max(values))}"
    if others >= OTHERS_SHOWN:
        runs += f"; others {100 * others:.0f} %"
    return f"{figure.shown(middle)}{mark} ({runs})"


def head(labels):
    return (f"| figure | must reach | {' | '.join(labels)} |\n"
            f"|---|---|{'---|' * len(labels)}")


def row(figure, cells):
    return f"| {figure.what} | {figure.wanted()} | {' | '.join(cells)} |"


class Page:
    """A file with the table between two marks. Fails with SystemExit where
    there are no marks."""

    def __init__(self, path, groups):
        self.path = path
        figures = [figure for group in groups for figure in group.figures
                   if not figure.is_detail]
        by_name = {figure.name: figure for figure in figures}
        self.asked = [by_name[name] for name in ASKED if name in by_name]
        self.others = [figure for figure in figures
                       if figure.name not in ASKED]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.before, mark, rest = text.partition(BEGIN)
        table, end, self.after = rest.partition(END)
        if not mark or not end:
            raise SystemExit(f"bench: {path}: no marks; it needs the lines\n"
                             f"{BEGIN}\n{END}")
        self.cells = {}  # {figure's words: {column: cell}}
        for line in table.splitlines():
            cells = [part.strip() for part in line.strip("| ").split(" | ")]
            if len(cells) == 2 + len(COLUMNS) and \
                    set(cells[2:]) != {NOT_MEASURED}:
                self.cells[cells[0]] = dict(zip(COLUMNS, cells[2:]))

    def put(self, figure, cells):
        """Take what was measured: {column: cell}."""
        self.cells.setdefault(figure.what, {}).update(cells)

    def rows(self, figures):
        lines = [head(COLUMNS)]
        for figure in figures:
            cells = self.cells.get(figure.what, {})
            lines.append(row(figure, [cells.get(column, NOT_MEASURED)
                                      for column in COLUMNS]))
        return "\n".join(lines)

    def write(self):
        """The whole page; a file that is half written is never there."""
        parts = [self.before + BEGIN, self.rows(self.asked)]
        others = [figure for figure in self.others
                  if figure.what in self.cells]
        if others:
            parts += ["Beside these:", self.rows(others)]
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write("\n\n".join([*parts, END]) + self.after)
        os.replace(self.path + ".new", self.path)
