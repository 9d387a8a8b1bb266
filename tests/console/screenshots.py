"""Drive the demo and draw its screens: scripts/screenshots calls this."""

import os
import re
import shutil
import sys
import tempfile

import picture
from terminal import PROGRAM, Terminal

COLUMNS, LINES = 84, 26


class Album:
    """The demo in a terminal, and a folder for its pictures."""

    def __init__(self, folder, temporary):
        self.folder = folder
        self.demo = Terminal(temporary, COLUMNS, LINES,
                             env={"TMPDIR": temporary})
        self.demo.start(PROGRAM, "demo")

    def draw(self, name, title):
        path = os.path.join(self.folder, f"{name}.svg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(picture.draw(self.demo.screen_with_attributes(),
                                    COLUMNS, title))
        print(path)

    def take(self):
        demo = self.demo
        demo.wait("[1 Overview]", "event name archived")
        demo.wait_for(r"event name archived.*? +([4-9]|\d\d) ")
        demo.keys("k", "k")
        self.draw("overview", "Overview: how it is going, what waits, what "
                  "failed and why")
        demo.keys("2", "/")
        demo.wait("Filter:")
        demo.type("state:failed")
        demo.keys("Enter")
        demo.wait_for(r" \d\d match of")
        demo.keys("g")
        demo.wait_for(r"^>  failed .*product change")
        self.draw("deliveries", "Deliveries, those that failed")
        demo.keys("Enter")
        demo.wait("Why", "POST /events", "Next step")
        self.draw("delivery", "One delivery: why, what to do, every call")
        demo.keys("E")
        demo.wait("edit: Product change", "New name")
        demo.keys("C-u")
        demo.type("Plan Changed")
        demo.wait('{"event_name":"Plan Changed"', "Careful")
        demo.wait_for("failed take it")
        self.draw("names", "Names: a change with a preview on a real event")
        demo.keys("Enter")
        demo.wait("Version 2, by")
        demo.keys("2")
        demo.wait("[2 Deliveries]")
        demo.keys("a")
        demo.wait("marked")
        demo.keys("R")
        number = demo.wait_for(r"Type (\d+) to").group(1)
        demo.wait("Sample")
        self.draw("plan", "A retry of many is a plan first")
        demo.type(number)
        demo.keys("Enter")
        demo.keys("4")
        demo.wait("[4 Operations]", f"{number}/{number}")
        demo.wait_until(lambda text: re.search(r"[1-9]\d* delivered", text)
                        and " wait" in text, "a retry under way")
        self.draw("operations", "Operations: how far they are, what became "
                  "of them")
        demo.keys("q")
        demo.wait_end()


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    temporary = tempfile.mkdtemp(prefix="subrelay-screens-")
    album = Album(folder, temporary)
    try:
        album.take()
    finally:
        album.demo.close()
        shutil.rmtree(temporary)


if __name__ == "__main__":
    main()
