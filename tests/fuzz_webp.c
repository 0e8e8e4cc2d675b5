/* SPDX-License-Identifier: Apache-2.0 */
/* WebP files. */
#include "fuzz.h"
#include "fuzz_picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct fuzz_format format = {.name = "WebP", .max_pixels = 1 << 16};
    return fuzz_picture(&format, bytes, len);
}
