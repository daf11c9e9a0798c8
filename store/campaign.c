/* How comparisons are put to people: campaigns and what their annotators are told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/sql.h"

enum { NAME_MAX_BYTES = 60 };

/* ---- making and changing --------------------------------------------------------------------------- */

/* Names are typed after an option and printed in a sentence. */
static int check(Store *s, const StoreCampaign *c, Error *err)
{
    const size_t n = strlen(c->name);
    if (n == 0 || n > NAME_MAX_BYTES ||
        strspn(c->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != n)
        return error_usage(err,
                           "campaign '%.80s': a name is up to %d letters, digits, dots, hyphens "
                           "and underscores",
                           c->name, NAME_MAX_BYTES);
    if (c->scale < 1 || c->scale > 4)
        return error_usage(err, "campaign %s: the scale has 1 to 4 grades to a side, not %d",
                           c->name, c->scale);
    if (c->overlap < 1)
        return error_usage(err, "campaign %s: %d people per pair are too few", c->name, c->overlap);
    if (c->lease_s < 1) return error_usage(err, "campaign %s: a lease takes time", c->name);
    if (c->goal < 0) return error_usage(err, "campaign %s: %d labels a day", c->name, c->goal);
    if (content_check(s, c->title, "title", err) != 0) return -1;
    return c->guidelines ? content_check(s, c->guidelines, "guidelines", err) : 0;
}

/* Guidelines that differ from the newest become the next version. */
static int add_guidelines(Store *s, int64_t campaign_id, const char *text, Error *err)
{
    static const char NEWEST[] = "SELECT content_id FROM guideline WHERE campaign_id=?1"
                                 " ORDER BY version DESC LIMIT 1";
    static const char ADD[] =
        "INSERT INTO guideline(campaign_id,version,content_id,created_us) SELECT ?1,"
        "1+ifnull((SELECT max(version) FROM guideline WHERE campaign_id=?1),0),?2,?3";
    int64_t content_id = 0, newest = 0;
    sqlite3_stmt *stmt = NULL;
    if (content_add(s, text, &content_id, err) != 0) return -1;
    if (sql_get(s, &stmt, NEWEST, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, campaign_id);
    if (sql_one(s, stmt, &newest, "read the guidelines", err) != 0) return -1;
    if (newest == content_id) return 0;
    if (sql_get(s, &stmt, ADD, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, campaign_id);
    sqlite3_bind_int64(stmt, 2, content_id);
    sqlite3_bind_int64(stmt, 3, store_time_us());
    return sql_run(s, stmt, "add guidelines", err);
}

static int find_campaign(Store *s, const char *name, int64_t *id, Error *err)
{
    static const char SQL[] = "SELECT id FROM campaign WHERE name=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, name);
    return sql_one(s, stmt, id, "find a campaign", err);
}

/* The settings that an edit may change, from the second parameter on. */
static void bind_settings(sqlite3_stmt *stmt, const StoreCampaign *c)
{
    sql_bind_text(stmt, 2, c->title);
    sqlite3_bind_int(stmt, 3, c->scale);
    sqlite3_bind_int(stmt, 4, c->tie);
    sqlite3_bind_int(stmt, 5, c->both_bad);
    sqlite3_bind_int(stmt, 6, c->overlap);
    sqlite3_bind_int(stmt, 7, c->lease_s);
    sql_bind_id(stmt, 8, c->goal);
}

static int add(Store *s, const StoreCampaign *c, int64_t *id, Error *err)
{
    static const char SQL[] =
        "INSERT INTO campaign(name,title,scale,tie,both_bad,overlap,lease_s,goal,purpose,"
        "created_us,seed) SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,seed FROM campaign"
        " WHERE name='" STORE_CAMPAIGN "'";
    sqlite3_stmt *stmt = NULL;
    int64_t there = 0;
    if (find_campaign(s, c->name, &there, err) != 0) return -1;
    if (there) {
        error_set(err, "campaign %s is there already", c->name);
        return error_hint(err, "change it with: rlhf campaign edit %s", c->name);
    }
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, c->name);
    bind_settings(stmt, c);
    sql_bind_text(stmt, 9, purpose_name(c->purpose));
    sqlite3_bind_int64(stmt, 10, store_time_us());
    if (sql_run(s, stmt, "add a campaign", err) != 0) return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return c->guidelines ? add_guidelines(s, *id, c->guidelines, err) : 0;
}

int store_add_campaign(Store *s, const StoreCampaign *campaign, int64_t *id, Error *err)
{
    int64_t added = 0;
    if (check(s, campaign, err) != 0) return -1;
    if (sql_begin(s, err) != 0) return -1;
    if (sql_finish(s, add(s, campaign, &added, err), err) != 0) return -1;
    *id = added;
    return 0;
}

static int edit(Store *s, const StoreCampaign *c, Error *err)
{
    static const char SQL[] =
        "UPDATE campaign SET title=?2, scale=?3, tie=?4, both_bad=?5, overlap=?6, lease_s=?7,"
        " goal=?8, closed_us=CASE WHEN ?9 THEN ifnull(closed_us,?10) END WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, c->id);
    bind_settings(stmt, c);
    sqlite3_bind_int(stmt, 9, c->closed);
    sqlite3_bind_int64(stmt, 10, store_time_us());
    if (sql_run(s, stmt, "change a campaign", err) != 0) return -1;
    if (sqlite3_changes(s->db) == 0)
        return error_set(err, "%s: there is no campaign %lld", s->path, (long long)c->id);
    return c->guidelines ? add_guidelines(s, c->id, c->guidelines, err) : 0;
}

int store_edit_campaign(Store *s, const StoreCampaign *campaign, Error *err)
{
    if (check(s, campaign, err) != 0) return -1;
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, edit(s, campaign, err), err);
}

/* ---- reading --------------------------------------------------------------------------------------- */

static Purpose read_purpose(sqlite3_stmt *stmt, int column)
{
    const char *name = (const char *)sqlite3_column_text(stmt, column);
    for (int i = 0; i < PURPOSE_N; i++)
        if (name && strcmp(purpose_name((Purpose)i), name) == 0) return (Purpose)i;
    /* What nobody knows is nothing to train on. */
    return PURPOSE_PRACTICE;
}

static void read_row(StoreCampaign *c, sqlite3_stmt *stmt)
{
    *c = (StoreCampaign){.id = sqlite3_column_int64(stmt, 0),
                         .name = sql_copy_text(stmt, 1),
                         .title = sql_copy_text(stmt, 2),
                         .guidelines = sql_copy_text(stmt, 3),
                         .guidelines_version = sqlite3_column_int(stmt, 4),
                         .purpose = read_purpose(stmt, 5),
                         .scale = sqlite3_column_int(stmt, 6),
                         .tie = sqlite3_column_int(stmt, 7) != 0,
                         .both_bad = sqlite3_column_int(stmt, 8) != 0,
                         .overlap = sqlite3_column_int(stmt, 9),
                         .lease_s = sqlite3_column_int(stmt, 10),
                         .goal = sqlite3_column_int(stmt, 11),
                         .closed = sqlite3_column_int(stmt, 12) != 0,
                         .comparisons = sqlite3_column_int64(stmt, 13),
                         .labels = sqlite3_column_int64(stmt, 14)};
}

/* Campaigns as read_row wants them, with what is given for the two counts. */
#define SELECT_CAMPAIGNS(counts)                                                              \
    "SELECT g.id, g.name, g.title, t.body, u.version, g.purpose, g.scale, g.tie, g.both_bad," \
    " g.overlap, g.lease_s, g.goal, g.closed_us IS NOT NULL, " counts                         \
    " FROM campaign g LEFT JOIN guideline u ON u.campaign_id=g.id"                            \
    "  AND u.version=(SELECT max(version) FROM guideline WHERE campaign_id=g.id)"             \
    " LEFT JOIN content t ON t.id=u.content_id"

static int list_campaigns(Store *s, const char *sql, StoreCampaignList *out, Error *err)
{
    StoreCampaignList list = {0};
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    while ((found = sql_step(s, stmt, "list campaigns", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        read_row(&list.row[list.n++], stmt);
    }
    if (found < 0) {
        store_campaigns_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

int store_list_campaigns(Store *s, StoreCampaignList *out, Error *err)
{
    static const char SQL[] = SELECT_CAMPAIGNS(
        "(SELECT count(*) FROM comparison c WHERE c.campaign_id=g.id),"
        " (SELECT count(*) FROM label_current l JOIN comparison c ON c.id=l.comparison_id"
        "   WHERE +c.campaign_id=g.id AND l.outcome<>'skip'"
        "    AND l.annotator_id IN(SELECT n.id FROM annotator n WHERE n.kind='human'))") " ORDER "
                                                                                         "BY g.id";
    return list_campaigns(s, SQL, out, err);
}

int store_list_terms(Store *s, StoreCampaignList *out, Error *err)
{
    static const char SQL[] = SELECT_CAMPAIGNS("0, 0") " ORDER BY g.id";
    return list_campaigns(s, SQL, out, err);
}

int store_get_terms(Store *s, StoreCampaign *out, Error *err)
{
    static const char SQL[] = SELECT_CAMPAIGNS("0, 0") " WHERE g.id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    const int found = sql_step(s, stmt, "read the campaign", err);
    if (found < 0) return -1;
    if (found == 0)
        return error_set(err, "%s: there is no campaign %lld", s->path, (long long)s->campaign_id);
    read_row(out, stmt);
    sql_release(stmt);
    return 0;
}

int store_find_guidelines_read(Store *s, int64_t annotator_id, int64_t *version, Error *err)
{
    static const char SQL[] = "SELECT max(u.version) FROM assignment x"
                              " JOIN guideline u ON u.id=x.guideline_id"
                              " WHERE x.annotator_id=?1 AND x.state='done' AND u.campaign_id=?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    return sql_one(s, stmt, version, "find the guidelines that were read", err);
}

static int unknown(const StoreCampaignList *list, const char *name, Error *err)
{
    Text all = {0};
    for (size_t i = 0; i < list->n; i++)
        text_format(&all, "%s%s", i > 0 ? ", " : "", list->row[i].name);
    error_set(err, "there is no campaign '%.60s'; there is %.200s", name, all.bytes);
    text_free(&all);
    return error_hint(err, "make one with: rlhf campaign new NAME");
}

int store_get_campaign(Store *s, const char *name, StoreCampaign *out, Error *err)
{
    StoreCampaignList list = {0};
    int rc = -1;
    if (store_list_campaigns(s, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n && rc != 0; i++) {
        StoreCampaign *c = &list.row[i];
        if (name ? strcmp(c->name, name) != 0 : c->id != s->campaign_id) continue;
        *out = *c;
        *c = (StoreCampaign){0};
        rc = 0;
    }
    if (rc != 0) unknown(&list, name ? name : "", err);
    store_campaigns_free(&list);
    return rc;
}

int store_use_campaign(Store *s, const char *name, Error *err)
{
    static const char SQL[] = "SELECT seed FROM campaign WHERE id=?1";
    StoreCampaign c = {0};
    int64_t seed = 0;
    sqlite3_stmt *stmt = NULL;
    int rc = store_get_campaign(s, name, &c, err);
    if (rc == 0) rc = sql_get(s, &stmt, SQL, err);
    if (rc == 0) {
        sqlite3_bind_int64(stmt, 1, c.id);
        rc = sql_one(s, stmt, &seed, "read the campaign", err);
    }
    if (rc == 0) {
        s->campaign_id = c.id;
        s->seed = (uint64_t)seed;
    }
    store_campaign_free(&c);
    return rc;
}

int store_count_wanting(Store *s, int64_t campaign_id, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT count(*) FROM campaign g JOIN comparison c ON c.campaign_id=g.id"
        " WHERE (?1=0 OR g.id=?1) AND g.closed_us IS NULL AND c.origin<>'import'"
        " AND c.prompt_id NOT IN " SQL_REDACTED
        " AND (SELECT count(*) FROM assignment x JOIN annotator n ON n.id=x.annotator_id"
        "  WHERE x.comparison_id=c.id AND x.state='done' AND x.role='annotator' AND n.kind='human')"
        " < g.overlap";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, campaign_id);
    return sql_one(s, stmt, out, "count what is to label", err);
}

int store_count_unjudged(Store *s, int64_t campaign_id, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT count(*) FROM comparison c WHERE c.campaign_id=?1 AND c.origin<>'import'"
        " AND c.prompt_id NOT IN " SQL_REDACTED
        " AND NOT EXISTS(SELECT 1 FROM assignment x WHERE x.comparison_id=c.id"
        "  AND x.state='done')";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, campaign_id);
    return sql_one(s, stmt, out, "count what nobody has judged", err);
}

int store_check_open(Store *s, Error *err)
{
    StoreCampaign c = {0};
    if (store_get_campaign(s, NULL, &c, err) != 0) return -1;
    int rc = 0;
    if (c.closed) {
        error_set(err, "campaign %s is closed", c.name);
        rc = error_hint(err, "whoever runs the project can undo that: rlhf campaign open %s",
                        c.name);
    }
    store_campaign_free(&c);
    return rc;
}

void store_campaign_free(StoreCampaign *campaign)
{
    if (!campaign) return;
    free((char *)campaign->name);
    free((char *)campaign->title);
    free((char *)campaign->guidelines);
    *campaign = (StoreCampaign){0};
}

void store_campaigns_free(StoreCampaignList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) store_campaign_free(&list->row[i]);
    free(list->row);
    *list = (StoreCampaignList){0};
}
