/* What `rlhf import` says of a file: what was taken, what was refused and why, and how the first rows were
 * understood. */
#ifndef CLI_IMPORT_REPORT_H
#define CLI_IMPORT_REPORT_H

#include "base/text.h"
#include "store/store.h"

/* On standard output; `split_given`: somebody chose the split, so that none may lack. */
void import_report_print(const ImportResult *r, const char *name, bool split_given);
/* On the log, for the person to see whether the rows were understood; no part of the result. */
void import_report_samples(const ImportResult *r);
/* One more object of a list of them. */
void import_report_json(Text *t, const ImportResult *r, const char *name);

#endif
