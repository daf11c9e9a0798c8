/* Why a person has no pair to label, and what to do about it. */
#ifndef CLI_LABEL_NONE_H
#define CLI_LABEL_NONE_H

#include "cli/command.h"
#include "store/store.h"

/* The error of a campaign that offers `annotator`, who has decided nothing in it, no pair. */
int label_none(const Context *ctx, Store *store, const char *who, int64_t annotator,
               const char *campaign_name, bool imported, Error *err);

#endif
