#include "delivery/pacer.h"

static const int64_t FIRST_WINDOW_MS = 10 * 1000;
static const int64_t SHORTEST_WINDOW_MS = 1000;
static const int64_t LONGEST_WINDOW_MS = 60 * 60 * 1000;

/* Date is cut to the second, and may come from another machine. */
static const int64_t DATE_SLACK_MS = 20;

/* Where there is no Date, their clock is taken to be within this of ours. */
static const int64_t GUESSED_CLOCK_MS = 1000;

/* What was not used can be caught up with at most for this time. */
static const double BURST_MS = 250;

/* The rest of a window is never spread over less. */
static const double SHORTEST_SPREAD_MS = 100;

static const double OTHERS_SLACK_MS = 100;

/* So many answers in a row without headers: there is no quota any more. */
enum { MOST_WITHOUT_HEADERS = 50 };

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* --- the window ----------------------------------------------------------- */

static int64_t earliest_end_ms(const struct pacer *pacer)
{
    return pacer->their_reset_s * 1000 - pacer->clock.most_ms;
}

static int64_t latest_end_ms(const struct pacer *pacer)
{
    return pacer->their_reset_s * 1000 - pacer->clock.least_ms;
}

static void count_left(struct pacer *pacer)
{
    pacer->left = greatest(0, pacer->remaining - pacer->in_flight);
    pacer->reset_ms = latest_end_ms(pacer);
}

/* What others took of the window that ends. Calls of ours which may have been
 * counted but not answered are not taken for theirs. */
static void note_others(struct pacer *pacer)
{
    int64_t theirs =
        pacer->limit - pacer->remaining - pacer->answered - pacer->in_flight;
    double per_ms = (double)greatest(0, theirs) / (double)pacer->window_ms;
    pacer->others_per_ms = (pacer->others_per_ms + per_ms) / 2;
}

static void begin_window(struct pacer *pacer, int64_t reset_s,
                         int64_t remaining)
{
    pacer->their_reset_s = reset_s;
    pacer->remaining = remaining;
    pacer->answered = 0;
    if (pacer->allowance < 0)
        pacer->allowance = 0;
}

/* Our clock was set back if the window seems to end too far ahead. Its end is
 * put to the latest that is possible; answers will correct that. */
static void follow_clock(struct pacer *pacer, int64_t now_ms)
{
    int64_t ahead_ms = latest_end_ms(pacer) - now_ms;
    int64_t most_ms = pacer->window_ms + 2000;
    if (ahead_ms <= most_ms)
        return;
    pacer->clock.least_ms += ahead_ms - pacer->window_ms;
    pacer->clock.most_ms += ahead_ms - pacer->window_ms;
    pacer->clock.learned_ms = now_ms;
    pacer->filled_ms = now_ms;
}

/* Count on a new window once the old one is over for certain. */
static void follow_time(struct pacer *pacer, int64_t now_ms)
{
    follow_clock(pacer, now_ms);
    int64_t over_ms = now_ms - latest_end_ms(pacer);
    if (over_ms >= 0) {
        int64_t windows = over_ms / pacer->window_ms + 1;
        note_others(pacer);
        begin_window(pacer,
                     pacer->their_reset_s + windows * pacer->window_ms / 1000,
                     pacer->limit);
    }
    count_left(pacer);
}

/* --- spreading ------------------------------------------------------------ */

/* Calls that others may make until this window is over: their rate, and a
 * little more, since they do not come evenly. */
static double kept_for_others(const struct pacer *pacer, int64_t now_ms)
{
    double rest_ms = (double)(latest_end_ms(pacer) - now_ms);
    bool are_others = pacer->others_per_ms * (double)pacer->window_ms >= 1;
    if (!are_others || rest_ms < 0)
        return 0;
    return pacer->others_per_ms * (rest_ms + OTHERS_SLACK_MS) + 1;
}

/* Calls a millisecond that use up the window exactly. The last ones leave a
 * call's time before its end, so that they are counted in it. */
static double rate_now(const struct pacer *pacer, int64_t now_ms)
{
    double lead_ms = smaller(pacer->latency_ms, (double)pacer->window_ms / 20);
    double spread_ms = (double)(earliest_end_ms(pacer) - now_ms) - lead_ms;
    double ours = (double)pacer->left - kept_for_others(pacer, now_ms);
    return larger(0, ours) / larger(spread_ms, SHORTEST_SPREAD_MS);
}

static void fill(struct pacer *pacer, int64_t now_ms)
{
    double rate = rate_now(pacer, now_ms);
    int64_t passed_ms = greatest(0, now_ms - pacer->filled_ms);
    pacer->allowance = smaller(pacer->allowance + rate * (double)passed_ms,
                               1 + rate * BURST_MS);
    pacer->filled_ms = now_ms;
}

static void bring_up_to_date(struct pacer *pacer, int64_t now_ms)
{
    if (!pacer->is_known)
        return;
    follow_time(pacer, now_ms);
    fill(pacer, now_ms);
}

/* --- what answers say ------------------------------------------------------
 */

static bool has_quota(const struct http_answer *answer)
{
    const int64_t most = INT64_C(1) << 40;
    return answer->quota_limit > 0 && answer->quota_limit < most &&
           answer->quota_left != HTTP_NONE && answer->quota_reset_s > 0 &&
           answer->quota_reset_s < most;
}

static bool has_date(const struct http_answer *answer)
{
    return answer->date_s > 0 && answer->date_s < INT64_C(1) << 40;
}

/* When the request left, as early as anything says. */
static int64_t sent_ms(const struct http_answer *answer, int64_t now_ms)
{
    int64_t took_ms = least(LONGEST_WINDOW_MS, greatest(0, answer->took_ms));
    int64_t sent = now_ms - took_ms;
    bool plausible = answer->started_ms > now_ms - LONGEST_WINDOW_MS;
    return plausible ? least(sent, answer->started_ms) : sent;
}

/* A window's length shows when one follows another, or when one ends further
 * ahead than it could. */
static void learn_window(struct pacer *pacer, const struct http_answer *answer)
{
    int64_t step_ms = (answer->quota_reset_s - pacer->told_reset_s) * 1000;
    int64_t ahead_ms =
        has_date(answer) ? (answer->quota_reset_s - answer->date_s) * 1000 : 0;
    int64_t window_ms = pacer->window_ms;
    if (pacer->is_known && step_ms > 0 && step_ms < window_ms)
        window_ms = step_ms;
    else if (ahead_ms > window_ms)
        window_ms = pacer->is_known && step_ms >= ahead_ms ? step_ms : ahead_ms;
    pacer->window_ms =
        least(LONGEST_WINDOW_MS, greatest(SHORTEST_WINDOW_MS, window_ms));
}

static void guess_clock(struct server_clock *clock)
{
    int64_t middle = least(clock->most_ms, greatest(clock->least_ms, 0));
    clock->least_ms = greatest(clock->least_ms, middle - GUESSED_CLOCK_MS);
    clock->most_ms = least(clock->most_ms, middle + GUESSED_CLOCK_MS);
}

/* Two glimpses: Date, and that the window which counted the call was on. */
static void learn_clock(struct pacer *pacer, const struct http_answer *answer,
                        int64_t now_ms)
{
    struct server_glimpse glimpse = {.sent_ms = sent_ms(answer, now_ms),
                                     .came_ms = now_ms};
    if (has_date(answer)) {
        glimpse.from_ms = answer->date_s * 1000 - DATE_SLACK_MS;
        glimpse.until_ms = answer->date_s * 1000 + 1000 + DATE_SLACK_MS;
        server_clock_learn(&pacer->clock, &glimpse);
    }
    glimpse.until_ms = answer->quota_reset_s * 1000;
    glimpse.from_ms = glimpse.until_ms - pacer->window_ms;
    server_clock_learn(&pacer->clock, &glimpse);
    if (!has_date(answer))
        guess_clock(&pacer->clock);
}

/* Bring what is known of the windows in line with an answer's. */
static void learn_quota(struct pacer *pacer, const struct http_answer *answer,
                        int64_t now_ms)
{
    int64_t reset_s = answer->quota_reset_s;
    int64_t remaining =
        least(answer->quota_limit, greatest(0, answer->quota_left));
    int64_t end_ms = reset_s * 1000 - pacer->clock.least_ms;
    bool is_new = !pacer->is_known || reset_s > pacer->their_reset_s;
    /* We counted on a window that has not begun. */
    bool goes_back = reset_s < pacer->their_reset_s && now_ms < end_ms;
    pacer->limit = answer->quota_limit;
    if (is_new || goes_back) {
        if (is_new && pacer->is_known)
            note_others(pacer);
        begin_window(pacer, reset_s, remaining);
    }
    if (reset_s == pacer->their_reset_s) {
        pacer->remaining = least(pacer->remaining, remaining);
        pacer->answered++;
    }
    pacer->told_reset_s = greatest(pacer->told_reset_s, reset_s);
}

static void take_quota(struct pacer *pacer, const struct http_answer *answer,
                       int64_t now_ms)
{
    pacer->without_headers = 0;
    learn_window(pacer, answer);
    learn_clock(pacer, answer, now_ms);
    learn_quota(pacer, answer, now_ms);
    if (!pacer->is_known)
        pacer->filled_ms = now_ms;
    pacer->is_known = true;
}

/* The call may have been counted, and nothing says so. */
static void take_no_quota(struct pacer *pacer, const struct http_answer *answer)
{
    pacer->remaining = greatest(0, pacer->remaining - 1);
    if (answer->end == HTTP_ANSWERED)
        pacer->without_headers++;
    if (pacer->without_headers < MOST_WITHOUT_HEADERS)
        return;
    int64_t in_flight = pacer->in_flight;
    int64_t wait_until_ms = pacer->wait_until_ms;
    pacer_init(pacer);
    pacer->in_flight = in_flight;
    pacer->wait_until_ms = wait_until_ms;
}

/* --- the contract ----------------------------------------------------------
 */

void pacer_init(struct pacer *pacer)
{
    *pacer = (struct pacer){.window_ms = FIRST_WINDOW_MS};
    server_clock_init(&pacer->clock);
}

void pacer_start_call(struct pacer *pacer, int64_t now_ms)
{
    bring_up_to_date(pacer, now_ms);
    pacer->in_flight++;
    if (!pacer->is_known)
        return;
    pacer->allowance -= 1;
    count_left(pacer);
}

void pacer_take_answer(struct pacer *pacer, const struct http_answer *answer,
                       int64_t now_ms)
{
    bring_up_to_date(pacer, now_ms);
    pacer->in_flight = greatest(0, pacer->in_flight - 1);
    if (answer->end == HTTP_ANSWERED) {
        double took_ms = (double)(now_ms - sent_ms(answer, now_ms));
        double weight = pacer->latency_ms > 0 ? 0.1 : 1;
        pacer->latency_ms += weight * (took_ms - pacer->latency_ms);
    }
    if (answer->end == HTTP_ANSWERED && has_quota(answer))
        take_quota(pacer, answer, now_ms);
    else if (answer->end != HTTP_NOT_SENT)
        take_no_quota(pacer, answer);
    if (pacer->is_known)
        count_left(pacer);
}

void pacer_wait_until(struct pacer *pacer, int64_t until_ms)
{
    pacer->wait_until_ms = greatest(pacer->wait_until_ms, until_ms);
}

/* A wait that is too long to be meant was set before our clock went back. */
static bool is_waiting(struct pacer *pacer, int64_t now_ms)
{
    if (pacer->wait_until_ms - now_ms > LONGEST_WINDOW_MS)
        pacer->wait_until_ms = 0;
    return now_ms < pacer->wait_until_ms;
}

/* The most of what is wanted, with so much of the quota left for it. */
static int allowed_of(const struct pacer *pacer, int64_t left, int most)
{
    if (pacer->allowance < 1)
        return 0;
    int64_t asked = least(most, (int64_t)pacer->allowance);
    return (int)greatest(0, least(asked, left));
}

/* What is left for first calls, if each call under way, and each that starts,
 * is followed by two (create, update, send). A limit below three would let
 * none start: it is taken as it is. */
static int64_t left_for_deliveries(const struct pacer *pacer)
{
    if (pacer->limit < 3)
        return pacer->left;
    return greatest(0, pacer->left - 2 * pacer->in_flight) / 3;
}

/* True if the quota does not matter: *allowed is then how many. */
static bool is_unpaced(struct pacer *pacer, int64_t now_ms, int most,
                       int *allowed)
{
    *allowed = is_waiting(pacer, now_ms) || most <= 0 ? 0 : most;
    bring_up_to_date(pacer, now_ms);
    return *allowed == 0 || !pacer->is_known;
}

int pacer_allowed(struct pacer *pacer, int64_t now_ms, int most)
{
    int allowed;
    if (is_unpaced(pacer, now_ms, most, &allowed))
        return allowed;
    return allowed_of(pacer, pacer->left, most);
}

int pacer_allowed_deliveries(struct pacer *pacer, int64_t now_ms, int most)
{
    int allowed;
    if (is_unpaced(pacer, now_ms, most, &allowed))
        return allowed;
    return allowed_of(pacer, left_for_deliveries(pacer), most);
}

/* When one may start, with so much of the quota left for it. */
static int64_t next_of(const struct pacer *pacer, int64_t left, int64_t now_ms)
{
    if (left < 1)
        return greatest(now_ms + 1, pacer->reset_ms);
    if (pacer->allowance >= 1)
        return now_ms;
    double rate = rate_now(pacer, now_ms);
    double wait_ms = (double)(pacer->reset_ms - now_ms);
    if (rate > 0)
        wait_ms = smaller(wait_ms, (1 - pacer->allowance) / rate);
    return now_ms + greatest(1, (int64_t)wait_ms);
}

int64_t pacer_next_ms(struct pacer *pacer, int64_t now_ms)
{
    int allowed;
    if (is_unpaced(pacer, now_ms, 1, &allowed))
        return allowed > 0 ? now_ms : pacer->wait_until_ms;
    return next_of(pacer, pacer->left, now_ms);
}

int64_t pacer_next_delivery_ms(struct pacer *pacer, int64_t now_ms)
{
    int allowed;
    if (is_unpaced(pacer, now_ms, 1, &allowed))
        return allowed > 0 ? now_ms : pacer->wait_until_ms;
    return next_of(pacer, left_for_deliveries(pacer), now_ms);
}
