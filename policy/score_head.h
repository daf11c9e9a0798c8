/* The head of a ...ForSequenceClassification in files: score.weight (n_labels, C) as transformers has it and,
 * where one was learned, score.bias (n_labels), which only this program reads. */
#ifndef POLICY_SCORE_HEAD_H
#define POLICY_SCORE_HEAD_H

#include "policy/safetensors.h"

enum { SCORE_LABELS_MAX = 1 << 20 };

/* On the host.  Zero-initialised is none. */
typedef struct {
    int n_labels;
    float *weight, *bias; /* (n_labels, C), (n_labels) */
    Dtype type;           /* that the weight had in its file */
    bool biased;          /* the file has a bias, be it 0 */
} StoredHead;

/* What its weight and its bias are called in a file. */
typedef const char *const ScoreNames[2];

/* Read the weight and, where there is one, the bias; n_labels 0: as many as there are.  A weight that is missing
 * is an error, as is another shape.  score_head_free in any case. */
int score_head_read(StoredHead *out, const Safetensors *file, ScoreNames names, int n_labels, int C,
                    Error *err);
void score_head_free(StoredHead *h);

/* The tensors of a head as it is now, in `list`: in the type it was read in when that holds it, else F32, and
 * without a bias where that is 0 and none was read.  Returns how many. */
int score_head_list(SafetensorsTensor list[2], const StoredHead *read, ScoreNames names,
                    int n_labels, int C, const float *weight, const float *bias);

#endif
