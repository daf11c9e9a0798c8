#include "labeling/scroll.h"

#include "labeling/key.h"

bool scroll_key(int *top, int n, int rows, int key)
{
    const int last = n - rows, page = rows > 2 ? rows - 1 : 1;
    if (last <= 0) return false;
    int to = *top < last ? *top : last;
    switch (key) {
    case KEY_DOWN_ARROW:
    case 'j': to++; break;
    case KEY_UP_ARROW:
    case 'k': to--; break;
    case ' ':
        if (to == last) return false;
        to += page;
        break;
    case KEY_PAGE_DOWN: to += page; break;
    case KEY_PAGE_UP: to -= page; break;
    case KEY_TO_BEGIN:
    case KEY_TEXT_BEGIN:
    case '<': to = 0; break;
    case KEY_TO_END:
    case KEY_TEXT_END:
    case '>':
    case 'G': to = last; break;
    default: return false;
    }
    *top = to < 0 ? 0 : to > last ? last : to;
    return true;
}
