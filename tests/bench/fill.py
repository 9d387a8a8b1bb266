"""Fill a new outbox with a long history, quickly: scripts/fill N FILE.

The rows are what a relay would have left behind: all states, users of whom
some have many events, failures that came in waves, attempts and calls of what
failed, counters that fit. The same N gives the same rows but for the time,
which ends now. Triggers and indices come back at the end, as they were: a
million takes some ten seconds.
"""

import glob
import os
import sqlite3
import sys
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DAYS_MS = 90 * 86400000
PIECE = 100000

KINDS = ("renewal", "renewal", "renewal", "renewal", "renewal", "renewal",
         "initial_purchase", "trial_started", "trial_converted",
         "trial_cancelled", "cancellation", "cancellation", "expiration",
         "billing_issue", "non_subscription_purchase", "product_change")
TYPES = {"renewal": "RENEWAL", "initial_purchase": "INITIAL_PURCHASE",
         "trial_started": "INITIAL_PURCHASE", "trial_converted": "RENEWAL",
         "trial_cancelled": "CANCELLATION", "cancellation": "CANCELLATION",
         "expiration": "EXPIRATION", "billing_issue": "BILLING_ISSUE",
         "non_subscription_purchase": "NON_RENEWING_PURCHASE",
         "product_change": "PRODUCT_CHANGE"}
# reason, result, status, of 100 failed ones so many
FAILURES = (
    ("name_archived", "422 parameter_invalid: event name archived "
                      "(event_name)", 422, 55),
    ("gave_up", "503 service_unavailable: tried for 72 h", 503, 12),
    ("contact_deleted", "400 client_error: This contact was permanently "
                        "deleted", 400, 14),
    ("contact_missing", "404 not_found: User Not Found", 404, 9),
    ("event_refused", "422 parameter_invalid: metadata is invalid", 422, 6),
    ("invalid_event", "event.purchased_at_ms: not a number", None, 4),
)
SKIPS = (
    ("sandbox_event", "It comes from the store's sandbox, and sandbox events "
                      "are not sent."),
    ("no_intercom_event", "This webhook type has no event at Intercom."),
    ("store_not_tracked", "This event is not tracked for this store."),
)

# So many failed ones in an outbox that is there and empty, in a transaction.
INSERT_FAILED = """
INSERT INTO outbox (payload) WITH RECURSIVE n (i) AS (
    SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})
    SELECT json_object('event', json_object('id', 'e' || i, 'type', 'RENEWAL',
    'app_user_id', 'u' || i, 'purchased_at_ms', 1764000000000)) FROM n;
UPDATE outbox_delivery SET state = 'failed', aside = 'failed',
    reason = 'gave_up', due_ms = NULL, settled_ms = 1;
UPDATE outbox_count SET count = {0} WHERE name = 'failed';
UPDATE outbox_count SET count = 0 WHERE name = 'pending';
DELETE FROM outbox_backlog;
"""


def create(path):
    """An empty outbox as `init` makes it."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -200000")
    files = sorted(glob.glob(os.path.join(ROOT, "schema", "migrations",
                                          "*.sql")))
    for name in files + [os.path.join(ROOT, "schema", "catalog.sql")]:
        with open(name, encoding="utf-8") as file:
            database.executescript(file.read())
    os.chmod(path, 0o600)
    return database


def take_aside(database):
    """Drop triggers and indices; returns what makes them anew."""
    rows = database.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND "
        "name GLOB 'outbox*' AND type IN ('trigger', 'index')").fetchall()
    for kind, name, _ in rows:
        database.execute(f"DROP {kind} {name}")
    return [sql for kind, _, sql in sorted(rows)]


def choices(database):
    """Small tables that the rows are drawn from."""
    database.execute("CREATE TEMP TABLE a_kind (n INTEGER PRIMARY KEY, kind, "
                     "type, period, conversion)")
    for number, kind in enumerate(KINDS):
        database.execute(
            "INSERT INTO a_kind VALUES (?, ?, ?, ?, ?)",
            (number, kind, TYPES[kind],
             "TRIAL" if kind in ("trial_started", "trial_cancelled")
             else "NORMAL",
             "true" if kind == "trial_converted" else "false"))
    database.execute("CREATE TEMP TABLE a_failure (n INTEGER PRIMARY KEY, "
                     "reason, result, status)")
    number = 0
    for reason, result, status, share in FAILURES:
        for _ in range(share):
            database.execute("INSERT INTO a_failure VALUES (?, ?, ?, ?)",
                             (number, reason, result, status))
            number += 1
    database.execute("CREATE TEMP TABLE a_skip (n INTEGER PRIMARY KEY, "
                     "reason, result)")
    for number, (reason, result) in enumerate(SKIPS):
        database.execute("INSERT INTO a_skip VALUES (?, ?, ?)",
                         (number, reason, result))


# Every number that looks drawn is i times a large prime, cut down. Users are
# uneven: the square of an even share. What failed came in waves: in one of ten
# stretches every thirtieth, in the others one in a thousand.
ROWS = """
WITH RECURSIVE n (i) AS (
    SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last),
drawn AS (SELECT i, i * 7919 % 1000003 AS a, i * 104729 % 1000033 AS b,
    i * 1299709 % 1000037 AS c FROM n)
SELECT i, a, b, c,
    'user-' || CAST(:users * (a / 1000003.0) * (a / 1000003.0) AS INTEGER)
        AS lane,
    b % 16 AS kind_n,
    :start + CAST(i * :step AS INTEGER) AS arrived_ms,
    CASE WHEN i > :waiting THEN 'pending'
        WHEN b % 15 = 7 THEN 'skipped'
        WHEN i * 40 / :count % 10 = 3 AND c % 30 = 0 THEN 'failed'
        WHEN c % 1000 = 1 THEN 'failed'
        WHEN c % 2000 = 2 THEN 'discarded'
        ELSE 'delivered' END AS state
    FROM drawn
"""

EVENTS = """
INSERT INTO outbox (id, payload) SELECT i, printf(
    '{"api_version":"1.0","event":{"type":"%s","id":"%08x-%04x-4000-8000-%012x",'
    || '"app_user_id":"%s","event_timestamp_ms":%d,"purchased_at_ms":%d,'
    || '"expiration_at_ms":%d,"period_type":"%s","product_id":"com.app.%s",'
    || '"entitlement_ids":["plus"],"environment":"%s","store":"%s",'
    || '"is_trial_conversion":%s,"app_id":"app1","currency":"EUR",'
    || '"price":9.99,"country_code":"DE"}}',
    CASE WHEN state = 'skipped' AND i % 3 = 1 THEN 'TRANSFER' ELSE type END,
    a * 4201 + b, c % 65536, i, lane, arrived_ms - 1500, arrived_ms - 2000,
    arrived_ms + 2592000000, period, CASE c % 3 WHEN 0 THEN 'yearly' ELSE
    'monthly' END, CASE WHEN state = 'skipped' AND i % 3 = 0 THEN 'SANDBOX'
    ELSE 'PRODUCTION' END, CASE c % 2 WHEN 0 THEN 'APP_STORE' ELSE
    'PLAY_STORE' END, conversion)
    FROM piece JOIN a_kind ON a_kind.n = kind_n
"""

DELIVERIES = """
INSERT INTO outbox_delivery (id, lane, kind, state, aside, reason, result,
    status, arrived_ms, settled_ms, attempts, tries, first_try_open_ms, bound)
    SELECT i, lane,
    CASE WHEN state = 'skipped' AND i % 3 = 1 THEN NULL ELSE kind END, state,
    CASE WHEN state IN ('failed', 'skipped', 'discarded') THEN state END,
    CASE state WHEN 'failed' THEN a_failure.reason WHEN 'skipped' THEN
        a_skip.reason WHEN 'discarded' THEN 'by_operator' END,
    CASE state WHEN 'failed' THEN a_failure.result WHEN 'skipped' THEN
        a_skip.result WHEN 'discarded' THEN a_failure.result WHEN 'delivered'
        THEN '202' END,
    CASE state WHEN 'failed' THEN a_failure.status WHEN 'discarded' THEN
        a_failure.status WHEN 'delivered' THEN 202 END,
    arrived_ms,
    CASE state WHEN 'pending' THEN NULL WHEN 'failed' THEN arrived_ms + 90000
        ELSE arrived_ms + 150 + c % 900 END,
    CASE state WHEN 'failed' THEN tried WHEN 'discarded' THEN tried
        WHEN 'delivered' THEN 1 ELSE 0 END,
    CASE state WHEN 'failed' THEN tried WHEN 'discarded' THEN tried
        WHEN 'delivered' THEN 1 ELSE 0 END,
    CASE WHEN state IN ('failed', 'discarded', 'delivered') THEN 0 END,
    state IN ('failed', 'discarded', 'delivered')
    FROM (SELECT *, CASE WHEN b % 100 >= 96 THEN 0 WHEN b % 100 BETWEEN 55 AND
        66 THEN 9 ELSE 1 + c % 3 END AS tried FROM piece)
    JOIN a_kind ON a_kind.n = kind_n JOIN a_failure ON a_failure.n = b % 100
    JOIN a_skip ON a_skip.n = i % 3
"""

ATTEMPTS = """
INSERT INTO outbox_attempt (id, epoch, cause, started_ms, ended_ms, outcome,
    reason, result, attributes, event_body)
    SELECT delivery.id << 20 | number, 1, 'automatic',
    arrived_ms + number * 9000,
    arrived_ms + number * 9000 + 180,
    CASE WHEN number = attempts THEN 'failed' ELSE 'retry' END,
    CASE WHEN number = attempts THEN reason ELSE 'server_error' END,
    CASE WHEN number = attempts THEN result ELSE '503' END,
    CASE number WHEN 1 THEN '{"latest_store":"APP_STORE",'
        || '"latest_entitlement":"plus","subscription_status":"active"}' END,
    CASE number WHEN 1 THEN printf('{"event_name":"rc_%s_event","user_id":'
        || '"%s","created_at":%d,"metadata":{"product_identifier":'
        || '"com.app.monthly","environment":"PRODUCTION"}}', kind, lane,
        arrived_ms / 1000) END
    FROM outbox_delivery AS delivery JOIN a_number ON number <= attempts
    WHERE delivery.id BETWEEN :first AND :last
        AND state IN ('failed', 'discarded')
"""

CALLS = """
INSERT INTO outbox_call (delivery_id, attempt, number, request, started_ms,
    took_ms, status, request_id, answer)
    SELECT delivery.id, a_number.number, 1, 'POST /events',
    arrived_ms + a_number.number * 9000, 180,
    CASE WHEN a_number.number = attempts THEN status ELSE 503 END,
    printf('%08x', delivery.id * 7919 % 4294967291),
    printf('{"type":"error.list","errors":[{"code":"error","message":"%s"}]}',
        CASE WHEN a_number.number = attempts THEN result ELSE '503' END)
    FROM outbox_delivery AS delivery JOIN a_number
        ON a_number.number <= attempts
    WHERE delivery.id BETWEEN :first AND :last
        AND state IN ('failed', 'discarded')
"""

# What waits: the head of each lane is due, a few of them are being sent, and a
# few more wait for a retry.
WAITING = """
UPDATE outbox_delivery SET due_ms = 0 WHERE state = 'pending' AND id IN
    (SELECT min(id) FROM outbox_delivery WHERE settled_ms IS NULL GROUP BY
    lane);
UPDATE outbox_delivery SET state = 'sending', due_ms = NULL, attempts = 1,
    epoch = 1 WHERE id IN (SELECT id FROM outbox_delivery WHERE due_ms = 0
    ORDER BY id LIMIT 32);
UPDATE outbox_delivery SET attempts = 1, tries = 1, first_try_open_ms = 0,
    reason = 'server_error', result = '503', status = 503, bound = 1,
    due_ms = :now + 60000 + id % 600000,
    not_before_ms = :now + 60000 + id % 600000
    WHERE id IN (SELECT id FROM outbox_delivery WHERE due_ms = 0
    ORDER BY id LIMIT 200);
INSERT INTO outbox_attempt (id, epoch, cause, started_ms, ended_ms, outcome,
    reason, result, attributes, event_body)
    SELECT id << 20 | 1, 1, 'automatic', :now - 500,
    CASE state WHEN 'pending' THEN :now - 100 END,
    CASE state WHEN 'pending' THEN 'retry' END, reason, result,
    '{"latest_store":"APP_STORE"}', '{"event_name":"rc_' || kind || '_event"}'
    FROM outbox_delivery WHERE settled_ms IS NULL AND attempts = 1;
"""

TOTALS = """
DELETE FROM outbox_count;
INSERT INTO outbox_count (name, count) VALUES ('pending', 0), ('sending', 0),
    ('delivered', 0), ('failed', 0), ('skipped', 0), ('discarded', 0),
    ('delivered_ever', 0), ('delivered_calls', 0);
INSERT OR REPLACE INTO outbox_count (name, count)
    SELECT state, count(*) FROM outbox_delivery GROUP BY state;
UPDATE outbox_count SET count = (SELECT count FROM outbox_count WHERE name =
    'delivered') WHERE name = 'delivered_ever';
UPDATE outbox_count SET count = (SELECT count * 3 / 2 FROM outbox_count WHERE
    name = 'delivered') WHERE name = 'delivered_calls';
INSERT INTO outbox_backlog (minute, kind, count) SELECT arrived_ms / 60000,
    coalesce(kind, ''), count(*) FROM outbox_delivery WHERE state = 'pending'
    GROUP BY 1, 2;
INSERT INTO outbox_minute (minute, kind, outcome, count) SELECT
    settled_ms / 60000, coalesce(kind, ''), state, count(*)
    FROM outbox_delivery WHERE settled_ms IS NOT NULL GROUP BY 1, 2, 3;
INSERT INTO outbox_user (lane, contact_id, sent_timestamp_ms, sent_id,
    sent_attributes, confirmed_timestamp_ms, confirmed_id, confirmed_ms,
    confirmed_epoch) SELECT lane, 'contact-' || max(id), arrived_ms, id,
    '{"latest_store":"APP_STORE"}', arrived_ms, id, settled_ms, 1
    FROM outbox_delivery WHERE state = 'delivered' GROUP BY lane;
UPDATE outbox_relay SET epoch = 1, pid = 1, host = 'filled', started_ms = :now,
    timeout_ms = 30000, adopted_id = (SELECT max(id) FROM outbox);
UPDATE outbox_destination SET api_url = 'https://api.intercom.io',
    quota_limit = 1666, quota_left = 1204, quota_reset_ms = :now + 6000;
"""


def run_all(database, statements, values):
    for statement in statements.split(";\n"):
        if statement.strip():
            database.execute(statement, values)


def fill(path, count, say=lambda text: None):
    """A new outbox with so many deliveries."""
    fill_outbox(create(path), count, say)


def fill_outbox(database, count, say=lambda text: None):
    """The same in an outbox that is there and empty, as its program made it;
    closes the connection."""
    now = int(time.time() * 1000)
    # Without a log, which would take all of it once more.
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("BEGIN")
    back = take_aside(database)
    choices(database)
    database.execute("CREATE TEMP TABLE a_number (number INTEGER PRIMARY KEY)")
    for number in range(1, 10):
        database.execute("INSERT INTO a_number VALUES (?)", (number,))
    values = {"count": count, "users": max(count // 10, 1), "now": now,
              "start": now - DAYS_MS, "step": (DAYS_MS - 2000) / count,
              "waiting": count - max(count // 250, min(count, 40))}
    for first in range(1, count + 1, PIECE):
        piece = dict(values, first=first, last=min(first + PIECE - 1, count))
        database.execute(f"CREATE TEMP TABLE piece AS {ROWS}", piece)
        for statement in (EVENTS, DELIVERIES, ATTEMPTS, CALLS):
            database.execute(statement, piece)
        database.execute("DROP TABLE piece")
        say(f"{piece['last']:,} of {count:,}")
    for sql in back:
        database.execute(sql)
    run_all(database, WAITING, values)
    run_all(database, TOTALS, values)
    database.execute("COMMIT")
    database.execute("PRAGMA journal_mode = WAL")
    database.close()


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit() or sys.argv[1] == "0":
        sys.exit("usage: scripts/fill N FILE (a new file)")
    path = sys.argv[2]
    if os.path.exists(path):
        sys.exit(f"{path}: is there already")
    started = time.time()
    progress = (lambda text: print(f"\r{text}", end="", file=sys.stderr)) \
        if sys.stderr.isatty() else (lambda text: None)
    fill(path, int(sys.argv[1]), progress)
    print(f"{path}: {int(sys.argv[1]):,} deliveries, "
          f"{os.path.getsize(path) / 1e6:,.0f} MB, in "
          f"{time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
