"""What one core does, and what the program weighs."""

import os
import re
import shutil

from bodies import webhooks
from drains import Mix, drain
from figures import Figure, Group
from histories import insert_through_the_door

SANDBOX_CONNECTIONS = 32
SANDBOX_EVENTS = 100000
SANDBOX_USERS = 1000

MILLION = 1000000
MILLION_USERS = 100000


def measure_map(stage):
    """bench_map links the code of this build: there is no "before"."""
    if stage.label != "now":
        return {}
    out, _, _ = stage.tool("bench_map")
    rates = dict(re.findall(r"^(map[^:]*): (\d+) bodies/s", out, re.M))
    return {"map": float(rates["map"]), "map-json": float(rates["map --json"])}


def prepare_sandbox(stage):
    """All contacts first: over many connections at once an event would come
    before its user, whom the sandbox has to know."""
    mix = Mix(stage, "sandbox", SANDBOX_EVENTS, SANDBOX_USERS)
    with open(mix.calls, encoding="utf-8") as file:
        calls = sorted(file, key=lambda call: call.startswith("POST /events"))
    with open(mix.calls, "w", encoding="utf-8") as file:
        file.writelines(calls)
    stage.kept["sandbox"] = mix


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_sandbox(stage):
    sandbox = stage.daemon("sandbox", ["sandbox", "--listen", "127.0.0.1:0"])
    sandbox.wait_for(sandbox.out, "\n")
    url = sandbox.out().split()[-1]
    calls = stage.kept["sandbox"].calls
    with open(calls, encoding="utf-8") as file:
        count = sum(1 for _ in file)
    stage.tool("bench_floor_curl", url, SANDBOX_CONNECTIONS, calls)
    return {"sandbox": count / cpu_s(sandbox.pid)}


def measure_size(stage):
    stripped = stage.path("stripped")
    shutil.copy(stage.program, stripped)
    stage.run(["strip", stripped])
    return {"size": os.path.getsize(stripped) / 1e6}


def prepare_million(stage):
    stage.kept["million"] = insert_through_the_door(
        stage, "million.db", webhooks(MILLION, MILLION_USERS, changes=True))


def measure_million(stage):
    """Once: what it holds at most does not differ from run to run."""
    run = drain(stage, stage.kept["million"], stage.sink())
    if run.events != MILLION:
        raise AssertionError(f"{run.events} events of {MILLION} arrived")
    return {"million-memory": run.memory_mb,
            "million-rate": run.events / run.seconds}


def end_million(stage):
    stage.remove(stage.kept.pop("million"))


GROUPS = [
    Group("map", [
        Figure("map", "map: bodies a second on one core", (">=", 50000), "/s",
               0),
        Figure("map-json", "map --json: bodies a second on one core",
               (">=", 50000), "/s", 0),
    ], measure_map, rounds=3),
    Group("sandbox", [
        Figure("sandbox", "the sandbox: requests a second of one core",
               (">=", 20000), "/s", 0),
    ], measure_sandbox, prepare_sandbox, rounds=3),
    Group("size", [Figure("size", "the binary, stripped", ("<", 2), "MB")],
          measure_size, rounds=1),
    Group("million", [
        Figure("million-memory", "resident memory, draining 1,000,000 of "
               "100,000 users", ("<", 25), "MB", 1),
        Figure("million-rate", "draining 1,000,000, two calls each: events a "
               "second", None, "/s", 0),
    ], measure_million, prepare_million, end_million, rounds=1, full=True),
]
