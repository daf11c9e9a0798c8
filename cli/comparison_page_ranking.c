/* The ranking of several models, for the page of a comparison: what `compare` noted when it ranked them last. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/comparison_page.h"
#include "cli/ranking.h"

static double number_at(const cJSON *array, int i)
{
    const cJSON *item = cJSON_GetArrayItem(array, i);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const char *keep_text(Page *p, const cJSON *object, const char *member)
{
    return KEEP(p, "%s", json_text(object, member, ""));
}

static ReportRank read_rank(Page *p, const cJSON *model, int n)
{
    const cJSON *ci = cJSON_GetObjectItemCaseSensitive(model, "ci");
    const cJSON *over = cJSON_GetObjectItemCaseSensitive(model, "wins_over");
    double *wins_over = page_keep(p, mem_calloc((size_t)n + 1, sizeof *wins_over));
    for (int i = 0; i < n; i++) wins_over[i] = number_at(over, i);
    return (ReportRank){.name = keep_text(p, model, "model"),
                        .elo = json_number(model, "elo", NAN),
                        .low = number_at(ci, 0),
                        .high = number_at(ci, 1),
                        .kl = json_number(model, "kl", NAN),
                        .finished = json_number(model, "finished", NAN),
                        .distinct = json_number(model, "distinct", NAN),
                        .words = json_number(model, "words", NAN),
                        .wins_over = wins_over};
}

/* Records of earlier versions name neither the rule nor the model that the points are above: that one is at 0. */
static const char *reference_of(Page *p, const cJSON *record, const ReportRanking *r)
{
    if (json_text(record, "reference", NULL)) return keep_text(p, record, "reference");
    for (int i = 0; i < r->n; i++)
        if (r->row[i].elo == 0 && r->row[i].low == r->row[i].high) return r->row[i].name;
    return "the first";
}

static const char *lead_of(Page *p, const cJSON *record, int64_t created_us)
{
    const bool by_rule = strcmp(json_text(record, "judge", ""), "rule") == 0;
    const double temperature = json_number(record, "temperature", NAN);
    const char *by = by_rule ? KEEP(p, "the rule %s", json_text(record, "rule", ""))
                             : KEEP(p, "the reward model %s", json_text(record, "reward", ""));
    const char *at = isfinite(temperature) ? KEEP(p, " at temperature %g", temperature) : "";
    return KEEP(p, "Each answered %s%s, on %s; judged by %s.",
                text_count((long long)json_number(record, "n", 0), "test prompt"), at,
                page_day(p, created_us), by);
}

static void show(Page *p, const cJSON *record, int64_t created_us)
{
    const cJSON *models = cJSON_GetObjectItemCaseSensitive(record, "models"), *model;
    const int n = cJSON_GetArraySize(models);
    ReportRank *row = page_keep(p, mem_calloc((size_t)n + 1, sizeof *row));
    ReportRanking *r = page_keep(p, mem_calloc(1, sizeof *r));
    int i = 0;
    cJSON_ArrayForEach(model, models) row[i++] = read_rank(p, model, n);
    *r = (ReportRanking){.row = row, .n = n, .lead = lead_of(p, record, created_us)};
    r->reference = reference_of(p, record, r);
    if (strcmp(json_text(record, "judge", ""), "rule") != 0) r->caution = RANKING_CAUTION;
    if (n > 1) p->data.ranking = r;
}

int page_add_ranking(Page *p, Error *err)
{
    char *json = NULL;
    cJSON *record = NULL;
    int64_t created_us;
    if (store_last_evaluation(p->store, RANKING_RECORD, NULL, &json, &created_us, err) != 0)
        return -1;
    if (!json) return 0;
    const int rc = json_parse_row(&record, json, strlen(json), err);
    if (rc == 0) show(p, record, created_us);
    cJSON_Delete(record);
    free(json);
    return rc;
}
