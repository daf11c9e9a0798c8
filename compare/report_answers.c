#include "compare/report_answers.h"

#include "compare/html.h"

void report_measures(Text *out, const ReportData *d)
{
    if (d->n_measures == 0) return;
    html_section(out, "What the answers are like",
                 "Answers that break off, repeat each other or are said in another language than "
                 "the base's win by a flaw of their judge.");
    text_add(out, "<div class=\"wide\"><table class=\"ranks\">\n<tr><th></th><th>base</th>"
                  "<th>aligned</th></tr>\n");
    for (int i = 0; i < d->n_measures; i++) {
        const ReportMeasure *m = &d->measures[i];
        text_add(out, "<tr>");
        html_element(out, "td", "name", m->name);
        html_element(out, "td", NULL, m->base);
        html_element(out, "td", NULL, m->aligned);
        text_add(out, "</tr>\n");
    }
    text_add(out, "</table></div>\n");
    html_section_end(out);
}

static void add_answer(Text *out, const ReportAnswer *a)
{
    text_format(out, "<td><b>%.3g</b> ", a->score);
    html_text(out, a->text);
    text_add(out, "</td>");
}

void report_prompts(Text *out, const ReportData *d)
{
    if (d->n_prompts == 0) return;
    text_format(out,
                "<details><summary>Every prompt (%s), the one that lost most first</summary>\n"
                "<table class=\"every\">\n<tr><th>gain</th><th>prompt</th><th>base</th>"
                "<th>aligned</th></tr>\n",
                text_thousands(d->n_prompts));
    for (int i = 0; i < d->n_prompts; i++) {
        const ReportExample *e = &d->prompts[i];
        const double gain = e->aligned.score - e->base.score;
        text_format(out, "<tr><td class=\"%s\">%+.3g</td>",
                    gain < 0   ? "down"
                    : gain > 0 ? "up"
                               : "same",
                    gain);
        html_element(out, "td", NULL, e->prompt);
        add_answer(out, &e->base);
        add_answer(out, &e->aligned);
        text_add(out, "</tr>\n");
    }
    text_add(out, "</table>\n</details>\n");
}
