#include "cli/labeling_left.h"

#include <stdio.h>
#include <string.h>

static void take_most(char name[LABELING_CAMPAIGN_MAX], int64_t *most, const StoreCampaign *c,
                      int64_t n)
{
    if (n <= *most) return;
    *most = n;
    snprintf(name, LABELING_CAMPAIGN_MAX, "%s", c->name);
}

int labeling_left_read(LabelingLeft *out, Store *store, Error *err)
{
    LabelingLeft left = {0};
    StoreCampaignList list = {0};
    int rc = store_count_wanting(store, 0, &left.to_do, err);
    if (rc == 0) rc = store_list_terms(store, &list, err);
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        const StoreCampaign *c = &list.row[i];
        int64_t n = 0;
        if (c->closed && strcmp(c->name, STORE_CAMPAIGN) == 0) left.default_closed = true;
        if (c->purpose != PURPOSE_TRAIN) continue;
        rc = store_count_unjudged(store, c->id, &n, err);
        if (c->closed) take_most(left.closed, &left.unjudged_closed, c, n);
        else take_most(left.campaign, &left.unjudged, c, n);
    }
    if (rc == 0) *out = left;
    store_campaigns_free(&list);
    return rc;
}
