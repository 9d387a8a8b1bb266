-- outbox.sql - what the golden screens show: an outbox as it was on 2026-08-24
-- at 12:03:00 UTC (1787572980000). Run without triggers, so counters are
-- written by hand at the end.

CREATE TEMP TABLE row AS
WITH RECURSIVE number(id) AS (
    SELECT 1 UNION ALL SELECT id + 1 FROM number WHERE id < 480)
SELECT id,
    CASE WHEN id <= 400 THEN 'delivered' WHEN id <= 434 THEN 'failed'
        WHEN id <= 474 THEN 'pending' WHEN id <= 476 THEN 'sending'
        WHEN id <= 479 THEN 'skipped' ELSE 'discarded' END AS state,
    CASE id % 5 WHEN 0 THEN 'initial_purchase' WHEN 1 THEN 'trial_cancelled'
        ELSE 'renewal' END AS kind,
    CASE id % 5 WHEN 0 THEN 'INITIAL_PURCHASE' WHEN 1 THEN 'CANCELLATION'
        ELSE 'RENEWAL' END AS type,
    CASE WHEN id = 433 THEN '$RCAnonymousID:8f0c2d1e7a444b7e9c1b'
        ELSE 'app_user_' || (1000 + id * 37 % 9000) END AS lane,
    1787572980000 - (481 - id) * (481 - id) * 1500 AS arrived_ms
FROM number;

INSERT INTO outbox (id, payload)
SELECT id, json_object('api_version', '1.0', 'event', json_object(
    'type', type, 'id', printf('4c3f1e90-77aa-4c0e-8d1f-%012d', id),
    'event_timestamp_ms', arrived_ms - 4000,
    'purchased_at_ms', arrived_ms - 5000, 'app_user_id', lane,
    'product_id', 'pro_monthly', 'store', 'APP_STORE',
    'environment', 'PRODUCTION'))
FROM row;

INSERT INTO outbox_delivery (id, lane, kind, state, aside, reason, result,
    status, due_ms, arrived_ms, settled_ms, attempts, tries)
SELECT id, lane, kind, state,
    CASE WHEN state IN ('failed', 'skipped', 'discarded') THEN state END,
    CASE WHEN state = 'failed' THEN CASE WHEN id <= 430 THEN 'name_archived'
            WHEN id <= 433 THEN 'contact_missing' ELSE 'gave_up' END
        WHEN state = 'skipped' THEN 'sandbox_event'
        WHEN state = 'discarded' THEN 'by_operator' END,
    CASE WHEN state = 'delivered' THEN '202'
        WHEN state = 'failed' THEN CASE WHEN id <= 430
            THEN '422 parameter_invalid: event name archived (event_name)'
            WHEN id <= 433 THEN '404 not_found: User Not Found'
            ELSE '500 server_error: tried for 72 h' END
        WHEN state = 'skipped' THEN 'It comes from the store''s sandbox, and '
            || 'sandbox events are not sent.'
        WHEN id IN (440, 441) THEN '503 service_unavailable' END,
    CASE WHEN state = 'delivered' THEN 202
        WHEN state = 'failed' THEN CASE WHEN id <= 430 THEN 422
            WHEN id <= 433 THEN 404 ELSE 500 END
        WHEN id IN (440, 441) THEN 503 END,
    CASE WHEN id IN (440, 441) THEN 1787573220000
        WHEN state = 'pending' THEN 0 END,
    arrived_ms,
    CASE WHEN state NOT IN ('pending', 'sending')
        THEN min(arrived_ms + 69000, 1787572979000) END,
    CASE WHEN state IN ('pending', 'skipped') AND id NOT IN (440, 441) THEN 0
        WHEN id = 428 THEN 5 WHEN id = 434 THEN 91 ELSE 1 END,
    CASE WHEN state = 'failed' THEN 1 ELSE 0 END
FROM row;

-- One behind another of its user.
UPDATE outbox_delivery SET due_ms = NULL, lane =
    (SELECT lane FROM outbox_delivery WHERE id = 445) WHERE id = 446;

-- The delivery that is looked at closely.
INSERT INTO outbox_attempt (id, epoch, cause, started_ms, ended_ms, outcome,
    reason, result, attributes, event_body)
VALUES
    (428 << 20 | 1, 1, 'automatic', 1787568766000, 1787568766201, 'retry', NULL,
        '503 service_unavailable',
        '{"latest_store":"APP_STORE","latest_entitlement":"pro","expires_at":1790251200,"subscription_status":"active"}',
        '{"event_name":"rc_renewal_event","user_id":"app_user_8836","created_at":1787568754,"metadata":{"product_identifier":"pro_monthly","entitlement":"pro","store":"APP_STORE","expires_at":1790251200,"environment":"production"}}'),
    (428 << 20 | 2, 1, 'automatic', 1787568770000, 1787568770092, 'retry', NULL,
        '429 rate_limit_exceeded: wait 8 s, no try used', NULL, NULL),
    (428 << 20 | 3, 1, 'automatic', 1787568779000, 1787568784000, 'unknown', NULL,
        'no answer after 5 s', NULL, NULL),
    (428 << 20 | 4, 1, 'automatic', 1787568800000, 1787568800177, 'failed',
        'name_archived',
        '422 parameter_invalid: event name archived (event_name)', NULL, NULL),
    (428 << 20 | 5, 1, 'operation 12', 1787568834000, 1787568834181, 'failed',
        'name_archived',
        '422 parameter_invalid: event name archived (event_name)', NULL, NULL);
INSERT INTO outbox_call (delivery_id, attempt, number, request, started_ms,
    took_ms, status, request_id, result, answer)
VALUES
    (428, 1, 1, 'POST /contacts', 1787568766000, 201, 503,
        '0028f3k1qq7a', NULL, '{"type":"error.list","errors":[{"code":"service_unavailable"}]}'),
    (428, 2, 1, 'POST /contacts', 1787568770000, 92, 429,
        '0028f3k1qq7c', NULL, '{"type":"error.list","errors":[{"code":"rate_limit_exceeded"}]}'),
    (428, 3, 1, 'POST /contacts', 1787568779000, 102, 200, '0028f3k1qq7d',
        NULL, NULL),
    (428, 3, 2, 'POST /events', 1787568779110, 4890, NULL, NULL,
        'no answer after 5 s', NULL),
    (428, 4, 1, 'POST /events', 1787568800000, 177, 422, '0028f3k1qq7e', NULL,
        '{"type":"error.list","request_id":"0028f3k1qq7e","errors":[{"code":"parameter_invalid","message":"event name archived","field":"event_name"}]}'),
    (428, 5, 1, 'POST /events', 1787568834000, 181, 422, '0028f3k1qq7b', NULL,
        '{"type":"error.list","request_id":"0028f3k1qq7b","errors":[{"code":"parameter_invalid","message":"event name archived","field":"event_name"}]}');

-- What operators did.
INSERT INTO outbox_operation (id, action, state, who, filter, created_ms,
    started_ms, ended_ms, matched, planned, applied, changed)
VALUES
    (12, 'retry', 'done', 'ana', 'state:failed id:..428', 1787568830000,
        1787568831000, 1787568832000, 28, 28, 28, 0),
    (13, 'discard', 'done', 'ana', '480', 1787571000000, 1787571000000,
        1787571000100, 1, 1, 1, 0);

INSERT INTO outbox_operation_item (operation_id, delivery_id, state, why,
    was_state, was_reason, was_result, was_settled_ms, was_not_before_ms,
    was_attempts, was_tries, was_unknown, was_bound)
SELECT CASE state WHEN 'failed' THEN 12 ELSE 13 END, id,
    CASE id WHEN 427 THEN 'left' ELSE 'applied' END,
    CASE id WHEN 427 THEN 'being sent' END,
    CASE state WHEN 'failed' THEN 'failed' ELSE 'pending' END, NULL, NULL,
    NULL, 0, 4, 4, 0, 0
FROM row WHERE id BETWEEN 401 AND 428 OR id = 480;

INSERT INTO outbox_backlog (minute, kind, count)
SELECT arrived_ms / 60000, kind, count(*) FROM row WHERE state = 'pending'
    GROUP BY 1, 2;
INSERT INTO outbox_minute (minute, kind, outcome, count)
SELECT 1787572980000 / 60000 - id, 'renewal', 'delivered',
    abs(17 - id * 7 % 23) + 1 FROM row WHERE id < 60;
INSERT INTO outbox_minute (minute, kind, outcome, count)
VALUES (1787572980000 / 60000, 'renewal', 'delivered', 17),
    (1787572980000 / 60000, 'renewal', 'retry', 1),
    (1787572980000 / 60000 - 40, 'renewal', 'failed', 2);
UPDATE outbox_count SET count =
    (SELECT count(*) FROM row WHERE row.state = outbox_count.name)
    WHERE name IN (SELECT state FROM row);
UPDATE outbox_count SET count = 400 WHERE name = 'delivered_ever';
UPDATE outbox_count SET count = 620 WHERE name = 'delivered_calls';
UPDATE outbox_destination SET api_url = 'https://api.intercom.io',
    quota_limit = 1666, quota_left = 1204, quota_reset_ms = 1787572986000;
UPDATE outbox_relay SET epoch = 3, pid = 812, host = 'mail',
    started_ms = 1787305860000;
