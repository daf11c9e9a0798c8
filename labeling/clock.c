#include "labeling/clock.h"

#include <time.h>

#include "store/store.h"

int64_t clock_now_us(void *unused)
{
    static int64_t offset;
    (void)unused;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const int64_t monotonic = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    if (offset == 0) offset = store_time_us() - monotonic;
    return offset + monotonic;
}

int64_t clock_day_begin_us(void)
{
    const time_t t = (time_t)(store_time_us() / 1000000);
    struct tm day;
    if (!localtime_r(&t, &day)) return 0;
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    return (int64_t)mktime(&day) * 1000000;
}
