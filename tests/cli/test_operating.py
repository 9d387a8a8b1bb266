"""What docs/operating.md tells: its steps, run and checked one by one, and the
page against them."""

import os
import re
import unittest

import operating
from harness import Case

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                    "docs", "operating.md")


class Operating(Case):
    def test_every_step_comes_to_what_the_page_says(self):
        story = operating.Story(self.folder)
        self.addCleanup(story.end)
        commands = {}
        for function in operating.STEPS:
            with self.subTest(step=function.__name__):
                function(story)
            commands[operating.title_of(function)] = [
                operating.shown(command, story) for command, _ in story.seen]
            story.seen.clear()
        self.check_page(commands)

    def check_page(self, commands):
        """The page has these steps, with these commands."""
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        parts = re.split(r"(?m)^## (.*)$", page)[1:]
        told = {title: re.findall(r"(?m)^\$ .*$", text)
                for title, text in zip(parts[::2], parts[1::2])}
        self.assertEqual(told, commands)


if __name__ == "__main__":
    unittest.main()
