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
-- our own pruning. AUTOINCREMENT: ids are the order, for ever. Others may rely
-- on id, event_id and payload.
--
-- fact_… is all that the triggers need to know of a payload. Such columns are
-- computed before any trigger runs, and there SQLite parses a payload once for
-- all of them; in each trigger it would parse it anew. They have no type, so
-- that a number stays one. is_json stands before each, because the bare
-- "malformed JSON" of a column comes before triggers.
-- has_nul: a string that is used holds \u0000, where json_extract() would end
-- it. Only a list keeps strings as they are written; it is made when it has to
-- be.
-- user_id is the lane, NULL where there is no user to wait for. A list or an
-- object is text here, too, and only json_type() tells it from a string that
-- begins like one.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    payload TEXT,
    event_id TEXT GENERATED ALWAYS AS (fact_id) VIRTUAL,
    is_json GENERATED ALWAYS AS (json_valid(payload)) VIRTUAL,
    fact_id GENERATED ALWAYS AS (CASE WHEN is_json
        THEN json_extract(payload, '$.event.id') END) VIRTUAL,
    fact_type GENERATED ALWAYS AS (CASE WHEN is_json
        THEN json_extract(payload, '$.event.type') END) VIRTUAL,
    fact_user GENERATED ALWAYS AS (CASE WHEN is_json
        THEN json_extract(payload, '$.event.app_user_id') END) VIRTUAL,
    fact_period GENERATED ALWAYS AS (CASE WHEN is_json
        THEN json_extract(payload, '$.event.period_type') END) VIRTUAL,
    fact_conversion GENERATED ALWAYS AS (CASE WHEN is_json
        THEN json_type(payload, '$.event.is_trial_conversion') END) VIRTUAL,
    has_nul GENERATED ALWAYS AS (CASE WHEN is_json
            AND payload GLOB '*\u0000*'
        THEN instr(replace(json_extract(payload, '$.event.id', '$.event.type',
            '$.event.app_user_id', '$.event.period_type',
            '$.event.is_trial_conversion', '$.event.app_id',
            '$.event.product_id', '$.event.entitlement_ids[0]',
            '$.event.environment', '$.event.store', '$.event.cancel_reason',
            '$.event.expiration_reason'), '\\', ''), '\u0000') > 0
        ELSE 0 END) VIRTUAL,
    user_id TEXT GENERATED ALWAYS AS (CASE WHEN typeof(fact_user) = 'text'
            AND length(fact_user) BETWEEN 1 AND 100
            AND instr(fact_user, '/') = 0
            AND NOT has_nul
            AND (fact_user NOT GLOB '[[{]*'
                OR json_type(payload, '$.event.app_user_id') = 'text')
        THEN fact_user END) VIRTUAL
);
CREATE UNIQUE INDEX outbox_by_event_id ON outbox (event_id);

-- Ids of pruned events, so that a late repeat stays a repeat. A row of outbox
-- can be deleted only while its event_id stands here.
CREATE TABLE outbox_tombstone (
    event_id TEXT PRIMARY KEY,
    pruned_ms INTEGER NOT NULL
) WITHOUT ROWID;
-- The oldest go when nobody will repeat them any more.
CREATE INDEX outbox_tombstone_age ON outbox_tombstone (pruned_ms);

-- What becomes of each event. (OR, not IN: SQLite builds a table in memory for
-- a list of three, at every insert.)
CREATE TABLE outbox_delivery (
    id INTEGER PRIMARY KEY,          -- as in outbox
    lane TEXT NOT NULL,              -- the user; '/' and the id without one
    kind TEXT,                       -- NULL: no data event
    state TEXT NOT NULL DEFAULT 'pending',
    aside TEXT,                      -- the state, if it settled otherwise
                                     -- than delivered; else NULL
    reason TEXT,                     -- one word: why it is where it is
    result TEXT,                     -- the last result, in words
    status INTEGER,                  -- the last HTTP status
    due_ms INTEGER                   -- only the head of a lane has one
        CHECK (due_ms IS NULL OR state = 'pending'),
    not_before_ms INTEGER NOT NULL DEFAULT 0, -- 1: an operation's retry
    wait_ms INTEGER NOT NULL DEFAULT 0, -- how long that was ahead when it was
                                     -- set: the clock may be set back since
    arrived_ms INTEGER NOT NULL,     -- committed by the producer
    settled_ms INTEGER,              -- left pending and sending for good
    attempts INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,     -- attempts that cost a try
    first_try_open_ms INTEGER,       -- open_ms then (outbox_destination)
    missing_open_ms INTEGER,         -- … since when Intercom has no contact
    unknown INTEGER NOT NULL DEFAULT 0,   -- 1: an outcome is unknown
    bound INTEGER NOT NULL DEFAULT 0,     -- 1: an event call may have left
    put_back INTEGER NOT NULL DEFAULT 0,  -- 1: it may wait behind a later one
    epoch INTEGER,                   -- the relay that is sending it
    operation_id INTEGER,            -- the last one that changed its state
    user_row INTEGER,                -- in outbox_user, as the one before it in
                                     -- the lane left it: look there first
    -- Of the last attempt, if it delivered: its last call (outbox_call_made).
    call_number INTEGER,
    call_started_ms INTEGER,
    call_took_ms INTEGER,
    call_request_id TEXT,
    CONSTRAINT outbox_delivery_state CHECK (CASE
        WHEN state = 'pending' OR state = 'sending'
            THEN settled_ms IS NULL AND aside IS NULL
        WHEN state = 'delivered' THEN settled_ms IS NOT NULL AND aside IS NULL
        WHEN state = 'failed' OR state = 'skipped' OR state = 'discarded'
            THEN settled_ms IS NOT NULL AND aside IS state
        ELSE 0 END)
);
-- The claim: due heads only, so that a million rows behind one cost nothing.
CREATE INDEX outbox_delivery_due ON outbox_delivery (due_ms)
    WHERE due_ms IS NOT NULL;
-- Whether a lane has one: a lane in which something waits has, or is being
-- sent.
CREATE UNIQUE INDEX outbox_delivery_head ON outbox_delivery (lane)
    WHERE due_ms IS NOT NULL;
-- The row that goes before the lane's order: it is being sent, or waits with
-- an unknown outcome. UNIQUE is promise 2. Never larger than what is in flight.
CREATE UNIQUE INDEX outbox_delivery_first ON outbox_delivery (lane)
    WHERE state = 'sending' OR (unknown = 1 AND settled_ms IS NULL);
-- A lane in its order, and one user's history. Of all rows: an entry that
-- never changes costs the relay nothing, while lanes lie all over the file.
CREATE INDEX outbox_delivery_lane ON outbox_delivery (lane);
-- What waits out of that order (queries/lane.sql).
CREATE INDEX outbox_delivery_put_back ON outbox_delivery (lane)
    WHERE put_back = 1 AND settled_ms IS NULL;
-- All that waits or is being sent.
CREATE INDEX outbox_delivery_waiting ON outbox_delivery (settled_ms)
    WHERE settled_ms IS NULL;
-- For lists (queries/filter.sql): what settled otherwise than hoped for, ...
-- (SQLite opens each index that has a column which a statement sets. What is
-- sent and delivered changes its state, and never aside.)
CREATE INDEX outbox_delivery_aside ON outbox_delivery (aside, id)
    WHERE aside IS NOT NULL;
-- one reason, one HTTP status other than of success, ...
CREATE INDEX outbox_delivery_reason ON outbox_delivery (reason, id)
    WHERE reason IS NOT NULL;
CREATE INDEX outbox_delivery_code ON outbox_delivery (status, id)
    WHERE status >= 300;
-- and the failed ones in two more orders. What is delivered at once is in none
-- of these.
CREATE INDEX outbox_delivery_failed_user ON outbox_delivery (lane, id)
    WHERE aside = 'failed';
CREATE INDEX outbox_delivery_failed_reason
    ON outbox_delivery (ifnull(reason, ''), id) WHERE aside = 'failed';

-- One try to deliver. Committed, with the exact bytes, before the first byte
-- leaves. Bytes that are NULL are those of the attempt before.
--
-- How it ended is read from outbox_attempt_outcome. The attempt that delivered
-- is not written again: its delivery says the same of its end, and a row with
-- its bytes is what costs most to write. That holds while the delivery is
-- delivered; who takes it out of that writes the end into the attempt first
-- (queries/operation.sql).
--
-- id is the delivery's, shifted by 20, and the number. WITHOUT ROWID, by these
-- two, would put every seventh attempt with all its bytes into the inside of
-- the tree: twice the pages for a commit to write.
CREATE TABLE outbox_attempt (
    id INTEGER PRIMARY KEY CHECK (number > 0),
    delivery_id INTEGER GENERATED ALWAYS AS (id >> 20) VIRTUAL,
    number INTEGER                   -- 1, 2 …: goes on after a retry
        GENERATED ALWAYS AS (id & 1048575) VIRTUAL,
    epoch INTEGER NOT NULL,
    cause TEXT NOT NULL,             -- 'automatic' or 'operation N'
    started_ms INTEGER NOT NULL,
    -- For outbox_user, which is written at the end:
    newest_ms INTEGER,               -- the event's time; NULL: not newest
    newest_confirmed INTEGER NOT NULL DEFAULT 0,
    ended_ms INTEGER,
    outcome TEXT,                    -- NULL: being sent, or it delivered
    reason TEXT,
    result TEXT,
    attributes TEXT,                 -- custom_attributes; '' none
    event_body TEXT                  -- body of POST /events; '' none
);

-- One HTTP request with its answer. Answers other than 2xx are kept. They are
-- read from outbox_call_made: that which delivered, POST /events, stands in the
-- delivery like the end of its attempt, and is written here when that is.
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
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL UNIQUE,
    contact_id TEXT,
    sent_timestamp_ms INTEGER,       -- newest sent
    sent_id INTEGER,
    sent_attributes TEXT,
    confirmed_timestamp_ms INTEGER,  -- newest confirmed, by its own 2xx
    confirmed_id INTEGER,
    confirmed_ms INTEGER,
    confirmed_epoch INTEGER,
    sent_events TEXT,                -- the last data events (event/merge.h)
    quiet_until_ms INTEGER           -- no call before: a request that we cut
                                     -- may still be on its way
);

-- The names sent to Intercom; a kind without a row has its default name.
CREATE TABLE outbox_name (
    kind TEXT PRIMARY KEY,
    name TEXT,                       -- NULL: the default
    off INTEGER NOT NULL DEFAULT 0   -- 1: the contact's attributes only
) WITHOUT ROWID;

-- What operators asked for (src/outbox/operation.h).
CREATE TABLE outbox_operation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,            -- retry, discard, undo, cancel, rename …
    state TEXT NOT NULL CHECK (state IN
        ('planned', 'running', 'done', 'cancelled', 'undone')),
    who TEXT NOT NULL,
    filter TEXT,                     -- or ids, or a pause's reason
    target_id INTEGER,               -- the operation that it takes back
    include_delivered INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    ended_ms INTEGER,
    stepped_ms INTEGER NOT NULL DEFAULT 0, -- by another than the relay, last
    cursor_id INTEGER NOT NULL DEFAULT 0, -- all items up to here are handled
    matched INTEGER NOT NULL DEFAULT 0,
    planned INTEGER NOT NULL DEFAULT 0,   -- matched ones that it will change
    applied INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,   -- others since the plan: left alone
    kind TEXT,                       -- of a rename, with what was and is
    name_before TEXT,                -- NULL: the default
    off_before INTEGER,
    name_after TEXT,
    off_after INTEGER
);
CREATE INDEX outbox_operation_running ON outbox_operation (id)
    WHERE state = 'running';
CREATE INDEX outbox_operation_names ON outbox_operation (id)
    WHERE kind IS NOT NULL;

-- The deliveries of an operation, each as it was when it was planned.
CREATE TABLE outbox_operation_item (
    operation_id INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    state TEXT NOT NULL,             -- planned, left, applied, changed,
                                     -- restored
    why TEXT,                        -- left alone because
    was_state TEXT NOT NULL,
    was_reason TEXT,
    was_result TEXT,
    was_settled_ms INTEGER,
    was_not_before_ms INTEGER NOT NULL,
    was_attempts INTEGER NOT NULL,
    was_tries INTEGER NOT NULL,
    was_first_try_open_ms INTEGER,
    was_unknown INTEGER NOT NULL,
    was_bound INTEGER NOT NULL,
    was_operation_id INTEGER,
    PRIMARY KEY (operation_id, delivery_id)
) WITHOUT ROWID;
CREATE INDEX outbox_operation_item_delivery
    ON outbox_operation_item (delivery_id, operation_id);

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
    breaker_since_ms INTEGER,        -- nothing gets through; NULL: closed
    breaker_probe_ms INTEGER,        -- when the next delivery may try
    breaker_text TEXT,               -- what failed last
    pause_reason TEXT,               -- NULL: not paused; '' without a reason
    paused_by TEXT,
    paused_since_ms INTEGER,
    resumes INTEGER NOT NULL DEFAULT 0, -- grows: a held relay probes at once
    -- How long sending has been possible, all relays together: not held, not
    -- paused, something getting through. The age of tries is counted in it.
    open_ms INTEGER NOT NULL DEFAULT 0,
    wait_until_ms INTEGER,           -- a 429 said so
    quota_limit INTEGER,
    quota_left INTEGER,
    quota_reset_ms INTEGER
);

-- Counters, kept in the transactions that change what they count.
CREATE TABLE outbox_count (
    name TEXT PRIMARY KEY,           -- a state: deliveries in it; or below
    count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE outbox_backlog (        -- pending ones by when they arrived
    minute INTEGER NOT NULL,         -- since 1970
    kind TEXT NOT NULL,              -- '' without one
    count INTEGER NOT NULL,
    PRIMARY KEY (minute, kind)
) WITHOUT ROWID;
CREATE TABLE outbox_minute (         -- what happened, by when
    minute INTEGER NOT NULL,         -- since 1970
    kind TEXT NOT NULL,              -- '' without one
    outcome TEXT NOT NULL,           -- an attempt's, or a state settled into
    count INTEGER NOT NULL,
    PRIMARY KEY (minute, kind, outcome)
) WITHOUT ROWID;

-- Attempts, with how each ended. outcome is NULL while it is being sent.
CREATE VIEW outbox_attempt_outcome AS
    SELECT attempt.id, attempt.delivery_id, attempt.number, attempt.epoch,
        attempt.cause, attempt.started_ms,
        coalesce(attempt.ended_ms, told.settled_ms) AS ended_ms,
        coalesce(attempt.outcome, told.state) AS outcome,
        coalesce(attempt.reason, told.reason) AS reason,
        coalesce(attempt.result, told.result) AS result,
        attempt.attributes, attempt.event_body
    FROM outbox_attempt AS attempt LEFT JOIN outbox_delivery AS told
        ON told.id = attempt.delivery_id AND told.attempts = attempt.number
        AND told.state = 'delivered' AND attempt.outcome IS NULL;

-- All calls.
CREATE VIEW outbox_call_made AS
    SELECT delivery_id, attempt, number, request, started_ms, took_ms, status,
        request_id, result, answer
    FROM outbox_call
    UNION ALL
    SELECT id, attempts, call_number, 'POST /events', call_started_ms,
        call_took_ms, status, call_request_id, NULL, NULL
    FROM outbox_delivery WHERE call_number IS NOT NULL;

INSERT INTO outbox_relay (id, epoch) VALUES (1, 0);
INSERT INTO outbox_destination (id) VALUES (1);
INSERT INTO outbox_count (name, count) VALUES
    ('pending', 0), ('sending', 0), ('delivered', 0), ('failed', 0),
    ('skipped', 0), ('discarded', 0),
    -- Ever delivered, and the calls that the delivering attempts made.
    ('delivered_ever', 0), ('delivered_calls', 0);

-- The door. RAISE(ABORT) because OR IGNORE and its like swallow every other
-- refusal; the producer's transaction stays usable. RAISE(IGNORE) at the end
-- makes a known event a no-op under every form of INSERT, and it has to come
-- before the row: OR REPLACE would delete the old one first. (IN looks into the
-- indexes alone; EXISTS would open the table, too.) An id that was left out
-- reads -1 here.
CREATE TRIGGER outbox_check BEFORE INSERT ON outbox
BEGIN
    SELECT CASE
        WHEN new.id IS NOT -1
            THEN RAISE(ABORT, 'outbox: id is given by the outbox: leave it out')
        WHEN new.payload IS NULL
            THEN RAISE(ABORT, 'outbox: payload is NULL')
        WHEN typeof(new.payload) <> 'text'
            THEN RAISE(ABORT, 'outbox: payload is not text')
        WHEN length(CAST(new.payload AS BLOB)) > 1048576
            THEN RAISE(ABORT, 'outbox: payload is over 1 MiB')
        WHEN NOT new.is_json
            THEN RAISE(ABORT, 'outbox: payload is not JSON')
        WHEN typeof(new.fact_id) <> 'text' OR typeof(new.fact_type) <> 'text'
            OR (new.fact_id GLOB '[[{]*'
                AND json_type(new.payload, '$.event.id') <> 'text')
            OR (new.fact_type GLOB '[[{]*'
                AND json_type(new.payload, '$.event.type') <> 'text')
            THEN CASE
                WHEN json_type(new.payload) <> 'object'
                    THEN RAISE(ABORT, 'outbox: payload is not a JSON object')
                WHEN json_type(new.payload, '$.event') IS NULL
                    THEN RAISE(ABORT, 'outbox: event is missing')
                WHEN json_type(new.payload, '$.event') <> 'object'
                    THEN RAISE(ABORT, 'outbox: event is not an object')
                WHEN json_type(new.payload, '$.event.id') IS NULL
                    THEN RAISE(ABORT, 'outbox: event.id is missing')
                WHEN json_type(new.payload, '$.event.id') <> 'text'
                    THEN RAISE(ABORT, 'outbox: event.id is not a string')
                WHEN json_type(new.payload, '$.event.type') IS NULL
                    THEN RAISE(ABORT, 'outbox: event.type is missing')
                ELSE RAISE(ABORT, 'outbox: event.type is not a string')
                END
        WHEN new.has_nul
            THEN RAISE(ABORT, 'outbox: \u0000 in a string that is used')
        WHEN new.event_id = ''
            THEN RAISE(ABORT, 'outbox: event.id is empty')
        WHEN new.fact_type = ''
            THEN RAISE(ABORT, 'outbox: event.type is empty')
        WHEN new.event_id IN (SELECT event_id FROM outbox)
            OR new.event_id IN (SELECT event_id FROM outbox_tombstone)
            THEN RAISE(IGNORE)
        END;
END;

-- The insert alone makes it deliverable. (VALUES, not SELECT: SQLite would put
-- the row into a table in memory first.) What it says of lane and kind is said
-- once more for events without a delivery (queries/adopt.sql).
CREATE TRIGGER outbox_accept AFTER INSERT ON outbox
BEGIN
    SELECT RAISE(ABORT, 'outbox: id is given by the outbox: leave it out')
        WHERE new.id < 1;
    INSERT INTO outbox_delivery (id, lane, kind, due_ms, arrived_ms) VALUES (
        new.id,
        coalesce(new.user_id, '/' || new.id),
        coalesce(
            CASE WHEN new.fact_period = 'TRIAL'
                THEN (SELECT kind FROM outbox_type
                    WHERE type = new.fact_type AND condition = 'trial') END,
            CASE WHEN new.fact_conversion = 'true'
                THEN (SELECT kind FROM outbox_type
                    WHERE type = new.fact_type
                    AND condition = 'conversion') END,
            (SELECT kind FROM outbox_type
                WHERE type = new.fact_type AND condition = '')),
        -- Is there a head?
        CASE WHEN EXISTS (SELECT 1 FROM outbox_delivery
                WHERE lane = new.user_id AND due_ms IS NOT NULL)
            OR EXISTS (SELECT 1 FROM outbox_delivery WHERE lane = new.user_id
                AND (state = 'sending' OR (unknown = 1
                    AND settled_ms IS NULL)))
            THEN NULL ELSE 0 END,
        CAST((julianday('now') - 2440587.5) * 86400000 + 0.5 AS INTEGER));
    UPDATE outbox_count SET count = count + 1 WHERE name = 'pending';
    INSERT INTO outbox_backlog (minute, kind, count)
        SELECT arrived_ms / 60000, coalesce(kind, ''), 1
        FROM outbox_delivery WHERE id = new.id
        ON CONFLICT (minute, kind) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER outbox_keep BEFORE UPDATE ON outbox
BEGIN
    SELECT RAISE(ABORT, 'outbox: an event is never changed');
END;

-- Our own pruning leaves a tombstone first. An event without an event_id can
-- only have come in while triggers were off; it goes after its delivery.
CREATE TRIGGER outbox_hold_on BEFORE DELETE ON outbox
WHEN NOT EXISTS (SELECT 1 FROM outbox_tombstone WHERE event_id = old.event_id)
    AND (old.event_id IS NOT NULL
        OR EXISTS (SELECT 1 FROM outbox_delivery WHERE id = old.id))
BEGIN
    SELECT RAISE(ABORT, 'outbox: an event is deleted by subrelay prune only');
END;

INSERT INTO outbox_schema (id, version) VALUES (1, 1);
