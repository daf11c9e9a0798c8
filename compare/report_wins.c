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
    Text counts = {0};
    win_rate_put_counts(&counts, &w->wins);
    text_add(out, "<div class=\"row win\"><div class=\"name\"><div>");
    html_text(out, w->name);
    text_add(out, "</div>");
    html_element(out, "span", "note", w->judge);
    html_element(out, "span", "note", counts.bytes);
    if (w->caution) html_element(out, "span", "caution", w->caution);
    text_add(out, "</div>");
    track_begin(out);
    track_bar(out, w->caution ? "judge" : "aligned", w->wins.low, w->wins.high);
    track_dot(out, w->caution ? "judge" : "aligned", w->wins.rate, counts.bytes);
    track_end(out);
    text_format(out,
                "<div class=\"interval\"><b>%.1f%%</b><span>[%.1f, %.1f], n = "
                "%d</span></div></div>\n",
                100 * w->wins.rate, 100 * w->wins.low, 100 * w->wins.high, w->wins.n);
    text_free(&counts);
}
