"""scripts/bench: its table, and that what fails costs nothing else."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench")
sys.path.insert(0, BENCH)

import bench  # noqa: E402
import table  # noqa: E402
from figures import Figure, Group  # noqa: E402

RATE = Figure("rate", "the rate", (">=", 0.5))
SIZE = Figure("size", "the size", ("<", 2), "MB")
ASIDE = Figure("aside", "beside it")
DETAIL = Figure("detail", "a detail", is_detail=True)


class Program:
    """As much of a stage as is needed without processes."""

    def __init__(self, label):
        self.label = label

    def end_daemons(self):
        pass


class Bench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.page_path = os.path.join(folder.name, "page.md")
        self.json_path = os.path.join(folder.name, "figures.json")
        self.write(f"Before.\n\n{table.BEGIN}\n{table.END}\n\nAfter.\n")

    def write(self, text):
        with open(self.page_path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self):
        with open(self.page_path, encoding="utf-8") as file:
            return file.read()

    def measure(self, groups, labels=("now",)):
        """(what could not be measured, what was said of it)."""
        page = table.Page(self.page_path, groups)
        with contextlib.redirect_stdout(io.StringIO()), \
                contextlib.redirect_stderr(io.StringIO()) as said:
            failed = bench.measure_all(groups, [Program(label) for label
                                                in labels], page,
                                       self.json_path)
        return failed, said.getvalue()

    def test_a_cell_says_how_its_figure_was_taken(self):
        self.assertEqual(table.cell(RATE, [0.7, 0.6, 0.8]),
                         "0.70 (3: 0.60 … 0.80)")
        self.assertEqual(table.cell(RATE, [0.4], 0.314),
                         "0.40 **missed** (1; others 31 %)")
        self.assertEqual(table.cell(SIZE, []), "–")

    def test_what_was_not_measured_stays_in_the_page(self):
        groups = [Group("a", [RATE, DETAIL], lambda stage: {
                      "rate": 0.7, "detail": 1}, rounds=1),
                  Group("b", [SIZE], lambda stage: {"size": 1}, rounds=1)]
        self.measure(groups, ["before", "now"])
        groups[0] = Group("a", [RATE], lambda stage: {"rate": 0.8}, rounds=1)
        page = table.Page(self.page_path, groups)
        with contextlib.redirect_stdout(io.StringIO()):
            bench.show(groups[0], {"rate": {"now": [0.8]}}, 0, ["now"], page)
        self.assertIn("| the rate | ≥ 0.5 | 0.70 (1) | 0.80 (1) |",
                      self.read())
        self.assertIn("| the size | < 2 MB | 1.00 MB (1) | 1.00 MB (1) |",
                      self.read())
        self.assertNotIn("a detail", self.read())
        self.assertTrue(self.read().startswith("Before.\n"))
        self.assertTrue(self.read().endswith("\n\nAfter.\n"))

    def test_what_fails_is_left_out_and_the_rest_goes_on(self):
        def only_now(stage):
            if stage.label == "before":
                sys.exit("its schema is another")
            return {"rate": 1}

        def never(stage):
            raise AssertionError("never mind")

        failed, said = self.measure(
            [Group("a", [RATE], only_now, rounds=2),
             Group("b", [ASIDE], lambda stage: {}, never),
             Group("c", [SIZE], lambda stage: [{"size": 1}, {"size": 3}],
                   rounds=1)], ["before", "now"])
        self.assertEqual(failed, ["a (before)", "b (before)", "b (now)"])
        self.assertIn("a, before: left out: its schema is another", said)
        self.assertIn("| the rate | ≥ 0.5 | – | 1.00 (2: 1.00 … 1.00",
                      self.read())
        self.assertIn("2.00 MB **missed** (2: 1.00 MB … 3.00 MB", self.read())
        with open(self.json_path, encoding="utf-8") as file:
            written = {figure["name"]: figure["runs"] for figure
                       in json.load(file)["figures"]}
        self.assertEqual(written["rate"], {"before": [], "now": [1, 1]})

    def test_a_page_without_marks_is_refused(self):
        self.write("Nothing here.\n")
        with self.assertRaisesRegex(SystemExit, "no marks"):
            table.Page(self.page_path, [])
        self.assertEqual(self.read(), "Nothing here.\n")

    def test_each_row_has_its_own_words_and_what_was_asked_for_is_there(self):
        figures = [figure for group in bench.find_groups()
                   for figure in group.figures]
        words = [figure.what for figure in figures]
        self.assertEqual(sorted(set(words)), sorted(words))
        names = [figure.name for figure in figures]
        self.assertEqual([name for name in table.ASKED if name not in names],
                         [])


if __name__ == "__main__":
    unittest.main()
