/* How comparisons are put to people, and what for. */
#ifndef STORE_CAMPAIGN_H
#define STORE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"

/* What labels are for.  Those of PURPOSE_EVALUATE and PURPOSE_PRACTICE are never training data. */
typedef enum { PURPOSE_TRAIN, PURPOSE_EVALUATE, PURPOSE_PRACTICE } Purpose;
enum { PURPOSE_N = 3 };
const char *purpose_name(Purpose purpose); /* "train" */
int purpose_parse(Purpose *out, const char *name, Error *err);

#define STORE_CAMPAIGN "default" /* always there */
/* How a set of comparisons is put to people. */
typedef struct {
    int64_t id;
    const char *name, *title; /* title: in words, "" when it has none */
    const char *guidelines;   /* what annotators are told; NULL when nothing */
    int guidelines_version;   /* 1 and up; 0 when nothing */
    Purpose purpose;          /* for good, once made */
    int scale;                /* grades of strength to a side, 1 to 4 */
    bool tie, both_bad;       /* whether they are offered */
    int overlap;              /* people per comparison */
    int lease_s;              /* seconds a pair is held for one person */
    int goal;                 /* labels a day for one person; 0 none */
    bool closed;
    int64_t comparisons, labels; /* labels that stand, of people, skips apart; read only */
} StoreCampaign;
typedef struct {
    StoreCampaign *row;
    size_t n;
} StoreCampaignList;
/* A new one, by all but id, guidelines_version, closed and counts; a name that is taken is an error. */
int store_add_campaign(Store *s, const StoreCampaign *campaign, int64_t *id, Error *err);
/* By id, all but name and purpose.  Guidelines that differ become the next version; NULL leaves them. */
int store_edit_campaign(Store *s, const StoreCampaign *campaign, Error *err);
/* An unknown name is an error that says which there are.  name NULL: the one in use.  The caller frees. */
int store_get_campaign(Store *s, const char *name, StoreCampaign *out, Error *err);
/* Of the campaign in use, all but the two counts, which take long where there is much to count. */
int store_get_terms(Store *s, StoreCampaign *out, Error *err);
/* The newest version under which a pair of the campaign in use was given to this annotator, who then decided it; 0
 * is none. */
int store_find_guidelines_read(Store *s, int64_t annotator_id, int64_t *version, Error *err);
void store_campaign_free(StoreCampaign *campaign); /* the texts, not the struct */
/* In order of id. */
int store_list_campaigns(Store *s, StoreCampaignList *out, Error *err);
/* The same without the two counts, which take a while. */
int store_list_terms(Store *s, StoreCampaignList *out, Error *err);
void store_campaigns_free(StoreCampaignList *list);
/* Sampled comparisons of it that fewer people have decided than its overlap asks for, redacted ones apart; 0 of one that
 * is closed.  campaign_id 0: of all. */
int store_count_wanting(Store *s, int64_t campaign_id, int64_t *out, Error *err);
/* Sampled comparisons of it, open or closed, that nobody and no rule has decided, redacted ones apart. */
int store_count_unjudged(Store *s, int64_t campaign_id, int64_t *out, Error *err);
/* An error when nothing more is to be labeled in it. */
int store_check_open(Store *s, Error *err);
/* From here on claims, counts of what is to label, and new comparisons are of this campaign, not the default. */
int store_use_campaign(Store *s, const char *name, Error *err);

#endif
