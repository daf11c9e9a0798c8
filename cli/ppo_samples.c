#include "cli/ppo_samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/rng.h"
#include "cli/loaded.h"
#include "ppo/rollout.h"
#include "reward/reward.h"

/* On one line of the log, and nothing that a terminal would take for a command. */
static void flatten(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) *text = ' ';
}

static int take_one(Run *run, const Rollout *r, int b, const Tokenizer *t, double score,
                    int64_t step, Error *err)
{
    const int from = r->start[b], at = r->response[b], end = r->start[b + 1];
    char *prompt = response_text(t, r->token + from, at - from);
    char *response = response_text(t, r->token + at, end - at);
    Text members = {0};
    text_add(&members, "\"prompt\":");
    json_put_text(&members, prompt, strlen(prompt));
    text_add(&members, ",\"response\":");
    json_put_text(&members, response, strlen(response));
    text_add(&members, ",\"score\":");
    json_put_number(&members, score);
    text_format(&members, ",\"finished\":%s", r->finished[b] ? "true" : "false");
    const int rc = run_record_sample(run, step, members.bytes, err);
    flatten(prompt);
    flatten(response);
    log_line("held out, after %lld: %s |%s%s  (score %.2f)", (long long)step, prompt, response,
             r->finished[b] ? "" : " ...", score);
    text_free(&members);
    free(prompt);
    free(response);
    return rc;
}

int ppo_samples_take(Run *run, const PpoInputs *in, const PpoConfig *c, const Tokenizer *t,
                     int64_t step, Error *err)
{
    PpoInputs asked = *in;
    const int n = in->held_out.n < PPO_SAMPLES ? in->held_out.n : PPO_SAMPLES;
    int prompt[PPO_SAMPLES];
    uint64_t key[PPO_SAMPLES];
    double score[PPO_SAMPLES];
    Rollout r = {0};
    if (n == 0) return 0;
    for (int i = 0; i < n; i++) prompt[i] = i, key[i] = rng_item(RNG_FOR_HELD_OUT, (uint64_t)i);
    asked.prompts = in->held_out;
    if (rollout_sample(&r, &asked, c, prompt, key, n, err) != 0) return -1;
    reward_score(score, in->reward, r.token, r.start, r.B);
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++) rc = take_one(run, &r, i, t, score[i], step, err);
    rollout_free(&r);
    return rc;
}
