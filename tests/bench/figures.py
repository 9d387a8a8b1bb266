"""What a figure is, and the stage that it is measured on."""

import dataclasses
import json
import operator
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "end_to_end"))

from support import TOKEN, Daemon, environment, wait_until  # noqa: E402

COMPARE = {">=": operator.ge, "<=": operator.le, "<": operator.lt,
           "=": operator.eq}
LIMIT_S = 600  # of one program; the longest drain takes a third of it
SIGNS = {">=": "≥ ", "<=": "≤ ", "<": "< ", "=": ""}


@dataclasses.dataclass(frozen=True)
class Figure:
    """A row of the table. must is (comparison, value), or None: reported. No
    two rows have the same words (what): they are known by them in a page."""

    name: str
    what: str
    must: tuple | None = None
    unit: str = ""
    digits: int = 2
    is_detail: bool = False  # printed and written, but not in a page

    def shown(self, value):
        return f"{value:,.{self.digits}f}{' ' * bool(self.unit)}{self.unit}"

    def wanted(self):
        if self.must is None:
            return "reported"
        comparison, value = self.must
        return f"{SIGNS[comparison]}{value:,g}{' ' * bool(self.unit)}{self.unit}"

    def is_reached(self, value):
        if self.must is None:
            return True
        comparison, bound = self.must
        return COMPARE[comparison](round(value, self.digits + 1), bound)


@dataclasses.dataclass(frozen=True)
class Group:
    """Figures that are measured together. prepare(stage), if there is one, is
    called once for each program; round(stage) as often as rounds says, the
    programs in turn, and returns {figure's name: value}, or a list of these
    where it makes several runs at once; end(stage) at last."""

    name: str
    figures: list
    round: object
    prepare: object = None
    end: object = None
    rounds: int = 5
    full: bool = False  # only with --full, or when it is named

    def with_rounds(self, rounds):
        return self if self.rounds == 1 else dataclasses.replace(
            self, rounds=rounds)


class Stage:
    """A program that is measured, with a folder for its files and the
    processes around it. Every process is ended with the stage."""

    def __init__(self, label, program, tools, is_full):
        self.label = label
        self.program = program
        self.tools = tools
        self.is_full = is_full
        self.folder = tempfile.mkdtemp(prefix="subrelay-bench-")
        self.daemons = []
        self.kept = {}  # what prepare() wants to find again

    def close(self):
        self.end_daemons()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def end_daemons(self):
        for daemon in self.daemons:
            daemon.kill()
        self.daemons = []

    # --- processes

    def run(self, arguments, env=None, code=0, limit_s=LIMIT_S):
        """Run to the end, which must be this code; (stdout, seconds, rusage).
        What runs longer than the limit is ended, and fails so.
        """
        with open(self.path("run.out"), "w+b") as out, \
                open(self.path("run.err"), "w+b") as err:
            began = time.monotonic()
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=self.folder, env=env or environment())
            limit = threading.Timer(limit_s, process.kill)
            limit.start()
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
            finally:
                limit.cancel()
            took_s = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != code:
                err.seek(0)
                sys.exit(f"{' '.join(arguments)}\nended with "
                         f"{process.returncode}: {err.read().decode()[-2000:]}")
            out.seek(0)
            return out.read().decode(), took_s, usage

    def tool(self, name, *arguments):
        return self.run([os.path.join(self.tools, name),
                         *map(str, arguments)])

    def command(self, database, *arguments, code=0):
        return self.run([self.program, "-d", database, *arguments],
                        environment(INTERCOM_TOKEN=TOKEN), code)

    def daemon(self, name, arguments, env=None, program=None):
        daemon = Daemon(name, arguments, self.folder, env,
                        program=program or self.program)
        self.daemons.append(daemon)
        return daemon

    def sink(self, *arguments):
        return Sink(self, *arguments)

    def relay(self, database, url, *arguments):
        """A relay that goes on until it is ended."""
        relay = self.daemon(
            f"relay-{len(self.daemons)}",
            ["-d", database, "run", "--api-url", url, *arguments],
            environment(INTERCOM_TOKEN=TOKEN))
        relay.wait_for(relay.err, "relaying ")
        return relay

    # --- databases

    def new_database(self, name):
        database = self.path(name)
        self.remove(database)
        self.command(database, "init")
        return database

    def remove(self, database):
        """With all that stands beside it: a log that is left would be taken
        for that of the next file of this name."""
        for end in ("", "-wal", "-shm", ".lock"):
            if os.path.exists(database + end):
                os.unlink(database + end)

    def copy(self, database, name="copy.db"):
        """A copy that is on the disk: nothing of it is written later on."""
        copy = self.path(name)
        self.remove(copy)
        shutil.copyfile(database, copy)
        self.sync(copy)
        return copy

    def sync(self, database):
        """Nothing of it is written later on."""
        with open(database, "rb") as file:
            os.fsync(file.fileno())

    def rename(self, database, name):
        """A database that nobody has open; its new path."""
        self.remove(self.path(name))
        os.rename(database, self.path(name))
        return self.path(name)


class Sink:
    """bench_sink: answers like Intercom, counts what comes."""

    def __init__(self, stage, *arguments):
        daemon = stage.daemon(f"sink-{len(stage.daemons)}",
                              [str(word) for word in arguments],
                              program=os.path.join(stage.tools, "bench_sink"))
        daemon.wait_for(daemon.out, "\n")
        self.daemon = daemon
        self.url = daemon.out().split()[-1]

    def get(self, path="/_sink"):
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def clear(self):
        urllib.request.urlopen(self.url + "/_sink", data=b"",
                               timeout=60).close()

    def wait_for_events(self, count, seconds=90):
        wait_until(lambda: self.get()["events"] >= count,
                   f"{count} events at the sink", seconds)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def median(values):
    return statistics.median(values)
