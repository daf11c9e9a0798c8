#include "cli/label_none.h"

#include "base/text.h"
#include "cli/next_line.h"

static void put_reason(Text *t, int64_t n, const char *singular, const char *plural)
{
    if (n > 0)
        text_format(t, "%s%s %s", t->n ? ", " : "", text_thousands(n), n == 1 ? singular : plural);
}

/* What the project needs now, which may be no more pairs. */
static int hint_next(const Context *ctx, Store *store, Error *err)
{
    ProjectStatus s = {0};
    Error ignored;
    if (project_status_read(&s, ctx, store, &ignored) != 0) return -1;
    Text line = {0};
    next_line_format(&line, s.next, s.why);
    if (s.next[0]) error_hint(err, "next: %s", line.bytes);
    text_free(&line);
    project_status_free(&s);
    return -1;
}

/* Pairs are there, and none for this person: where they are. */
static int all_taken(const Context *ctx, Store *store, const char *who, int64_t id, bool imported,
                     Error *err)
{
    StoreTaken taken = {0};
    Text where = {0};
    if (store_count_taken(store, id, &taken, err) != 0) return -1;
    put_reason(&where, taken.imported, "came with its label", "came with their labels");
    put_reason(&where, taken.labeled, "is labeled by others", "are labeled by others");
    put_reason(&where, taken.held, "is held by others", "are held by others");
    put_reason(&where, taken.held_elsewhere, "is held by another session of yours",
               "are held by other sessions of yours");
    error_set(err, "no pairs to label for %s: %s", who, where.n ? where.bytes : "none is free");
    text_free(&where);
    if (taken.imported > 0 && !imported)
        return error_hint(err, "those of data sets are offered with: rlhf label --imported");
    if (taken.held + taken.held_elsewhere > 0)
        return error_hint(err, "what is held and not labeled is free again after ten minutes");
    return hint_next(ctx, store, err);
}

/* Pairs are there, and none is the campaign's. */
static int none_of_campaign(const char *campaign, Error *err)
{
    error_set(err, "no pairs to label yet in campaign %s", campaign);
    return error_hint(err, "make some with: rlhf sample --campaign %s", campaign);
}

int label_none(const Context *ctx, Store *store, const char *who, int64_t annotator,
               const char *campaign_name, bool imported, Error *err)
{
    int64_t comparisons = 0, prompts = 0;
    StoreCampaign campaign = {0};
    if (store_get_campaign(store, campaign_name, &campaign, err) != 0) return -1;
    const bool empty = campaign.comparisons == 0;
    store_campaign_free(&campaign);
    if (store_count_comparisons(store, &comparisons, err) != 0) return -1;
    if (store_count_prompts(store, NULL, &prompts, err) != 0) return -1;
    if (comparisons > 0 && empty) return none_of_campaign(campaign_name, err);
    if (comparisons > 0) return all_taken(ctx, store, who, annotator, imported, err);
    if (prompts == 0)
        return error_set(err,
                         "no pairs to label yet, and no prompts; begin with: rlhf import FILE");
    return error_set(err, "no pairs to label yet; make some with: rlhf sample (%s %s there)",
                     text_count(prompts, "prompt"), prompts == 1 ? "is" : "are");
}
