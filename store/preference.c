/* What reward training reads: the labels that stand, as chosen and rejected. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"

static void copy_row(StorePreference *row, sqlite3_stmt *stmt, double human_weight)
{
    const int pref = sqlite3_column_int(stmt, 4);
    const bool b_chosen = pref > 0;
    const AnnotatorKind kind = sql_kind(stmt, 6);
    const int chosen = b_chosen ? 10 : 9, rejected = b_chosen ? 9 : 10;
    *row =
        (StorePreference){.comparison_id = sqlite3_column_int64(stmt, 0),
                          .prompt_id = sqlite3_column_int64(stmt, 1),
                          .chosen_id = sqlite3_column_int64(stmt, b_chosen ? 3 : 2),
                          .rejected_id = sqlite3_column_int64(stmt, b_chosen ? 2 : 3),
                          .prompt = sql_copy_text(stmt, 8),
                          .template = sql_copy_text(stmt, 13),
                          .chosen = sql_copy_text(stmt, chosen),
                          .rejected = sql_copy_text(stmt, rejected),
                          .tie = pref == 0,
                          .strength = abs(pref),
                          .first = pref != 0 && b_chosen == (sqlite3_column_int(stmt, 14) != 0),
                          .weight = kind == ANNOTATOR_HUMAN && human_weight > 0 ? human_weight : 1,
                          .split = sql_split(stmt, 5),
                          .kind = kind,
                          .annotator = sql_copy_text(stmt, 7),
                          .comment = sql_copy_text(stmt, 15),
                          .submitted_us = sqlite3_column_int64(stmt, 16)};
    row->chosen_tokens = sql_copy_tokens(stmt, chosen + 2, &row->n_chosen);
    row->rejected_tokens = sql_copy_tokens(stmt, rejected + 2, &row->n_rejected);
}

int store_list_preferences(Store *s, const StorePreferenceFilter *filter, StorePreferenceList *out,
                           Error *err)
{
    static const char SQL[] =
        "SELECT l.comparison_id, c.prompt_id, c.a_id, c.b_id, l.pref, p.split, n.kind, n.handle,"
        " pc.body, ac.body, bc.body, a.tokens, b.tokens, k.template, l.swapped,"
        " l.comment, l.submitted_us"
        " FROM label_current l JOIN comparison c ON c.id=l.comparison_id"
        " JOIN annotator n ON n.id=l.annotator_id"
        " JOIN prompt p ON p.id=c.prompt_id JOIN content pc ON pc.id=p.content_id"
        " JOIN response a ON a.id=c.a_id JOIN content ac ON ac.id=a.content_id"
        " JOIN response b ON b.id=c.b_id JOIN content bc ON bc.id=b.content_id"
        " LEFT JOIN conversation k ON k.prompt_id=c.prompt_id"
        " JOIN campaign g ON g.id=c.campaign_id"
        " WHERE l.pref IS NOT NULL AND (?1 IS NULL OR p.split=?1)"
        "   AND (?2 IS NULL OR n.kind=?2) AND (?3 IS NULL OR n.handle=?3)"
        "   AND c.prompt_id NOT IN " SQL_REDACTED " AND g.purpose=?4 AND (?5 IS NULL OR g.id=?5)"
        "   AND (l.role='reviewer' OR n.kind<>'human' OR NOT EXISTS(SELECT 1 FROM assignment r"
        "         JOIN label_current v ON v.assignment_id=r.id"
        "         WHERE r.comparison_id=l.comparison_id AND r.role='reviewer'"
        "          AND v.pref IS NOT NULL))"
        " ORDER BY l.comparison_id, l.annotator_id";
    static const StorePreferenceFilter ANY = {0};
    const StorePreferenceFilter *f = filter ? filter : &ANY;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_split(stmt, 1, f->split);
    sql_bind_text(stmt, 2, f->kind == ANNOTATOR_ANY ? NULL : annotator_kind_name(f->kind));
    sql_bind_text(stmt, 3, f->annotator);
    sql_bind_text(stmt, 4, purpose_name(f->purpose));
    sql_bind_id(stmt, 5, f->campaign_id);

    StorePreferenceList list = {0};
    int found;
    while ((found = sql_step(s, stmt, "list preferences", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        copy_row(&list.row[list.n++], stmt, f->human_weight);
    }
    if (found < 0) {
        store_preferences_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_preferences_free(StorePreferenceList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        StorePreference *p = &list->row[i];
        free((char *)p->prompt);
        free((char *)p->template);
        free((char *)p->chosen);
        free((char *)p->rejected);
        free((int *)p->chosen_tokens);
        free((int *)p->rejected_tokens);
        free((char *)p->annotator);
        free((char *)p->comment);
    }
    free(list->row);
    *list = (StorePreferenceList){0};
}
