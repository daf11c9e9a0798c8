/* Which addresses may be downloaded: https anywhere, plain http on this machine alone. */
#ifndef BASE_HTTP_ADDRESS_H
#define BASE_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* `from` is the address that redirected to this one, or NULL: nothing goes on from https to http.
 * An address with user:password@ is refused, since addresses are written into records.
 * *loopback: the bytes do not leave this machine. */
int http_address_check(const char *url, const char *from, bool *loopback, Error *err);

/* Whether a token for `a` may go to `b`: the same scheme, host and port. */
bool http_address_same_host(const char *a, const char *b);

/* The address for messages: without its query, which may hold a signature, and without user:password@. */
void http_address_show(char *out, size_t room, const char *url);

#endif
