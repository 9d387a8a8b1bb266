/* job_draw.c - how a plan and a running operation look. */
#include "tui/job.h"

#include "base/text.h"
#include "outbox/operation_words.h"
#include "tui/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PLAN_BYTES = 4096 };

/* --- on the screen ------------------------------------------------------- */

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void write_plan(const struct job *job, struct buf *out)
{
    buf_init(out, PLAN_BYTES);
    operation_words_plan(&job->plan, out);
}

int job_pane_lines(const struct model *model)
{
    const struct job *job = model->job;
    struct buf plan;
    if (job->state != JOB_ASKING)
        return job->state == JOB_PLANNING ? 2 : 0;
    write_plan(job, &plan);
    int lines = count_lines(buf_text(&plan)) + 2 + (*job->sample != '\0');
    buf_free(&plan);
    int most = frame_body_lines(model);
    return lines < most ? lines : most;
}

static void draw_planning(const struct job *job, struct canvas *canvas,
                          int line)
{
    int share = job->is_by_filter ? cursor_share(&job->cursor)
                : job->id_count == 0
                    ? 0
                    : (int)(1000 * job->id_next / job->id_count);
    (void)canvas_put_format(canvas, line + 1, 2, canvas->columns - 3,
                            ROLE_PLAIN,
                            "Planning: %" PRId64 " match so far, %d %% looked "
                            "at. Esc cancels.",
                            job->plan.matched, share / 10);
}

/* The plan's lines, as many as there is room for. */
static void draw_plan(const struct job *job, struct canvas *canvas, int line,
                      int end)
{
    struct buf plan;
    write_plan(job, &plan);
    for (const char *at = buf_text(&plan); *at != '\0' && line < end; line++) {
        size_t length = strcspn(at, "\n");
        (void)canvas_put_bytes(canvas, line, 2, canvas->columns - 3, ROLE_PLAIN,
                               at, length);
        at += length + 1;
    }
    buf_free(&plan);
    if (*job->sample == '\0' || line >= end)
        return;
    int used = canvas_put(canvas, line, 2, canvas->columns - 3, ROLE_HEADING,
                          "Sample  ");
    (void)canvas_put(canvas, line, 2 + used, canvas->columns - 3 - used,
                     ROLE_PLAIN, job->sample);
}

void job_draw(const struct model *model, struct canvas *canvas, int line)
{
    const struct job *job = model->job;
    int end = FRAME_BODY_LINE + frame_body_lines(model);
    char title[JOB_FILTER_BYTES + 40];
    for (int i = line; i < end; i++)
        canvas_fill(canvas, i, 0, canvas->columns, ROLE_PLAIN);
    (void)snprintf(title, sizeof(title), "%s %s",
                   text_equals(job->action, "retry") ? "Retry" : "Discard",
                   job->filter);
    canvas_put_rule(canvas, line, title);
    if (job->state == JOB_PLANNING) {
        draw_planning(job, canvas, line);
        return;
    }
    draw_plan(job, canvas, line + 1, end - 1);
    prompt_draw(&model->prompt, canvas, end - 1, 2, canvas->columns - 4);
}
