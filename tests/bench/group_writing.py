"""Events in, against SQLite alone; and producers beside a busy relay."""

import json

from bodies import write_rows, write_webhooks
from drains import fill
from figures import Figure, Group

ENQUEUED = 100000
GROUP_BODIES = 100  # of enqueue (src/cli/command_enqueue.c)
SINGLE = 5000
USERS = 1000

BESIDE_RATE = 200
BESIDE_S = 8
BESIDE_BACKLOG = 400000


def prepare(stage):
    stage.kept["bodies"] = write_webhooks(stage.path("enqueue"), ENQUEUED,
                                          USERS)
    stage.kept["rows"] = write_rows(stage.path("enqueue.rows"), ENQUEUED,
                                    USERS)
    stage.kept["single"] = write_rows(stage.path("single.rows"), SINGLE, USERS)


def floor(stage, rows, group):
    """Seconds that SQLite alone takes."""
    path = stage.path("floor.db")
    stage.remove(path)
    _, took_s, _ = stage.tool("bench_floor_sqlite", path, rows, group)
    return took_s


def measure(stage):
    database = stage.new_database("writing.db")
    _, enqueue_s, _ = stage.command(database, "enqueue", stage.kept["bodies"])
    enqueue_floor_s = floor(stage, stage.kept["rows"], GROUP_BODIES)
    database = stage.new_database("writing.db")
    _, single_s, _ = stage.tool("bench_producer", database,
                                stage.kept["single"], 0)
    single_floor_s = floor(stage, stage.kept["single"], 1)
    return {"enqueue": enqueue_floor_s / enqueue_s,
            "enqueue-rate": ENQUEUED / enqueue_s,
            "insert": single_floor_s / single_s}


def prepare_beside(stage):
    stage.kept["backlog"] = fill(stage, "backlog.db", BESIDE_BACKLOG, USERS)
    stage.kept["beside"] = write_rows(
        stage.path("beside.rows"), BESIDE_RATE * BESIDE_S, USERS,
        first=BESIDE_BACKLOG)


def produce(stage, database):
    out, _, _ = stage.tool("bench_producer", database, stage.kept["beside"],
                           BESIDE_RATE)
    return json.loads(out)


def measure_beside(stage):
    alone = produce(stage, stage.copy(stage.kept["backlog"]))
    sink = stage.sink()
    database = stage.copy(stage.kept["backlog"])
    relay = stage.relay(database, sink.url)
    sink.wait_for_events(1000)
    beside = produce(stage, database)
    drained = sink.get()["events"]
    if drained >= BESIDE_BACKLOG or not relay.is_running():
        raise AssertionError("the relay was done before the producer was")
    return {"beside-p50": beside["p50_us"] / alone["p50_us"],
            "beside-p99": beside["p99_us"] / alone["p99_us"],
            "beside-longest": beside["longest_us"] / 1000}


GROUPS = [
    Group("writing", [
        Figure("enqueue", "enqueue, 100 a transaction ÷ SQLite alone with the "
               "same rows", (">=", 0.6)),
        Figure("enqueue-rate", "enqueue: events a second", None, "/s", 0),
        Figure("insert", "one INSERT a transaction by SQL ÷ SQLite alone",
               (">=", 0.8)),
    ], measure, prepare),
    Group("beside", [
        Figure("beside-p50", "a producer committing one INSERT at 200/s while "
               "the relay drains flat out ÷ the same alone: p50",
               ("<=", 1.5)),
        Figure("beside-p99", "a producer committing one INSERT at 200/s while "
               "the relay drains flat out ÷ the same alone: p99", ("<=", 5)),
        Figure("beside-longest", "a producer committing one INSERT at 200/s "
               "while the relay drains flat out: its longest", None, "ms", 1),
    ], measure_beside, prepare_beside),
]
