#include <stdlib.h>

#include "store/family.h"

/* ---- adding ---------------------------------------------------------------------------------------- */

static const FamilyTable PROMPT = {
    .what = "prompt",
    .doing = "add a prompt",
    .find = "SELECT id, split FROM prompt WHERE content_id=?1",
    .split = "SELECT split FROM prompt WHERE family=?1 LIMIT 1",
    .insert =
        "INSERT INTO prompt(content_id,source,split,family,created_us) VALUES(?1,?2,?3,?4,?5)"};

int prompt_find(Store *s, int64_t content_id, StorePrompt *row, Error *err)
{
    FamilyRow found = {.split = row->split};
    if (family_find(s, &PROMPT, &found, content_id, err) != 0) return -1;
    row->id = found.there ? found.id : 0;
    row->split = found.split;
    return 0;
}

int prompt_place(Store *s, StorePrompt *row, int64_t family, Split there, StoreAdded *added,
                 Error *err)
{
    return family_place(s, &PROMPT, &row->split, family, there, added, err);
}

int prompt_insert_conversation(Store *s, const StorePrompt *row, Error *err)
{
    static const char SQL[] = "INSERT INTO conversation(prompt_id,template) VALUES(?1,?2)";
    sqlite3_stmt *stmt = NULL;
    if (!row->template) return 0;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, row->id);
    sql_bind_text(stmt, 2, row->template);
    return sql_run(s, stmt, "add a conversation", err);
}

int store_insert_prompt(Store *s, StorePrompt *row, StoreAdded *added, Error *err)
{
    Content content;
    FamilyRow of_family = {
        .text = row->text, .source = row->source, .words = row->words, .split = row->split};
    if (family_put(s, &PROMPT, &of_family, &content, added, err) != 0) return -1;
    row->id = of_family.id;
    row->split = of_family.split;
    added->duplicate += of_family.there;
    return of_family.there ? 0 : prompt_insert_conversation(s, row, err);
}

int store_add_prompts(Store *s, StorePrompt *rows, size_t n, StoreAdded *added, Error *err)
{
    StoreAdded count = {0};
    if (sql_begin(s, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) rc = store_insert_prompt(s, &rows[i], &count, err);
    rc = sql_finish(s, rc, err);
    if (rc == 0 && added) *added = count;
    return rc;
}

/* ---- reading --------------------------------------------------------------------------------------- */

int store_find_prompt(Store *s, const char *text, int64_t *id, Error *err)
{
    static const char SQL[] = "SELECT p.id FROM prompt p JOIN content c ON c.id=p.content_id"
                              " WHERE c.sha256=?1";
    unsigned char hash[HASH_BYTES];
    content_hash(hash, text);
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, hash, HASH_BYTES, SQLITE_STATIC);
    return sql_one(s, stmt, id, "find a prompt", err);
}

#define PROMPT_FILTER                                                                            \
    " WHERE p.id NOT IN " SQL_REDACTED                                                           \
    "   AND (?1 IS NULL OR p.split=?1) AND (?2 IS NULL OR p.source=?2)"                          \
    "   AND (?3=0 OR (?3=2)=((SELECT count(*) FROM response r WHERE r.prompt_id=p.id"            \
    "                          AND (?4 IS NULL OR r.model_id=?4)"                                \
    "                          AND (?7 IS NULL OR r.sampling_id IN (SELECT g.id FROM sampling g" \
    "                                WHERE instr(g.params_json,?7)>0)))>=?6))"                   \
    "   AND (?8=0 OR NOT EXISTS(SELECT 1 FROM conversation t WHERE t.prompt_id=p.id))"
static const StorePromptFilter ANY = {0};

static void bind_filter(sqlite3_stmt *stmt, const StorePromptFilter *f)
{
    sql_bind_split(stmt, 1, f->split);
    sql_bind_text(stmt, 2, f->source);
    sqlite3_bind_int(stmt, 3, (int)f->answered);
    sql_bind_id(stmt, 4, f->model_id);
    sqlite3_bind_int64(stmt, 6, f->answers > 0 ? f->answers : 1);
    sql_bind_text(stmt, 7, f->words);
    sqlite3_bind_int(stmt, 8, f->plain);
}

int store_count_prompts(Store *s, const StorePromptFilter *filter, int64_t *out, Error *err)
{
    static const char SQL[] = "SELECT count(*) FROM prompt p" PROMPT_FILTER;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    bind_filter(stmt, filter ? filter : &ANY);
    return sql_one(s, stmt, out, "count prompts", err);
}

#define PROMPTS                                                                           \
    "SELECT p.id, c.body, p.source, p.split, k.template FROM prompt p JOIN content c ON " \
    "c.id=p.content_id LEFT JOIN conversation k ON k.prompt_id=p.id"

/* The rows of a statement that is bound. */
static int copy_prompts(Store *s, sqlite3_stmt *stmt, StorePromptList *out, Error *err)
{
    StorePromptList list = {0};
    int found;
    while ((found = sql_step(s, stmt, "list prompts", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StorePrompt){.id = sqlite3_column_int64(stmt, 0),
                                           .text = sql_copy_text(stmt, 1),
                                           .source = sql_copy_text(stmt, 2),
                                           .split = sql_split(stmt, 3),
                                           .template = sql_copy_text(stmt, 4)};
    }
    if (found < 0) {
        store_prompts_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

int store_list_prompts(Store *s, const StorePromptFilter *filter, StorePromptList *out, Error *err)
{
    static const char SQL[] = PROMPTS PROMPT_FILTER " ORDER BY p.id LIMIT ?5";
    const StorePromptFilter *f = filter ? filter : &ANY;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    bind_filter(stmt, f);
    sqlite3_bind_int64(stmt, 5, f->limit > 0 ? f->limit : -1);
    return copy_prompts(s, stmt, out, err);
}

int store_list_undemonstrated(Store *s, StorePromptList *out, Error *err)
{
    static const char SQL[] = PROMPTS
        " WHERE p.split<>'test' AND k.template IS NULL AND p.id NOT IN " SQL_REDACTED
        " AND NOT EXISTS(SELECT 1 FROM demonstration d WHERE d.prompt_id=p.id) ORDER BY p.id";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    return copy_prompts(s, stmt, out, err);
}

void store_prompts_free(StorePromptList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        free((char *)list->row[i].text);
        free((char *)list->row[i].source);
        free((char *)list->row[i].template);
    }
    free(list->row);
    *list = (StorePromptList){0};
}
