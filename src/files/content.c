/* SPDX-License-Identifier: Apache-2.0 */
#include "files/content.h"

#include <stdlib.h>

#include "base/files.h"

enum { START_BYTES = 64 };

static hashveil_status status_of_giant(const char *path,
                                       const hashveil_fingerprint_options *options)
{
    struct hv_content start = {0};
    hashveil_fingerprint unused;
    hashveil_status status = hv_read_file_start(path, START_BYTES, &start.bytes, &start.len);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hashveil_fingerprint_file(start.bytes, start.len, options, &unused);
    hv_content_clear(&start);
    return status == HASHVEIL_ERR_UNSUPPORTED ? status : HASHVEIL_ERR_LIMIT;
}

hashveil_status hv_content_read(const char *path, const hashveil_fingerprint_options *options,
                                struct hv_content *out)
{
    const hashveil_status status =
        hv_read_file(path, options->image.limits.max_file_bytes, &out->bytes, &out->len);
    return status == HASHVEIL_ERR_LIMIT ? status_of_giant(path, options) : status;
}

bool hv_content_is_giant(hashveil_status status)
{
    return status == HASHVEIL_ERR_LIMIT || status == HASHVEIL_ERR_UNSUPPORTED;
}

void hv_content_clear(struct hv_content *content)
{
    free(content->bytes);
    *content = (struct hv_content){0};
}
