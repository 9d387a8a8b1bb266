"""From a key to the screen, on a large outbox: scripts/paint [FILE].

The console runs on a pseudo-terminal; a key is written, and the time until the
first byte of what it draws is taken: several times each, median and worst are
printed. Exit 1 if a median is over the limit, or the idle console takes more
than a hundredth of a processor.
"""

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROGRAM = os.environ.get("SUBRELAY",
                         os.path.join(ROOT, "build", "release", "subrelay"))
DELIVERIES = 1000000
TIMES = 9
LIMIT_MS = 50
IDLE_S = 10
QUIET_S = 0.15

# What is measured, the keys that lead there and are not, and the key itself.
KEYS = [
    ("next page", b"2g", b"\x1b[6~"),
    ("page before", b"2G", b"\x1b[5~"),
    ("jump to the end", b"2g", b"G"),
    ("jump to the beginning", b"2G", b"g"),
    ("filter: one user", b"2g/\x15user:user-1234", b"\r"),
    ("filter: failed ones of a reason", b"2g/\x15state:failed reason:gave_up",
     b"\r"),
    ("filter: none", b"2/\x15", b"\r"),
    ("open one delivery", b"2g", b"\r"),
    ("overview", b"2", b"1"),
    ("operations", b"1", b"4"),
]


class Console:
    """The console on a terminal of 80 by 24."""

    def __init__(self, database):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execv(PROGRAM, [PROGRAM, "-d", database, "tui"])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))

    def drain(self, quiet_s=QUIET_S):
        """Read until nothing comes; what came, and when its first byte did."""
        first, data = None, b""
        while select.select([self.terminal], [], [],
                            quiet_s if data else 5)[0]:
            piece = os.read(self.terminal, 65536)
            first = first or time.perf_counter()
            data += piece
            if len(piece) == 0:
                break
        return first, data

    def settle(self):
        while select.select([self.terminal], [], [], QUIET_S)[0]:
            os.read(self.terminal, 65536)

    def press(self, keys):
        """Milliseconds from the keys to the first byte of the screen."""
        began = time.perf_counter()
        os.write(self.terminal, keys)
        first, _ = self.drain()
        if first is None:
            raise SystemExit("nothing was drawn")
        return (first - began) * 1000

    def ticks(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def idle(self):
        """The share of a processor that it takes while nothing happens."""
        before, end = self.ticks(), time.monotonic() + IDLE_S
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                os.read(self.terminal, 65536)
        return (self.ticks() - before) / os.sysconf("SC_CLK_TCK") / IDLE_S

    def quit(self):
        os.write(self.terminal, b"\x1b")
        self.settle()
        os.write(self.terminal, b"q")
        try:
            while os.read(self.terminal, 65536):
                pass
        except OSError:  # it is closed
            pass
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def measure_first(database):
    """From the start of the process to the first screen, and to the whole of
    it, with the causes."""
    began = time.perf_counter()
    console = Console(database)
    first, data = None, b""
    while b"archived" not in data:
        if not select.select([console.terminal], [], [], 10)[0]:
            raise SystemExit("no first screen")
        data += os.read(console.terminal, 65536)
        last = time.perf_counter()
        first = first or (b"Intercom" in data and last) or None
    console.settle()
    console.quit()
    return (first - began) * 1000, (last - began) * 1000


def tell(name, times, limit_ms=LIMIT_MS):
    median = statistics.median(times)
    print(f"{name:34} {median:8.1f} ms {max(times):8.1f} ms"
          f"{'   over the limit' if median > limit_ms else ''}", flush=True)
    return median <= limit_ms


def measure(database):
    print(f"{'KEY TO SCREEN':34} {'median':>11} {'worst':>11}")
    first, whole = zip(*(measure_first(database) for _ in range(TIMES)))
    good = tell("start to first screen", first)
    good = tell("start to what failed, by cause", whole, 4 * LIMIT_MS) and good
    console = Console(database)
    console.settle()
    for name, way, key in KEYS:
        times = []
        for _ in range(TIMES):
            os.write(console.terminal, way)
            console.settle()
            times.append(console.press(key))
            console.settle()
        good = tell(name, times) and good
    share = console.idle()
    console.quit()
    print(f"{'idle':34} {share * 100:8.2f} % of a processor")
    return good and share < 0.01


def main(words):
    if not os.access(PROGRAM, os.X_OK):
        raise SystemExit(f"{PROGRAM} is not there: build a release first "
                         "(scripts/demo does)")
    if words:
        return measure(words[0])
    with tempfile.TemporaryDirectory(prefix="subrelay-paint-") as folder:
        database = os.path.join(folder, "outbox.db")
        subprocess.run([os.path.join(ROOT, "scripts", "fill"),
                        str(DELIVERIES), database], check=True)
        return measure(database)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
