/* SPDX-License-Identifier: Apache-2.0 */
/* A build without MagickWand. */
#include "eval_edits.h"

size_t eval_edit_count(void)
{
    return 0;
}

const char *eval_edit_name(size_t edit)
{
    (void)edit;
    return "";
}

void eval_edits_begin(void)
{
}

void eval_edits_end(void)
{
}

hashveil_status eval_edit_make(const hashveil_image *image, size_t edit, uint64_t seed,
                               uint8_t **out, size_t *len_out)
{
    (void)image;
    (void)edit;
    (void)seed;
    *out = NULL;
    *len_out = 0;
    return HASHVEIL_ERR_UNSUPPORTED;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): of the type that the other has. */
void eval_edit_free(uint8_t *bytes)
{
    (void)bytes;
}
