"""Instructions, counted by callgrind: the same on a busy machine as on a quiet
one, unlike time. The system's own are not in them."""

import os
import re

from bodies import write_webhooks
from drains import fill
from figures import TOKEN, Figure, Group, environment

EVENTS = 2000
USERS = 200


def count(stage, arguments):
    """Instructions of a run of the program."""
    err = stage.path("run.err")
    stage.run(["valgrind", "--tool=callgrind",
               f"--callgrind-out-file={stage.path('callgrind.out')}",
               stage.program, *arguments], environment(INTERCOM_TOKEN=TOKEN))
    with open(err, encoding="utf-8") as file:
        return int(re.search(r"Collected : (\d+)", file.read()).group(1))


def drained(stage, database):
    sink = stage.sink()
    return count(stage, ["-d", stage.copy(database), "run", "--drain",
                         "--api-url", sink.url])


def measure(stage):
    empty = drained(stage, stage.new_database("none.db"))
    one = drained(stage, fill(stage, "one.db", EVENTS, USERS))
    two = drained(stage, fill(stage, "two.db", EVENTS, USERS, changes=True))
    bodies = write_webhooks(stage.path("bodies"), EVENTS, USERS)
    nothing = stage.path("nothing")
    with open(nothing, "w", encoding="utf-8"):
        pass
    database = stage.new_database("enqueue.db")
    enqueue_nothing = count(stage, ["-d", database, "enqueue", nothing])
    enqueue = count(stage, ["-d", database, "enqueue", bodies])
    os.unlink(stage.path("callgrind.out"))
    return {"instructions-one-call": (one - empty) / EVENTS / 1000,
            "instructions-two-calls": (two - empty) / EVENTS / 1000,
            "instructions-enqueue": (enqueue - enqueue_nothing)
            / EVENTS / 1000}


GROUPS = [
    Group("instructions", [
        Figure("instructions-one-call", "thousand instructions a drained "
               "event, one call each", None, "", 0),
        Figure("instructions-two-calls", "thousand instructions a drained "
               "event, two calls each", None, "", 0),
        Figure("instructions-enqueue", "thousand instructions an enqueued "
               "event", None, "", 0),
    ], measure, rounds=1),
]
