#include "base/http_address.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool host_is_loopback(const char *host)
{
    /* 127.example.com is not this machine: digits and dots alone. */
    const bool number = strspn(host, "0123456789.") == strlen(host);
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (number && strncmp(host, "127.", 4) == 0);
}

void http_address_show(char *out, size_t room, const char *url)
{
    const char *slashes = strstr(url, "://"), *rest = slashes ? slashes + 3 : url;
    const int scheme = slashes ? (int)(rest - url) : 0;
    const size_t host = strcspn(rest, "/?#");
    for (size_t i = 0; i < host; i++)
        if (rest[i] == '@') {
            rest += i + 1;
            break;
        }
    snprintf(out, room, "%.*s%.*s", scheme, url, (int)strcspn(rest, "?#"), rest);
}

int http_address_check(const char *url, const char *from, bool *loopback, Error *err)
{
    char shown[256];
    http_address_show(shown, sizeof shown, url);
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    int rc = -1;
    if (!parsed || curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        error_set(err, "%s is not an address that can be downloaded", shown);
        error_hint(err, "addresses look like https://host/path");
        goto done;
    }
    const bool https = strcasecmp(scheme, "https") == 0, here = host_is_loopback(host);
    const bool after_https = from && strncasecmp(from, "https:", 6) == 0;
    if (!https && (strcasecmp(scheme, "http") != 0 || !here || after_https)) {
        error_set(err, "%s%s: only https:// addresses are downloaded", from ? "redirected to " : "",
                  shown);
        goto done;
    }
    if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK) {
        error_set(err, "%s: an address with a user name or password in it is not used", shown);
        goto done;
    }
    *loopback = here;
    rc = 0;

done:
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(parsed);
    return rc;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *of_a = NULL, *of_b = NULL;
    const bool same = curl_url_get(a, part, &of_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                      curl_url_get(b, part, &of_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                      strcasecmp(of_a, of_b) == 0;
    curl_free(of_a);
    curl_free(of_b);
    return same;
}

bool http_address_same_host(const char *a, const char *b)
{
    CURLU *of_a = curl_url(), *of_b = curl_url();
    const bool same = of_a && of_b && curl_url_set(of_a, CURLUPART_URL, a, 0) == CURLUE_OK &&
                      curl_url_set(of_b, CURLUPART_URL, b, 0) == CURLUE_OK &&
                      same_part(of_a, of_b, CURLUPART_SCHEME) &&
                      same_part(of_a, of_b, CURLUPART_HOST) &&
                      same_part(of_a, of_b, CURLUPART_PORT);
    curl_url_cleanup(of_a);
    curl_url_cleanup(of_b);
    return same;
}
