/* Pairs held for one person at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "store/sql.h"

/* When a lease taken now runs out. */
static int lease_end(Store *s, int64_t now, int64_t *expires_us, Error *err)
{
    static const char SQL[] = "SELECT ?2+1000000*lease_s FROM campaign WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    sqlite3_bind_int64(stmt, 2, now);
    return sql_one(s, stmt, expires_us, "read the campaign", err);
}

/* The side is a function of who looks at what: random over pairs, the same after any restart. */
bool store_is_swapped(const Store *s, int64_t comparison_id, int64_t annotator_id)
{
    return rng_bits(s->seed, RNG_SWAP, (uint64_t)comparison_id, (uint64_t)annotator_id) >> 63;
}

int store_insert_assignment(Store *s, int64_t comparison_id, int64_t annotator_id,
                            int64_t session_id, const char *role, const char *state, int64_t *id,
                            Error *err)
{
    static const char SQL[] =
        "INSERT INTO assignment(comparison_id,annotator_id,session_id,swapped,leased_us,"
        "expires_us,state,role,guideline_id) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
        "(SELECT id FROM guideline WHERE campaign_id=?9 ORDER BY version DESC LIMIT 1))";
    const int64_t now = store_time_us();
    int64_t expires_us = now;
    const bool held = strcmp(state, "open") == 0;
    if (held && lease_end(s, now, &expires_us, err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    sqlite3_bind_int64(stmt, 3, session_id);
    sqlite3_bind_int(stmt, 4, store_is_swapped(s, comparison_id, annotator_id));
    sqlite3_bind_int64(stmt, 5, now);
    sqlite3_bind_int64(stmt, 6, expires_us);
    sql_bind_text(stmt, 7, state);
    sql_bind_text(stmt, 8, role);
    sqlite3_bind_int64(stmt, 9, s->campaign_id);
    if (sql_run(s, stmt, "assign a comparison", err) != 0) return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

static int find_guideline(Store *s, int64_t *id, Error *err)
{
    static const char SQL[] =
        "SELECT id FROM guideline WHERE campaign_id=?1 ORDER BY version DESC LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    return sql_one(s, stmt, id, "find the guideline", err);
}

int store_insert_done(Store *s, const int64_t *comparison_id, int n, int64_t annotator_id,
                      int64_t session_id, int64_t *first, Error *err)
{
    static const char SQL[] =
        "INSERT OR FAIL INTO assignment(annotator_id,session_id,leased_us,expires_us,"
        "guideline_id,state,role,comparison_id,swapped) VALUES";
    static const char ROW[] = "(?1,?2,?3,?3,?4,'done','annotator',?,?)";
    enum { SHARED = 4, OWN = 2 };
    int64_t guideline = 0;
    sqlite3_stmt *stmt = NULL;
    if (find_guideline(s, &guideline, err) != 0) return -1;
    if (sql_get_rows(s, &stmt, SQL, ROW, n, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, session_id);
    sqlite3_bind_int64(stmt, 3, store_time_us());
    sql_bind_id(stmt, 4, guideline);
    for (int i = 0; i < n; i++) {
        const int at = SHARED + i * OWN;
        sqlite3_bind_int64(stmt, at + 1, comparison_id[i]);
        sqlite3_bind_int(stmt, at + 2, store_is_swapped(s, comparison_id[i], annotator_id));
    }
    if (sql_run(s, stmt, "assign comparisons", err) != 0) return -1;
    *first = sqlite3_last_insert_rowid(s->db) - n + 1;
    return 0;
}

/* Hold an assignment again, for this session. */
int store_hold_assignment(Store *s, int64_t assignment_id, int64_t session_id, Error *err)
{
    static const char SQL[] =
        "UPDATE assignment SET state='open', session_id=?2, leased_us=?3, expires_us=?4"
        " WHERE id=?1";
    const int64_t now = store_time_us();
    int64_t expires_us = now;
    if (lease_end(s, now, &expires_us, err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    sqlite3_bind_int64(stmt, 2, session_id);
    sqlite3_bind_int64(stmt, 3, now);
    sqlite3_bind_int64(stmt, 4, expires_us);
    return sql_run(s, stmt, "hold a comparison", err);
}

int store_read_claim(Store *s, int64_t assignment_id, StoreClaim *out, Error *err)
{
    static const char SQL[] =
        "SELECT x.comparison_id, c.prompt_id, c.a_id, c.b_id, x.swapped, x.expires_us, pc.body, "
        "ac.body, bc.body, k.template"
        " FROM assignment x JOIN comparison c ON c.id=x.comparison_id"
        " JOIN prompt p ON p.id=c.prompt_id JOIN content pc ON pc.id=p.content_id"
        " JOIN response a ON a.id=c.a_id JOIN content ac ON ac.id=a.content_id"
        " JOIN response b ON b.id=c.b_id JOIN content bc ON bc.id=b.content_id"
        " LEFT JOIN conversation k ON k.prompt_id=p.id WHERE x.id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    const int found = sql_step(s, stmt, "read a claim", err);
    if (found < 0) return -1;
    if (found == 0)
        return error_set(err, "%s: there is no assignment %lld", s->path, (long long)assignment_id);
    const bool swapped = sqlite3_column_int(stmt, 4) != 0;
    *out = (StoreClaim){.assignment_id = assignment_id,
                        .comparison_id = sqlite3_column_int64(stmt, 0),
                        .prompt_id = sqlite3_column_int64(stmt, 1),
                        .a_id = sqlite3_column_int64(stmt, 2),
                        .b_id = sqlite3_column_int64(stmt, 3),
                        .swapped = swapped,
                        .expires_us = sqlite3_column_int64(stmt, 5),
                        .prompt = sql_copy_text(stmt, 6),
                        .template = sql_copy_text(stmt, 9),
                        .first = sql_copy_text(stmt, swapped ? 8 : 7),
                        .second = sql_copy_text(stmt, swapped ? 7 : 8)};
    sql_release(stmt);
    return 0;
}

int store_expire_leases(Store *s, Error *err)
{
    static const char SQL[] =
        "UPDATE assignment SET state='expired' WHERE state='open' AND expires_us<?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, store_time_us());
    return sql_run(s, stmt, "end old leases", err);
}

/* A session whose pairs wait for its annotator. */
#define LEFT_BEHIND "ifnull(e.end_reason,'') IN('" STORE_HANG_UP "','" STORE_SIGNAL "')"

/* What this annotator may still be given, of the comparisons that are `first`: a cheap condition, since a
 * search goes over all of them.  Rules and data sets do not take a pair away from people; what a session of
 * his left behind is still his.  The + keeps to the order of ids, so that the first that fits ends
 * the search. */
#define CLAIMABLE(first)                                                                       \
    " FROM comparison c WHERE +c.campaign_id=?1 AND " first                                    \
    " AND NOT EXISTS(SELECT 1 FROM assignment x JOIN session e ON e.id=x.session_id"           \
    "                 WHERE x.comparison_id=c.id AND x.annotator_id=?2"                        \
    "                 AND (x.state='done' OR (x.state='open' AND NOT " LEFT_BEHIND ")))"       \
    " AND (SELECT count(*) FROM assignment x JOIN annotator n ON n.id=x.annotator_id"          \
    "       WHERE x.comparison_id=c.id AND n.kind='human' AND n.id<>?2 AND x.role='annotator'" \
    "        AND (x.state='done' OR (x.state='open' AND x.expires_us>=?3)))"                   \
    "     < (SELECT overlap FROM campaign g WHERE g.id=?1 AND closed_us IS NULL)"              \
    " AND (SELECT disabled_us FROM annotator WHERE id=?2) IS NULL"                             \
    " AND c.prompt_id NOT IN " SQL_REDACTED
#define SAMPLED "c.origin<>'import'"
/* With SAMPLED, the index comparison_sampled: imported pairs, of which there may be a million, are not gone over. */
#define OF_CAMPAIGN "c.campaign_id=?1 AND "
#define JUDGED      "EXISTS(SELECT 1 FROM assignment j WHERE j.comparison_id=c.id AND j.state='done')"
#define VALID       "(SELECT p.split FROM prompt p WHERE p.id=c.prompt_id)='valid'"
#define BY_ID       " ORDER BY c.id LIMIT 1"

static int claimable(Store *s, sqlite3_stmt *stmt, int64_t annotator_id, int64_t *out, Error *err)
{
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    sqlite3_bind_int64(stmt, 3, store_time_us());
    return sql_one(s, stmt, out, "find a comparison to label", err);
}

/* Of the prompt that the session labeled last: whoever has just read it need not read it again later. */
static int next_of_prompt(Store *s, int64_t session_id, int64_t annotator_id, int64_t *out,
                          Error *err)
{
    /* By its pairs of answers, hence the + before origin; the label by its time, since sessions have no index. */
    static const char SQL[] = "SELECT c.id" CLAIMABLE(
        "c.campaign_id=?1 AND c.a_id IN(SELECT r.id FROM response r WHERE r.prompt_id="
        "(SELECT d.prompt_id FROM label l JOIN assignment y ON y.id=l.assignment_id"
        "  JOIN comparison d ON d.id=y.comparison_id WHERE l.session_id=?4"
        "  AND l.submitted_us>=(SELECT started_us FROM session WHERE id=?4)"
        "  ORDER BY l.submitted_us DESC, l.id DESC LIMIT 1)) AND +" SAMPLED
        " AND NOT " JUDGED) " ORDER BY c.id LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 4, session_id);
    return claimable(s, stmt, annotator_id, out, err);
}

/* What an annotator has done, and how much of it measures. */
typedef struct {
    int64_t all, valid;
} Done;

static int count_done(Store *s, int64_t annotator_id, Done *out, Error *err)
{
    static const char SQL[] =
        "SELECT count(*), ifnull(sum(p.split='valid'),0) FROM assignment x"
        " JOIN comparison c ON c.id=x.comparison_id JOIN prompt p ON p.id=c.prompt_id"
        " WHERE x.annotator_id=?1 AND x.state='done' AND x.role='annotator' AND +c.campaign_id=?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    if (sql_step(s, stmt, "count what was labeled", err) < 0) return -1;
    *out = (Done){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)};
    sql_release(stmt);
    return 0;
}

/* One in five is of the valid split: `sample` stores those behind all others, and a reward model cannot be
 * measured before some are labeled. */
static bool is_turn_of_valid(Done d)
{
    return 5 * (d.valid + 1) <= d.all + 1;
}

static int next_comparison(Store *s, int64_t session_id, int64_t annotator_id, bool imported,
                           int64_t *out, Error *err)
{
    enum { N_NEXT = 5 };
    static const struct {
        const char *sql;
        bool valid, imported;
    } NEXT[N_NEXT] = {
        {"SELECT c.id" CLAIMABLE(OF_CAMPAIGN SAMPLED " AND " VALID " AND NOT " JUDGED) BY_ID, true,
         false},
        {"SELECT c.id" CLAIMABLE(OF_CAMPAIGN SAMPLED " AND NOT " JUDGED) BY_ID, false, false},
        {"SELECT c.id" CLAIMABLE(OF_CAMPAIGN SAMPLED " AND " VALID) BY_ID, true, false},
        {"SELECT c.id" CLAIMABLE(OF_CAMPAIGN SAMPLED) BY_ID, false, false},
        {"SELECT c.id" CLAIMABLE("NOT " SAMPLED) BY_ID, false, true}};
    Done done;
    if (next_of_prompt(s, session_id, annotator_id, out, err) != 0) return -1;
    if (*out != 0) return 0;
    if (count_done(s, annotator_id, &done, err) != 0) return -1;
    for (int i = 0; i < N_NEXT && *out == 0; i++) {
        sqlite3_stmt *stmt = NULL;
        if ((NEXT[i].valid && !is_turn_of_valid(done)) || (NEXT[i].imported && !imported)) continue;
        if (sql_get(s, &stmt, NEXT[i].sql, err) != 0) return -1;
        if (claimable(s, stmt, annotator_id, out, err) != 0) return -1;
    }
    return 0;
}

/* The newest lease that a session of this annotator left behind. */
static int left_behind(Store *s, int64_t annotator_id, int64_t *assignment_id, Error *err)
{
    static const char SQL[] =
        "SELECT x.id FROM assignment x JOIN session e ON e.id=x.session_id"
        " JOIN comparison c ON c.id=x.comparison_id WHERE x.annotator_id=?1 AND c.campaign_id=?2"
        " AND x.role='annotator' AND x.state='open' AND " LEFT_BEHIND
        " ORDER BY x.leased_us DESC, x.id DESC LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    return sql_one(s, stmt, assignment_id, "find what was left behind", err);
}

static int claim(Store *s, int64_t session_id, bool imported, StoreClaim *out, bool *found,
                 Error *err)
{
    int64_t annotator_id = 0, comparison_id = 0, assignment_id = 0;
    if (store_find_session_annotator(s, session_id, &annotator_id, err) != 0) return -1;
    if (store_expire_leases(s, err) != 0) return -1;
    if (left_behind(s, annotator_id, &assignment_id, err) != 0) return -1;
    *found = assignment_id != 0;
    if (*found) {
        if (store_hold_assignment(s, assignment_id, session_id, err) != 0) return -1;
        return store_read_claim(s, assignment_id, out, err);
    }
    if (next_comparison(s, session_id, annotator_id, imported, &comparison_id, err) != 0) return -1;
    *found = comparison_id != 0;
    if (!*found) return 0;
    if (store_insert_assignment(s, comparison_id, annotator_id, session_id, "annotator", "open",
                                &assignment_id, err) != 0)
        return -1;
    return store_read_claim(s, assignment_id, out, err);
}

int store_claim_comparison(Store *s, int64_t session_id, bool imported, StoreClaim *out,
                           bool *found, Error *err)
{
    StoreClaim got = {0};
    bool any = false;
    if (sql_begin(s, err) != 0) return -1;
    if (sql_finish(s, claim(s, session_id, imported, &got, &any, err), err) != 0) {
        store_claim_free(&got);
        return -1;
    }
    *found = any;
    if (any) *out = got;
    return 0;
}

static int hold_comparison(Store *s, int64_t session_id, int64_t comparison_id, StoreClaim *out,
                           Error *err)
{
    int64_t annotator_id = 0, id = 0;
    bool done = false;
    int rc = 0;
    if (store_find_session_annotator(s, session_id, &annotator_id, err) != 0) return -1;
    if (store_find_assignment(s, comparison_id, annotator_id, &id, &done, err) != 0) return -1;
    if (id == 0)
        rc = store_insert_assignment(s, comparison_id, annotator_id, session_id, "annotator",
                                     "open", &id, err);
    /* one that is done has its label, and stays done until another supersedes that */
    else if (!done) rc = store_hold_assignment(s, id, session_id, err);
    return rc == 0 ? store_read_claim(s, id, out, err) : -1;
}

int store_hold_comparison(Store *s, int64_t session_id, int64_t comparison_id, StoreClaim *out,
                          Error *err)
{
    StoreClaim got = {0};
    if (sql_begin(s, err) != 0) return -1;
    if (sql_finish(s, hold_comparison(s, session_id, comparison_id, &got, err), err) != 0) {
        store_claim_free(&got);
        return -1;
    }
    *out = got;
    return 0;
}

int store_release_claim(Store *s, int64_t assignment_id, Error *err)
{
    static const char SQL[] = "UPDATE assignment SET state='released' WHERE id=?1 AND state='open'";
    if (sql_begin(s, err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    int rc = sql_get(s, &stmt, SQL, err);
    if (rc == 0) {
        sqlite3_bind_int64(stmt, 1, assignment_id);
        rc = sql_run(s, stmt, "release a comparison", err);
    }
    return sql_finish(s, rc, err);
}

void store_claim_free(StoreClaim *held)
{
    if (!held) return;
    free((char *)held->prompt);
    free((char *)held->template);
    free((char *)held->first);
    free((char *)held->second);
    *held = (StoreClaim){0};
}

int store_count_skipped(Store *s, int64_t annotator_id, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT count(*) FROM label_current l JOIN comparison c ON c.id=l.comparison_id"
        " WHERE l.annotator_id=?1 AND +c.campaign_id=?2 AND l.outcome='skip'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    return sql_one(s, stmt, out, "count skips", err);
}

/* Only where a rule has judged anything is every pair looked at. */
int store_count_by_rule_alone(Store *s, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT count(*) FROM comparison c JOIN campaign g ON g.id=c.campaign_id"
        " WHERE EXISTS(SELECT 1 FROM annotator WHERE kind='rule')"
        " AND g.closed_us IS NULL AND " SAMPLED
        " AND EXISTS(SELECT 1 FROM assignment x JOIN annotator n ON n.id=x.annotator_id"
        "  WHERE x.comparison_id=c.id AND x.state='done' AND n.kind='rule')"
        " AND NOT EXISTS(SELECT 1 FROM assignment x JOIN annotator n ON n.id=x.annotator_id"
        "  WHERE x.comparison_id=c.id AND x.state='done' AND n.kind='human')"
        " AND c.prompt_id NOT IN " SQL_REDACTED;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    return sql_one(s, stmt, out, "count what only rules have judged", err);
}

int store_count_claimable(Store *s, int64_t annotator_id, bool imported, int64_t *left,
                          int64_t *done, Error *err)
{
    static const char LEFT[] = "SELECT count(*)" CLAIMABLE(SAMPLED);
    static const char ALL[] = "SELECT count(*)" CLAIMABLE("1");
    static const char DONE[] =
        "SELECT count(*) FROM label_current l JOIN comparison c ON c.id=l.comparison_id"
        " WHERE l.annotator_id=?1 AND +c.campaign_id=?2";
    int64_t n_left = 0, n_done = 0;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, imported ? ALL : LEFT, err) != 0) return -1;
    if (claimable(s, stmt, annotator_id, &n_left, err) != 0) return -1;
    if (sql_get(s, &stmt, DONE, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    if (sql_one(s, stmt, &n_done, "count labels", err) != 0) return -1;
    *left = n_left;
    *done = n_done;
    return 0;
}

/* Ids in ascending order, at most `limit` (-1: all). */
typedef struct {
    int64_t *id;
    size_t n, at;
} Ids;

static int list_claimable(Store *s, const char *sql, int64_t annotator_id, int64_t limit, Ids *out,
                          Error *err)
{
    Ids all = {0};
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    sqlite3_bind_int64(stmt, 3, store_time_us());
    sqlite3_bind_int64(stmt, 4, limit);
    int step;
    while ((step = sql_step(s, stmt, "list what is to label", err)) == 1) {
        all.id = sql_grow(all.id, all.n, sizeof *all.id);
        all.id[all.n++] = sqlite3_column_int64(stmt, 0);
    }
    if (step == 0) *out = all;
    else free(all.id);
    return step;
}

/* As the pairs would be claimed, one after another. */
static void take_turns(int64_t *out, size_t n, Ids other, Ids valid, Done done)
{
    for (size_t i = 0; i < n; i++) {
        const bool turn = valid.at < valid.n && (other.at == other.n || is_turn_of_valid(done));
        out[i] = turn ? valid.id[valid.at++] : other.id[other.at++];
        done.all++;
        done.valid += turn;
    }
}

int store_list_claimable(Store *s, int64_t annotator_id, bool imported, int64_t limit,
                         int64_t **comparison_id, size_t *n, Error *err)
{
#define LIST(of) "SELECT c.id" CLAIMABLE(of) " ORDER BY c.id LIMIT ?4"
    static const char *const VALID_SQL[] = {LIST(VALID " AND " SAMPLED), LIST(VALID)};
    static const char *const OTHER_SQL[] = {LIST("NOT " VALID " AND " SAMPLED), LIST("NOT " VALID)};
#undef LIST
    const int64_t most = limit > 0 ? limit : -1;
    Ids other = {0}, valid = {0};
    Done done;
    int rc = -1;
    if (count_done(s, annotator_id, &done, err) == 0 &&
        list_claimable(s, OTHER_SQL[imported], annotator_id, most, &other, err) == 0 &&
        list_claimable(s, VALID_SQL[imported], annotator_id, most, &valid, err) == 0) {
        const size_t all = other.n + valid.n;
        *n = most > 0 && (uint64_t)most < all ? (size_t)most : all;
        *comparison_id = mem_calloc(*n + 1, sizeof **comparison_id);
        take_turns(*comparison_id, *n, other, valid, done);
        rc = 0;
    }
    free(other.id);
    free(valid.id);
    return rc;
}
