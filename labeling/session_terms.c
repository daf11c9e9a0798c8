/* What the campaign of a session says, which its owner may change meanwhile. */
#include "labeling/session_state.h"

Offer session_offer(const Session *s)
{
    return (Offer){s->campaign.scale, s->campaign.tie, s->campaign.both_bad};
}

const char *session_guidelines(const Session *s)
{
    return s->campaign.guidelines;
}

int session_guidelines_version(const Session *s)
{
    return s->campaign.guidelines_version;
}

bool session_guidelines_new(Session *s)
{
    if (s->options.practice || s->options.review) return false;
    if (s->campaign.guidelines_version <= s->guidelines_read) return false;
    s->guidelines_read = s->campaign.guidelines_version;
    return true;
}

bool session_is_closed(const Session *s)
{
    return s->campaign.closed && !s->options.practice;
}

bool session_is_disabled(const Session *s)
{
    return s->disabled;
}

static int read_person(Session *s, Error *err)
{
    StorePersonList people = {0};
    if (store_list_people(s->store, &people, err) != 0) return -1;
    for (size_t i = 0; i < people.n; i++)
        if (people.row[i].id == s->annotator_id) s->disabled = people.row[i].disabled;
    store_people_free(&people);
    return 0;
}

int session_read_terms(Session *s, Error *err)
{
    StoreCampaign now = {0};
    if (store_get_terms(s->store, &now, err) != 0) return -1;
    store_campaign_free(&s->campaign);
    s->campaign = now;
    s->disputes.scale = now.scale;
    return read_person(s, err);
}
