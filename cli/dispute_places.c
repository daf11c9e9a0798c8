#include "cli/dispute_places.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"

int dispute_put_elsewhere(Text *t, const Context *ctx, const char *campaign, const char *as,
                          Store *store, int64_t annotator, Error *err)
{
    StoreCampaignList list = {0};
    int rc = store_list_campaigns(store, &list, err);
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        const char *name = list.row[i].name;
        int64_t n = 0;
        if (strcmp(name, campaign) == 0) continue;
        rc = store_use_campaign(store, name, err);
        if (rc == 0) rc = store_count_disagreed(store, annotator, &n, err);
        if (rc != 0 || n == 0) continue;
        if (ctx->json) {
            if (t->n > 0) text_add(t, ",");
            json_put_text(t, name, strlen(name));
            text_format(t, ":%lld", (long long)n);
        } else {
            text_format(t,
                        "%s left in campaign %s: rlhf label --review disagree --campaign %s%s%s\n",
                        text_thousands(n), name, name, as ? " --as " : "", as ? as : "");
        }
    }
    store_campaigns_free(&list);
    return rc;
}

int dispute_explain_none(int64_t *n, Store *store, int64_t annotator, Error *err)
{
    StoreCampaign campaign = {0};
    if (store_count_disagreed(store, annotator, n, err) != 0) return -1;
    if (*n > 0) return 0;
    if (store_get_terms(store, &campaign, err) != 0) return -1;
    log_line("nothing to settle: no pair is open that two people have labeled and differ on");
    if (campaign.overlap == 1)
        log_line("each pair goes to one person; to two: rlhf campaign edit %s --overlap 2",
                 campaign.name);
    store_campaign_free(&campaign);
    return 0;
}
