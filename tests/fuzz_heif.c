/* SPDX-License-Identifier: Apache-2.0 */
/* HEIF and AVIF files. */
#include "fuzz.h"
#include "fuzz_picture.h"

enum { MAX_PIXELS = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    return fuzz_picture("HEIF", MAX_PIXELS, bytes, len);
}
