-- webhooks.lua - wrk sends webhooks that are all different: a renewal each, of
-- ten thousand users. Whatever is not answered with 200 is counted.
--
--   wrk -t 2 -c 64 -d 10s -s webhooks.lua http://127.0.0.1:8080/webhooks/revenuecat -- RUN [AUTHORIZATION]
--
-- RUN is part of the ids, so that two runs into one outbox do not repeat them.

local threads = 0
local format = '{"api_version":"1.0","event":{"type":"RENEWAL","id":"%s-%d-%d",' ..
    '"event_timestamp_ms":%d,"app_id":"app1234567890","app_user_id":"user-%d",' ..
    '"original_app_user_id":"user-%d","aliases":["user-%d"],' ..
    '"product_id":"monthly","entitlement_id":null,"entitlement_ids":["plus"],' ..
    '"period_type":"NORMAL","purchased_at_ms":%d,"expiration_at_ms":%d,' ..
    '"environment":"PRODUCTION","store":"APP_STORE",' ..
    '"is_trial_conversion":false,"price":9.99,"currency":"USD",' ..
    '"country_code":"DE","transaction_id":"%d","subscriber_attributes":{}}}'

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(arguments)
    run = arguments[1] or "run"
    count = 0
    headers = {["Content-Type"] = "application/json"}
    if arguments[2] then
        headers["Authorization"] = arguments[2]
    end
end

function request()
    count = count + 1
    local user = (count * 7919 + number) % 10000
    local at = 1764000000000 + count * 1000
    return wrk.format("POST", nil, headers, string.format(format, run, number,
        count, at, user, user, user, at, at + 2592000000, count))
end

-- One line of JSON behind wrk's own words.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{"answered":%d,"took_us":%d,"refused":%d,"broken":%d,' ..
        '"p50_us":%d,"p99_us":%d}\n', summary.requests, summary.duration,
        errors.status, errors.connect + errors.read + errors.write +
        errors.timeout, latency:percentile(50), latency:percentile(99)))
end
