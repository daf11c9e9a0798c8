/* Event files of TensorBoard: its own encoding of the scalars of a run, so that no library of it is needed.
 *
 * A file is a chain of records (TFRecord), each an Event in protocol buffers' wire format:
 *
 *     uint64 length, uint32 crc(length), the bytes, uint32 crc(bytes)        little-endian
 *     Event    1: double wall_time   2: int64 step   3: string file_version   5: Summary
 *     Summary  1: repeated Value     Value  1: string tag   2: float simple_value */
#ifndef BASE_TENSORBOARD_H
#define BASE_TENSORBOARD_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/text.h"

/* CRC-32C (Castagnoli), RFC 3720 appendix B.4. */
uint32_t crc32c(const void *bytes, size_t n);
/* As TFRecord stores it: rotated right by 15 bits, plus 0xa282ead8. */
uint32_t crc32c_masked(const void *bytes, size_t n);

/* Append the record that a file begins with. */
void tensorboard_begin(Text *out, double wall_time);
/* Append one record with every member of `record` that is a number, but `step` and `time`, which become the
 * event's own; nothing where there is none.  `record` is a line of metrics.jsonl. */
void tensorboard_scalars(Text *out, const cJSON *record);

#endif
