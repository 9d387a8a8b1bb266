"""The relay's speed against libcurl alone."""

from drains import Mix, drain, fill
from figures import Figure, Group

EVENTS = 100000
USERS = 1000

# Connections and time of an answer where the answer is slow.
SLOW_CONNECTIONS = 128
SLOW_MS = 50
SLOW_EVENTS = 12800


def prepare(stage):
    stage.kept["one"] = Mix(stage, "one", EVENTS, USERS)
    stage.kept["two"] = Mix(stage, "two", EVENTS, USERS, changes=True)
    stage.kept["fresh"] = fill(stage, "fresh.db", 1000, 1000)


def measure(stage):
    relay_one, floor_one = stage.kept["one"].run()
    relay_two, floor_two = stage.kept["two"].run()
    sink = stage.sink()
    fresh = drain(stage, stage.copy(stage.kept["fresh"]), sink)
    return {
        "drain-one-call": floor_one.seconds / relay_one.seconds,
        "drain-one-call-cpu": floor_one.cpu_s / relay_one.cpu_s,
        "drain-two-calls": floor_two.seconds / relay_two.seconds,
        "drain-two-calls-cpu": floor_two.cpu_s / relay_two.cpu_s,
        "drain-rate": EVENTS / relay_one.seconds,
        "drain-memory": relay_two.memory_mb,
        # Without each user's first event, which needs the contact.
        "calls-new": fresh.calls / fresh.events,
        "calls-changed": (relay_two.calls - 2 * USERS) / (EVENTS - USERS),
        "calls-unchanged": (relay_one.calls - 2 * USERS) / (EVENTS - USERS),
    }


def prepare_slow(stage):
    stage.kept["slow"] = fill(stage, "slow.db", SLOW_EVENTS, SLOW_EVENTS)


def measure_slow(stage):
    sink = stage.sink("--latency", SLOW_MS)
    run = drain(stage, stage.copy(stage.kept["slow"]), sink, SLOW_CONNECTIONS)
    return {"slow": run.calls / run.seconds
            / (SLOW_CONNECTIONS / (SLOW_MS / 1000))}


GROUPS = [
    Group("drain", [
        Figure("drain-one-call", "draining 100,000 events of 1,000 users, one "
               "call each, 32 connections ÷ libcurl alone", (">=", 0.60)),
        Figure("drain-one-call-cpu", "processor time of libcurl alone ÷ of "
               "the relay, one call each"),
        Figure("drain-two-calls", "the same with two calls an event ÷ libcurl "
               "alone at the same number of calls", (">=", 0.70)),
        Figure("drain-two-calls-cpu", "processor time of libcurl alone ÷ of "
               "the relay, two calls each"),
        Figure("drain-rate", "draining 100,000, one call each: events a "
               "second", None, "/s", 0),
        Figure("drain-memory", "resident memory, draining 100,000",
               ("<", 25), "MB", 1),
        Figure("calls-new", "calls per event: new user", ("=", 2)),
        Figure("calls-changed", "calls per event: known user with changes",
               ("=", 2)),
        Figure("calls-unchanged", "calls per event: known user, unchanged",
               ("=", 1)),
    ], measure, prepare),
    Group("slow", [
        Figure("slow", "draining at 50 ms an answer, 128 connections ÷ "
               "connections / latency", (">=", 0.95)),
    ], measure_slow, prepare_slow),
]
