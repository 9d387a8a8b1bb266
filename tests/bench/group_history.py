"""What lies beside must not matter: a long history, a user who is stuck.

Two files that differ in the million rows alone. Each round writes the same new
events into both, by the same program, and drains both, the one and then the
other, in the next round the other first. A file with millions of rows is made
once: it stays in the system's cache as the small one does, and copying it for
each round would take longer than all of the rest.
"""

from bodies import FIRST_MS, write_webhooks
from drains import drain
from figures import Figure, Group
from histories import (blocked_behind_one, deliver_all, share_users,
                       take_filled)

EVENTS = 100000
USERS = 1000
# Neighbours in turn would share pages where there are few users, and nowhere
# else: they come in turn nowhere.
STRIDE = 389
HISTORY = 5000000
BLOCKED = 1000000


class Pair:
    """The outbox with the rows beside, and the one without."""

    def __init__(self, stage, beside, without):
        self.stage = stage
        self.beside = beside
        self.without = without
        self.round = 0

    def drain_one(self, database, bodies, code):
        self.stage.command(database, "enqueue", bodies)
        run = drain(self.stage, database, self.stage.sink(), code=code)
        self.stage.end_daemons()
        if run.events != EVENTS:
            raise AssertionError(f"{run.events} events of {EVENTS} arrived")
        return run

    def compare(self, code):
        """(rate, processor time) beside the rows ÷ without, higher is better;
        a drain of the former ends with this code. Both make the same calls."""
        bodies = write_webhooks(self.stage.path("bodies"), EVENTS, USERS,
                                first=self.round * EVENTS, stride=STRIDE)
        runs = {}
        pair = [(self.without, 0), (self.beside, code)]
        for database, ends in pair if self.round % 2 else reversed(pair):
            runs[database] = self.drain_one(database, bodies, ends)
        self.round += 1
        beside, without = runs[self.beside], runs[self.without]
        if (beside.calls, beside.body_bytes) != \
                (without.calls, without.body_bytes):
            raise AssertionError(f"{beside.calls} calls and {without.calls}")
        return (without.seconds / beside.seconds,
                without.cpu_s / beside.cpu_s)


def prepare_history(stage):
    """The same 1,000 users are known in both files, with what was last sent
    to them: the rows of the history are the difference."""
    database = take_filled(stage, HISTORY)
    deliver_all(database)
    bare = stage.new_database("bare.db")
    share_users(database, bare, [f"user-{n}" for n in range(USERS)],
                FIRST_MS - 1000)
    stage.sync(database)
    stage.sync(bare)
    stage.kept["bare"] = bare
    stage.kept["history"] = Pair(stage, database, None)


def measure_history(stage):
    """The small file is a new copy each round: it has no history at all."""
    pair = stage.kept["history"]
    pair.without = stage.copy(stage.kept["bare"])
    rate, cpu = pair.compare(code=0)
    return {"history": rate, "history-cpu": cpu}


def prepare_blocked(stage):
    """Both files keep what the rounds delivered."""
    stage.kept["blocked"] = Pair(
        stage, blocked_behind_one(stage, "blocked.db", BLOCKED, 50000000),
        stage.new_database("bare.db"))


def measure_blocked(stage):
    # Something is left when the drain is done, and exit 1 says so.
    rate, cpu = stage.kept["blocked"].compare(code=1)
    return {"blocked": rate, "blocked-cpu": cpu}


def remove(name):
    def end(stage):
        """A gigabyte and more, which nobody needs now."""
        stage.remove(stage.kept.pop(name).beside)
    return end


GROUPS = [
    Group("history", [
        Figure("history", "draining 100,000, one call each, with 5,000,000 "
               "delivered rows of history ÷ without", (">=", 0.90)),
        Figure("history-cpu", "processor time of the relay without ÷ with "
               "5,000,000 delivered rows of history"),
    ], measure_history, prepare_history, end=remove("history"), full=True),
    Group("blocked", [
        Figure("blocked", "draining 100,000, one call each, with 1,000,000 "
               "rows blocked behind one stuck user ÷ without", (">=", 0.95)),
        Figure("blocked-cpu", "processor time of the relay without ÷ with "
               "1,000,000 rows blocked behind one stuck user"),
    ], measure_blocked, prepare_blocked, end=remove("blocked"), full=True),
]
