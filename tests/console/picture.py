"""A terminal's screen, as tmux captures it with attributes, drawn as SVG."""

import re
import unicodedata
from xml.sax.saxutils import escape

CELL_WIDTH = 8.4
CELL_HEIGHT = 18
FONT_SIZE = 14
MARGIN = 12
FAMILY = ("ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, "
          "'Liberation Mono', monospace")

# The sixteen colours on a dark ground.
PALETTE = ["#2e3436", "#ef5350", "#7cb342", "#e0b000", "#64a0e0", "#b48ad0",
           "#3fb0b8", "#d3d7cf", "#777b78", "#ff7370", "#9ccc65", "#ffd54f",
           "#8ab8f0", "#d0a8e8", "#60d0d8", "#ffffff"]
LETTERS = "#d3d7cf"
GROUND = "#1b1e20"

PIECES = re.compile(r"\033\[([0-9;:]*)m|\033[()].|\016|\017")


class Style:
    """What is in force at a cell."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.letters = None
        self.ground = None
        self.bold = self.dim = self.reverse = self.underline = False

    def take(self, numbers):
        """Apply the numbers of one SGR sequence."""
        rest = [int(number or 0) for number in
                re.split("[;:]", numbers)] if numbers else [0]
        while rest:
            number = rest.pop(0)
            if number == 0:
                self.reset()
            elif number == 1:
                self.bold = True
            elif number == 2:
                self.dim = True
            elif number == 4:
                self.underline = True
            elif number == 7:
                self.reverse = True
            elif number == 22:
                self.bold = self.dim = False
            elif number == 24:
                self.underline = False
            elif number == 27:
                self.reverse = False
            elif 30 <= number <= 37:
                self.letters = PALETTE[number - 30]
            elif 90 <= number <= 97:
                self.letters = PALETTE[number - 82]
            elif 40 <= number <= 47:
                self.ground = PALETTE[number - 40]
            elif number == 39:
                self.letters = None
            elif number == 49:
                self.ground = None
            elif number in (38, 48) and rest[:1] == [5]:
                colour = PALETTE[rest[1] % 16]
                rest = rest[2:]
                if number == 38:
                    self.letters = colour
                else:
                    self.ground = colour

    def look(self):
        """Letters, ground (None: the terminal's own), bold, dim,
        underline."""
        letters, ground = self.letters or LETTERS, self.ground
        if self.reverse:
            letters, ground = ground or GROUND, letters
        return letters, ground, self.bold, self.dim, self.underline


def words_of(look):
    """A look as a set of words, the terminal's own colours left out."""
    letters, ground, bold, dim, underline = look
    words = {letters} - {LETTERS, GROUND}
    words |= {"reverse"} if ground == LETTERS else {ground} - {None}
    words |= {"bold"} if bold else set()
    words |= {"dim"} if dim else set()
    return words | ({"underline"} if underline else set())


def columns_of(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def read_runs(line, style):
    """The line as (column, columns, text, look), one for each look."""
    runs, column, at = [], 0, 0

    def add(text):
        nonlocal column
        if text:
            columns = sum(columns_of(character) for character in text)
            runs.append((column, columns, text, style.look()))
            column += columns
    for match in PIECES.finditer(line):
        add(line[at:match.start()])
        if match.group(1) is not None:
            style.take(match.group(1))
        at = match.end()
    add(line[at:])
    return runs


def draw_run(run, top):
    """The elements of a run of cells of one look."""
    column, columns, text, (letters, ground, bold, dim, underline) = run
    x = MARGIN + column * CELL_WIDTH
    width = columns * CELL_WIDTH
    if ground:
        yield (f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" '
               f'height="{CELL_HEIGHT}" fill="{ground}"/>')
    if not text.strip():
        return
    # Blanks at the ends are no part of what is stretched to its cells.
    lead = len(text) - len(text.lstrip(" "))
    text = text.strip(" ")
    x += lead * CELL_WIDTH
    width = sum(columns_of(character) for character in text) * CELL_WIDTH
    more = ' font-weight="bold"' if bold else ""
    more += ' opacity="0.65"' if dim else ""
    more += ' text-decoration="underline"' if underline else ""
    yield (f'<text x="{x:.1f}" y="{top + 14}" textLength="{width:.1f}" '
           f'lengthAdjust="spacingAndGlyphs" fill="{letters}"{more} '
           f'xml:space="preserve">{escape(text)}</text>')


def draw(lines, columns, title):
    """The SVG of a screen of so many columns."""
    width = columns * CELL_WIDTH + 2 * MARGIN
    height = len(lines) * CELL_HEIGHT + 2 * MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" '
           f'width="{width:.0f}" height="{height}" '
           f'viewBox="0 0 {width:.0f} {height}" '
           f'font-family="{FAMILY}" font-size="{FONT_SIZE}">',
           f"<title>{escape(title)}</title>",
           f'<rect width="100%" height="100%" rx="6" fill="{GROUND}"/>']
    style = Style()
    for number, line in enumerate(lines):
        for run in read_runs(line, style):
            out.extend(draw_run(run, MARGIN + number * CELL_HEIGHT))
    out.append("</svg>\n")
    return "\n".join(out)
