"""What each filter takes on a long history: the first page, and the number."""

from figures import Figure, Group
from histories import filled

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


def measure_rows(count):
    def measure(stage):
        """Milliseconds, of a process from its start to its end."""
        database = filled(stage, count)
        took = {}
        for name, words in {**SELECTIVE, **OTHERS}.items():
            filters = words.split()
            _, page_s, _ = stage.command(database, "list", *filters)
            _, count_s, _ = stage.command(database, "list", "--count",
                                          *filters)
            took[f"filter-{name}-{count}"] = page_s * 1000
            took[f"count-{name}-{count}"] = count_s * 1000
        for kind, names in (("selective", SELECTIVE), ("other", OTHERS)):
            took[f"filters-{kind}-{count}"] = max(
                took[f"filter-{name}-{count}"] for name in names)
        took[f"filters-count-{count}"] = max(
            took[f"count-{name}-{count}"] for name in {**SELECTIVE, **OTHERS})
        _, status_s, _ = stage.command(database, "status")
        took[f"status-{count}"] = status_s * 1000
        return took
    return measure


def figures(count):
    shown = f"{count:,} deliveries"
    limit = ("<", 50) if count == MILLION else None
    rows = [
        Figure(f"filters-selective-{count}", f"`list`, {shown}: the slowest of "
               f"{len(SELECTIVE)} selective filters", limit, "ms", 1),
        Figure(f"filters-other-{count}", f"`list`, {shown}: the slowest of "
               f"{len(OTHERS)} other filters", None, "ms", 1),
        Figure(f"filters-count-{count}", f"`list --count`, {shown}: the "
               "slowest of all these", None, "ms", 1),
        Figure(f"status-{count}", f"`status`, {shown}", None, "ms", 1)]
    for name, words in {**SELECTIVE, **OTHERS}.items():
        command = f"`list {words}`".replace(" `", "`")
        rows.append(Figure(f"filter-{name}-{count}", f"{command}, {shown}",
                           None, "ms", 1, is_detail=True))
        rows.append(Figure(f"count-{name}-{count}", f"{command}, {shown}: its "
                           "exact number", None, "ms", 1, is_detail=True))
    return rows


def group(name, count):
    return Group(name, figures(count), measure_rows(count),
                 lambda stage: filled(stage, count), full=True)


GROUPS = [group("filters", MILLION), group("filters5", 5 * MILLION)]
