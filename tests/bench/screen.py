"""A terminal's screen, from the bytes that a program writes to it: as much of
xterm as ncurses uses."""

import re

# A control sequence, a two-byte escape, an operating system command.
ESCAPE = re.compile(
    r"\033\[([?>=]?)([0-9;]*)([@-~])|\033[()*+].|\033\][^\a\033]*(?:\a|\033\\)"
    r"|\033([=>78MDEHc])")
INCOMPLETE = re.compile(r"\033(?:\[[?>=]?[0-9;]*|[()*+]?|\][^\a\033]*)$")


class Screen:
    """Lines of text and the place of the cursor; no attributes."""

    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.rest = ""
        self.last = " "
        self.clear()

    def clear(self):
        self.cells = [[" "] * self.columns for _ in range(self.lines)]
        self.line = self.column = 0
        self.top, self.bottom = 0, self.lines - 1

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.cells)

    def feed(self, text):
        text = self.rest + text
        incomplete = INCOMPLETE.search(text)
        self.rest = incomplete.group() if incomplete else ""
        text = text[:len(text) - len(self.rest)]
        at = 0
        while at < len(text):
            match = ESCAPE.match(text, at)
            if match:
                self.obey(match)
                at = match.end()
            else:
                self.put(text[at])
                at += 1

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.down()
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character == "\t":
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)
        elif character >= " ":
            if self.column == self.columns:
                self.column = 0
                self.down()
            self.cells[self.line][self.column] = character
            self.last = character
            self.column += 1

    def down(self):
        if self.line == self.bottom:
            self.scroll(self.top, 1)
        else:
            self.line = min(self.lines - 1, self.line + 1)

    def scroll(self, top, count):
        """Move the region from top on up by count lines (down: < 0)."""
        for _ in range(min(abs(count), self.lines)):
            blank = [" "] * self.columns
            if count > 0:
                del self.cells[top]
                self.cells.insert(self.bottom, blank)
            else:
                del self.cells[self.bottom]
                self.cells.insert(top, blank)

    def obey(self, match):
        private, numbers, final, single = match.groups()
        if single == "M":
            if self.line == self.top:
                self.scroll(self.top, -1)
            else:
                self.line = max(0, self.line - 1)
        if final is None or private:
            return
        given = [int(number or 0) for number in numbers.split(";")]
        count = max(1, given[0])
        column = min(self.column, self.columns - 1)
        row = self.cells[self.line]
        if final in "Hf":
            self.line = min(self.lines, count) - 1
            self.column = max(1, (given + [1])[1]) - 1
        elif final == "d":
            self.line = min(self.lines, count) - 1
        elif final in "G`":
            self.column = count - 1
        elif final == "A":
            self.line = max(0, self.line - count)
        elif final == "B":
            self.line = min(self.lines - 1, self.line + count)
        elif final == "C":
            self.column = min(self.columns - 1, column + count)
        elif final == "D":
            self.column = max(0, column - count)
        elif final == "J":
            self.erase(given[0])
        elif final == "K":
            first, end = {0: (column, self.columns), 1: (0, column + 1),
                          2: (0, self.columns)}[given[0]]
            row[first:end] = [" "] * (end - first)
        elif final == "X":
            end = min(self.columns, column + count)
            row[column:end] = [" "] * (end - column)
        elif final == "P":
            del row[column:column + count]
            row += [" "] * (self.columns - len(row))
        elif final == "@":
            row[column:column] = [" "] * count
            del row[self.columns:]
        elif final == "L":
            self.scroll(self.line, -count)
        elif final == "M":
            self.scroll(self.line, count)
        elif final == "S":
            self.scroll(self.top, count)
        elif final == "T":
            self.scroll(self.top, -count)
        elif final == "b":
            for _ in range(count):
                self.put(self.last)
        elif final == "r":
            self.top = count - 1
            self.bottom = ((given + [0])[1] or self.lines) - 1
            self.line = self.column = 0

    def erase(self, what):
        first = {0: self.line + 1, 1: 0, 2: 0}[what]
        end = {0: self.lines, 1: self.line, 2: self.lines}[what]
        for line in range(first, end):
            self.cells[line] = [" "] * self.columns
        row = self.cells[self.line]
        if what == 0:
            row[self.column:] = [" "] * (self.columns - self.column)
        elif what == 1:
            row[:self.column + 1] = [" "] * (self.column + 1)
