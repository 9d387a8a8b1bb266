-- 001_outbox.sql - the outbox: events, what becomes of each, and every attempt.
--
-- All objects are named outbox or outbox_*, so that they can live in the
-- application's own database. Every table has an INTEGER PRIMARY KEY or is
-- WITHOUT ROWID: VACUUM renumbers others. Times are UTC milliseconds. No
-- STRICT, no RETURNING, no ->> in what producers touch: their SQLite may be
-- older than ours. Nothing here hangs on foreign_keys or recursive_triggers.

CREATE TABLE outbox_schema (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
);

-- What the webhook types mean (catalog.sql fills it).
CREATE TABLE outbox_type (
    type TEXT NOT NULL,
    condition TEXT NOT NULL,
    kind TEXT,
    PRIMARY KEY (type, condition)
) WITHOUT ROWID;

-- Events as their producers wrote them. Never changed, never deleted but by
-- our own pruning. AUTOINCREMENT: ids are the order, for ever.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    payload TEXT,
    event_id TEXT GENERATED ALWAYS AS (
        CASE WHEN json_valid(payload)
            THEN json_extract(payload, '$.event.id') END) VIRTUAL
);
CREATE UNIQUE INDEX outbox_by_event_id ON outbox (event_id);

-- Ids of pruned events, so that a late repeat stays a repeat. A row of outbox
-- can be deleted only while its event_id stands here.
CREATE TABLE outbox_tombstone (
    event_id TEXT PRIMARY KEY,
    pruned_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- What becomes of each event.
CREATE TABLE outbox_delivery (
    id INTEGER PRIMARY KEY,          -- as in outbox
    lane TEXT NOT NULL,              -- the user; '/' and the id without one
    kind TEXT,                       -- NULL: no data event
    state TEXT NOT NULL DEFAULT 'pending',
    reason TEXT,                     -- one word: why it is where it is
    result TEXT,                     -- the last result, in words
    status INTEGER,                  -- the last HTTP status
    due_ms INTEGER,                  -- only the head of a lane has one
    not_before_ms INTEGER NOT NULL DEFAULT 0,
    arrived_ms INTEGER NOT NULL,     -- committed by the producer
    settled_ms INTEGER,              -- left pending and sending for good
    attempts INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,     -- attempts that cost a try
    first_try_ms INTEGER,            -- or the last operator's retry
    unknown INTEGER NOT NULL DEFAULT 0,   -- 1: may be at Intercom already
    bound INTEGER NOT NULL DEFAULT 0,     -- 1: an event call may have left
    epoch INTEGER,                   -- the relay that is sending it
    -- 0 being sent, 1 an unknown outcome waits, 2 waits, NULL settled: a
    -- lane's first row in this order is the one that matters.
    lane_rank INTEGER GENERATED ALWAYS AS (
        CASE state WHEN 'sending' THEN 0
            WHEN 'pending' THEN 2 - unknown END) VIRTUAL
);
-- The claim: due heads only, so that a million rows behind one cost nothing.
CREATE INDEX outbox_delivery_due ON outbox_delivery (due_ms)
    WHERE due_ms IS NOT NULL;
CREATE INDEX outbox_delivery_lane ON outbox_delivery (lane, lane_rank, id)
    WHERE lane_rank IS NOT NULL;
CREATE INDEX outbox_delivery_sending ON outbox_delivery (epoch)
    WHERE state = 'sending';
CREATE INDEX outbox_delivery_failed ON outbox_delivery (id)
    WHERE state = 'failed';

-- One try to deliver. Committed, with the exact bytes, before the first byte
-- leaves. A body that is NULL is the one of the attempt before.
CREATE TABLE outbox_attempt (
    delivery_id INTEGER NOT NULL,
    number INTEGER NOT NULL,         -- 1, 2 …: goes on after a retry
    epoch INTEGER NOT NULL,
    cause TEXT NOT NULL,             -- 'automatic' or 'operation N'
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome TEXT,                    -- NULL: being sent
    reason TEXT,
    result TEXT,
    attributes TEXT,                 -- custom_attributes; NULL: see above
    event_body TEXT,                 -- body of POST /events
    PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;

-- One HTTP request with its answer. Answers other than 2xx are kept.
CREATE TABLE outbox_call (
    delivery_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    number INTEGER NOT NULL,
    request TEXT NOT NULL,           -- 'POST /events'
    started_ms INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    status INTEGER,                  -- NULL: no answer
    request_id TEXT,
    result TEXT,                     -- without an answer: what happened
    answer BLOB,
    PRIMARY KEY (delivery_id, attempt, number)
) WITHOUT ROWID;

-- What is known of each user at Intercom. "Newer" is the larger
-- (timestamp_ms, delivery id).
CREATE TABLE outbox_user (
    lane TEXT PRIMARY KEY,
    contact_id TEXT,
    sent_timestamp_ms INTEGER,       -- newest sent, set at the claim
    sent_id INTEGER,
    sent_attributes TEXT,
    confirmed_timestamp_ms INTEGER,  -- newest confirmed, by its own 2xx
    confirmed_id INTEGER,
    confirmed_ms INTEGER,
    confirmed_epoch INTEGER
) WITHOUT ROWID;

-- The names sent to Intercom; a kind without a row has its default name.
CREATE TABLE outbox_name (
    kind TEXT PRIMARY KEY,
    name TEXT,                       -- NULL: the default
    off INTEGER NOT NULL DEFAULT 0   -- 1: the contact's attributes only
) WITHOUT ROWID;

-- The relay of this file: the lock says whether it lives, this says who.
CREATE TABLE outbox_relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    pid INTEGER,
    host TEXT,
    started_ms INTEGER,
    timeout_ms INTEGER,              -- of one request
    stopped_ms INTEGER,              -- NULL: running, or it was killed
    adopted_id INTEGER NOT NULL DEFAULT 0 -- all up to here have a delivery
);

-- The destination, as the relay saw it last.
CREATE TABLE outbox_destination (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    api_url TEXT,
    hold_reason TEXT,                -- NULL: not held
    hold_text TEXT,                  -- what happened and how to mend it
    held_since_ms INTEGER,
    probe_ms INTEGER,                -- the next probe
    pause_reason TEXT,               -- NULL: not paused; '' without a reason
    paused_by TEXT,
    paused_since_ms INTEGER,
    wait_until_ms INTEGER,           -- a 429 said so
    quota_limit INTEGER,
    quota_left INTEGER,
    quota_reset_ms INTEGER
);

-- Counters, kept in the transactions that change what they count.
CREATE TABLE outbox_count (
    state TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE outbox_minute (
    minute INTEGER NOT NULL,         -- since 1970
    kind TEXT NOT NULL,              -- '' without one
    outcome TEXT NOT NULL,           -- an attempt's, or a state settled into
    count INTEGER NOT NULL,
    PRIMARY KEY (minute, kind, outcome)
) WITHOUT ROWID;

INSERT INTO outbox_relay (id, epoch) VALUES (1, 0);
INSERT INTO outbox_destination (id) VALUES (1);
INSERT INTO outbox_count (state, count) VALUES
    ('pending', 0), ('sending', 0), ('delivered', 0), ('failed', 0),
    ('skipped', 0), ('discarded', 0);
