/* Post-processors of tokenizer.json: the ids that stand around those of a text.  TemplateProcessing,
 * BertProcessing, RobertaProcessing, ByteLevel (which adds none), and Sequences of them. */
#ifndef POLICY_POSTPROCESSOR_H
#define POLICY_POSTPROCESSOR_H

#include "base/error.h"
#include "base/json.h"
#include "policy/bpe.h"

/* Published ones have one or two ids on a side. */
enum { POSTPROCESSOR_IDS_MAX = 64 };
typedef struct {
    IdList front, back;
} Postprocessor;

/* From the object of the file; an absent one and null put nothing around.  Ids are below n_ids;
 * more than POSTPROCESSOR_IDS_MAX on a side are refused, so a short file stays a short list. */
int postprocessor_read(Postprocessor *out, const cJSON *part, int n_ids, Error *err);
void postprocessor_free(Postprocessor *p);

#endif
