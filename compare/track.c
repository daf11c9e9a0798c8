#include "compare/track.h"

#include "compare/html.h"

void track_scale(Text *out)
{
    text_add(out, "<div class=\"track scale\">");
    for (int percent = 0; percent <= 100; percent += 25)
        text_format(out, "<span style=\"left:%d%%\">%d%%</span>", percent, percent);
    text_add(out, "</div>");
}

void track_begin(Text *out)
{
    text_add(out, "<div class=\"track\">");
    for (int percent = 0; percent <= 100; percent += 25)
        text_format(out, "<s%s style=\"left:%d%%\"></s>", percent == 50 ? " class=\"half\"" : "",
                    percent);
}

void track_bar(Text *out, const char *class_name, double low, double high)
{
    text_format(out, "<i class=\"bar %s\" style=\"left:%.1f%%;width:%.1f%%\"></i>", class_name,
                100 * low, 100 * (high - low));
}

void track_dot(Text *out, const char *class_name, double share, const char *title)
{
    text_format(out, "<i class=\"dot %s\" style=\"left:%.1f%%\" title=\"", class_name, 100 * share);
    html_text(out, title);
    text_add(out, "\"></i>");
}

void track_end(Text *out)
{
    text_add(out, "</div>");
}
