/* Answers that people gave or approve of, for supervised fine-tuning. */
#ifndef STORE_DEMONSTRATION_H
#define STORE_DEMONSTRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/prompt.h"

typedef struct {
    int64_t id, prompt_id;
    const char *prompt; /* when adding: the prompt's text, added too when new */
    const char *response;
    const char *source;
    Split split;                      /* of the prompt */
    const char *template;             /* likewise, as in StorePrompt */
    int64_t annotator_id, session_id; /* of a person who wrote it here; 0 else */
} StoreDemonstration;
typedef struct {
    StoreDemonstration *row;
    size_t n;
} StoreDemonstrationList;
/* Of this very writer; *removed is false when it is not there. */
int store_remove_demonstration(Store *s, int64_t id, int64_t annotator_id, bool *removed,
                               Error *err);
int store_add_demonstrations(Store *s, StoreDemonstration *rows, size_t n, StoreAdded *added,
                             Error *err);
int store_list_demonstrations(Store *s, Split split, StoreDemonstrationList *out, Error *err);
void store_demonstrations_free(StoreDemonstrationList *list);

#endif
