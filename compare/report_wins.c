#include "compare/report_wins.h"

#include "compare/html.h"
#include "compare/track.h"

void report_win_head(Text *out)
{
    text_add(out, "<div class=\"row win head\"><span></span>");
    track_scale(out);
    text_add(out, "<span></span></div>\n");
}

void report_win_row(Text *out, const ReportWin *w)
{
    Text title = {0};
    text_format(&title, "won %d, tied %d, lost %d; sign test p = %.2g", w->wins.wins, w->wins.ties,
                w->wins.losses, w->wins.p);
    text_add(out, "<div class=\"row win\"><div class=\"name\"><div>");
    html_text(out, w->name);
    text_add(out, "</div>");
    html_element(out, "span", "note", w->judge);
    if (w->caution) html_element(out, "span", "caution", w->caution);
    text_add(out, "</div>");
    track_begin(out);
    track_bar(out, w->caution ? "judge" : "aligned", w->wins.low, w->wins.high);
    track_dot(out, w->caution ? "judge" : "aligned", w->wins.rate, title.bytes);
    track_end(out);
    text_format(out,
                "<div class=\"interval\"><b>%.1f%%</b><span>[%.1f, %.1f], n = "
                "%d</span></div></div>\n",
                100 * w->wins.rate, 100 * w->wins.low, 100 * w->wins.high, w->wins.n);
    text_free(&title);
}
