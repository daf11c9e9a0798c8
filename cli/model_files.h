/* What the folder of a model tells at a glance, from small files alone. */
#ifndef CLI_MODEL_FILES_H
#define CLI_MODEL_FILES_H

#include <stdint.h>

/* Bytes of the weights: all .safetensors of the model itself, through links; 0 without any. */
int64_t model_files_bytes(const char *folder);
/* "llama", "gpt2 reward model", "qwen2 classifier of 3 classes", "adapter"; "" where neither config.json nor
 * adapter_config.json says. */
enum { MODEL_FILES_KIND = 80 };
void model_files_kind(char out[MODEL_FILES_KIND], const char *folder);

#endif
