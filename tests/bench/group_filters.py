"""What each filter takes on a long history: the first page, and the number."""

from figures import Figure, Group
from fill import fill

MILLION = 1000000

# Those with a way in of their own, whose first page must be there at once.
SELECTIVE = {
    "id": "id:500000", "user": "user:user-77", "failed": "state:failed",
    "sending": "state:sending", "code": "code:422", "reason": "reason:gave_up",
}
OTHERS = {
    "all": "", "pending": "state:pending", "delivered": "state:delivered",
    "failed-text": "state:failed nowhere",
    "event": "event:trial_started", "age": "age:>80d", "text": "nowhere",
}


def prepare_rows(count):
    def prepare(stage):
        database = stage.path(f"filled-{count}.db")
        fill(database, count)
        stage.kept[f"filled-{count}"] = database
    return prepare


def measure_rows(count):
    def measure(stage):
        """Milliseconds, of a process from its start to its end."""
        database = stage.kept[f"filled-{count}"]
        took = {}
        for name, words in {**SELECTIVE, **OTHERS}.items():
            filters = words.split()
            _, page_s, _ = stage.command(database, "list", *filters)
            _, count_s, _ = stage.command(database, "list", "--count",
                                          *filters)
            took[f"filter-{name}-{count}"] = page_s * 1000
            took[f"count-{name}-{count}"] = count_s * 1000
        _, status_s, _ = stage.command(database, "status")
        took[f"status-{count}"] = status_s * 1000
        return took
    return measure


def figures(count):
    rows = []
    shown = f"{count:,} deliveries"
    for name, words in {**SELECTIVE, **OTHERS}.items():
        rows.append(Figure(
            f"filter-{name}-{count}",
            f"`list {words}`".replace(" `", "`") + f", {shown}",
            ("<", 50) if name in SELECTIVE and count == MILLION else None,
            "ms", 1))
        rows.append(Figure(f"count-{name}-{count}", "its exact number", None,
                           "ms", 1))
    rows.append(Figure(f"status-{count}", f"`status`, {shown}", None, "ms",
                       1))
    return rows


GROUPS = [
    Group("filters", figures(MILLION), measure_rows(MILLION),
          prepare_rows(MILLION), full=True),
    Group("filters5", figures(5 * MILLION), measure_rows(5 * MILLION),
          prepare_rows(5 * MILLION), full=True),
]
