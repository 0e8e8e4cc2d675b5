/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG files; large enough for the first size at which they are scaled. */
#include "fuzz.h"
#include "fuzz_picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct fuzz_format format = {.name = "JPEG", .max_pixels = 1 << 20};
    return fuzz_picture(&format, bytes, len);
}
