#include "cli/sweep_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/wrap.h"
#include "compare/html.h"
#include "compare/svg.h"

static const char *const NAME[LAW_TERMS] = {"E", "ln_a", "p", "ln_b", "q"};

/* What the fit must not be believed; NULL: nothing. */
static const char *weakness(const SweepResult *r)
{
    const double *value = r->law.value, *half = r->law.half;
    if (r->no_fit) return NULL;
    if (value[LAW_P] <= half[LAW_P] || value[LAW_Q] <= half[LAW_Q])
        return "an exponent's interval holds 0: foretell nothing from this; take more text, sizes "
               "further apart, or a smaller pretrain.batch_size, so that each run learns for "
               "longer";
    if (value[LAW_E] <= half[LAW_E])
        return "the interval of E holds 0: what loss would stay is not known from this";
    return NULL;
}

void sweep_print(const SweepResult *r)
{
    printf("%12s %12s %9s%s\n", "weights", "tokens", "held out", r->no_fit ? "" : "   fitted");
    for (int i = 0; i < r->n; i++) {
        const ScalingPoint *p = &r->point[i];
        printf("%12s %12s %9.4f", text_thousands((long long)p->N), text_thousands((long long)p->D),
               p->loss);
        if (!r->no_fit) printf(" %8.4f", scaling_law_loss(&r->law, p->N, p->D));
        putchar('\n');
    }
    if (r->left_out > 0) printf("left out for want of time: %s\n", text_count(r->left_out, "run"));
    if (r->no_fit) {
        printf("no fit: %s%s\n", r->no_fit, r->left_out > 0 ? "; more time: --minutes" : "");
        return;
    }
    puts("loss = E + a/N^p + b/D^q, N weights, D tokens; 95% intervals");
    for (int k = 0; k < LAW_TERMS; k++)
        printf("  %-5s %9.4g +- %.2g%s\n", NAME[k], r->law.value[k], r->law.half[k],
               r->law.half[k] > fabs(r->law.value[k]) ? "  (not settled)" : "");
    printf("the runs lie %.4f nats off it\n", r->law.residual);
    if (weakness(r)) wrap_print(0, "%s\n", weakness(r));
}

void sweep_print_json(const SweepResult *r)
{
    Text t = {0};
    text_add(&t, "{\"runs\":[");
    for (int i = 0; i < r->n; i++) {
        text_format(&t, "%s{\"weights\":%.0f,\"tokens\":%.0f,\"loss\":", i ? "," : "",
                    r->point[i].N, r->point[i].D);
        json_put_number(&t, r->point[i].loss);
        text_add(&t, "}");
    }
    text_format(&t, "],\"left_out\":%d,\"fit\":", r->left_out);
    if (r->no_fit) {
        text_add(&t, "null,\"no_fit\":");
        json_put_text(&t, r->no_fit, strlen(r->no_fit));
    }
    for (int k = 0; k < LAW_TERMS && !r->no_fit; k++) {
        text_format(&t, "%s\"%s\":{\"value\":", k ? "," : "{", NAME[k]);
        json_put_number(&t, r->law.value[k]);
        text_add(&t, ",\"half\":");
        json_put_number(&t, r->law.half[k]);
        text_add(&t, "}");
    }
    if (!r->no_fit) {
        text_add(&t, ",\"residual\":");
        json_put_number(&t, r->law.residual);
        text_format(&t, ",\"weak\":%s}", weakness(r) ? "true" : "false");
    }
    text_add(&t, "}");
    puts(t.bytes);
    text_free(&t);
}

/* A curve for each size, over the tokens; of what was measured, or of the fit. */
static void add_plot(Text *page, const SweepResult *r, bool fitted)
{
    const size_t n = (size_t)r->n;
    double *x = mem_calloc(n, sizeof *x), *y = mem_calloc(n, sizeof *y);
    SvgCurve *curve = mem_calloc(n, sizeof *curve);
    char(*name)[32] = mem_calloc(n, sizeof *name);
    int curves = 0;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t seen = 0;
        while (r->point[seen].N != r->point[i].N) seen++;
        if (seen < i) continue;
        SvgCurve *c = &curve[curves];
        snprintf(name[curves], sizeof *name, "%s weights",
                 text_thousands((long long)r->point[i].N));
        *c = (SvgCurve){.name = name[curves++], .x = x + at, .y = y + at};
        for (size_t k = i; k < n; k++) {
            const ScalingPoint *p = &r->point[k];
            if (p->N != r->point[i].N) continue;
            x[at] = log10(p->D);
            y[at++] = fitted ? scaling_law_loss(&r->law, p->N, p->D) : p->loss;
            c->n++;
        }
    }
    svg_plot(page, &(SvgPlot){.title = fitted ? "Loss as fitted" : "Loss held out",
                              .note = "nats per token",
                              .x_label = "log10 of the training tokens",
                              .curves = curve,
                              .n_curves = curves});
    free(x), free(y), free(curve), free(name);
}

int sweep_write_page(const SweepResult *r, const char *path, Error *err)
{
    Text page = {0};
    html_begin(&page, "Loss by size and data");
    add_plot(&page, r, false);
    if (r->no_fit) {
        html_element(&page, "p", NULL, r->no_fit);
    } else {
        Text line = {0};
        add_plot(&page, r, true);
        for (int k = 0; k < LAW_TERMS; k++) {
            text_clear(&line);
            text_format(&line, "%s = %.4f \u00b1 %.4f", NAME[k], r->law.value[k], r->law.half[k]);
            html_element(&page, "p", NULL, line.bytes);
        }
        if (weakness(r)) html_element(&page, "p", NULL, weakness(r));
        text_free(&line);
    }
    html_end(&page);
    const int rc = file_write(path, page.bytes, page.n, err);
    text_free(&page);
    return rc;
}
