#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/fuzz/fuzz.h"

/* What is accepted can be printed, and reads back as an equal tree. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Error err = {0};
    cJSON *tree = NULL, *again = NULL;
    if (json_parse(&tree, (const char *)bytes, n, &err) != 0) {
        FUZZ_CLAIM(!tree && err.message[0] && !strchr(err.message, '\n'));
        return 0;
    }
    char *printed = cJSON_PrintUnformatted(tree);
    FUZZ_CLAIM(printed);
    FUZZ_CLAIM(json_parse(&again, printed, strlen(printed), &err) == 0);
    FUZZ_CLAIM(cJSON_Compare(tree, again, true));
    free(printed);
    cJSON_Delete(tree);
    cJSON_Delete(again);
    return 0;
}
