/* Everything a project remembers, in one SQLite file: prompts, demonstrations, models, responses,
 * comparisons, labels, runs; one header for each.  The only folder that knows SQL.
 *
 * One rule: nothing acknowledged is ever lost.  A call that writes is one transaction: when it has
 * returned 0, all of it is on the disk; otherwise none of it is in the file.  A call that reads copies
 * out and finishes, so no lock is held while a person thinks or a model computes.
 *
 * Texts are valid UTF-8 without NUL.  Records given to a call are borrowed; records in a list belong to
 * the list and go with its _free.  Times are microseconds UTC; ids are positive, 0 means none.
 * Zero in a filter means "any".  A Store is used by one thread, never carried over fork. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/annotator.h"
#include "store/ballot.h"
#include "store/campaign.h"
#include "store/claim.h"
#include "store/class_text.h"
#include "store/comparison.h"
#include "store/database.h"
#include "store/demonstration.h"
#include "store/draft.h"
#include "store/exchange.h"
#include "store/gold.h"
#include "store/judgement.h"
#include "store/label.h"
#include "store/lineage.h"
#include "store/preference.h"
#include "store/prompt.h"
#include "store/response.h"
#include "store/review.h"
#include "store/run.h"
#include "store/session.h"
#include "store/status.h"
#include "store/verdict.h"

#endif
