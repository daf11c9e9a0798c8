#include "compare/report_people.h"

#include "compare/html.h"
#include "compare/report_wins.h"

static void add_facts(Text *out, const ReportPeople *p)
{
    if (p->n_facts == 0) return;
    text_add(out, "<table>\n");
    for (int i = 0; i < p->n_facts; i++) {
        text_add(out, "<tr>");
        html_element(out, "td", NULL, p->facts[i].name);
        html_element(out, "td", NULL, p->facts[i].value);
        text_add(out, "</tr>\n");
    }
    text_add(out, "</table>\n");
}

void report_people(Text *out, const ReportPeople *p)
{
    html_section(out, "What people say",
                 "Pairs of one answer of each model, in an order drawn by lot. Who "
                 "labels sees neither which model gave an answer nor that there are two models. No "
                 "training reads these labels.");
    text_add(out, "<div class=\"rows\">\n");
    if (p->wins.n > 0) {
        report_win_head(out);
        report_win_row(out, &(ReportWin){p->name, p->judge, p->wins, NULL});
    } else {
        text_add(out, "<div class=\"row win\"><div class=\"name\"><div>");
        html_text(out, p->name);
        text_add(out, "</div>");
        html_element(out, "span", "note", p->judge);
        text_add(out, "</div><span>nobody has labeled yet</span></div>\n");
    }
    text_add(out, "</div>\n");
    add_facts(out, p);
    for (int i = 0; i < p->n_cautions; i++) html_element(out, "p", "caution", p->cautions[i]);
    html_section_end(out);
}
