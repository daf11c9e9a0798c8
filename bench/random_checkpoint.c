/* A checkpoint of a published shape with random weights, to try what a machine holds without a download.
 *
 *     random_checkpoint CONFIG_FOLDER OUT_FOLDER [TOKENIZER_FOLDER] */
#include <stdio.h>

#include "base/file.h"
#include "policy/model.h"

int main(int argc, char **argv)
{
    Error err;
    ModelConfig config;
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s CONFIG_FOLDER OUT_FOLDER [TOKENIZER_FOLDER]\n", argv[0]);
        return 2;
    }
    if (model_config_read(&config, argv[1], &err) != 0 || folder_make(argv[2], &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    Model *m = model_new(&config, 1);
    if (argc == 4) model_set_companions(m, argv[3]);
    const int rc = model_save(m, argv[2], 0, NULL, NULL, &err);
    if (rc == 0) printf("%s: %zu weights\n", argv[2], m->parameters.n);
    else fprintf(stderr, "%s\n", err.message);
    model_free(m);
    return rc == 0 ? 0 : 1;
}
