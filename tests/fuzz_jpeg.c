/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG files; large enough for the first size at which they are scaled. */
#include "fuzz.h"
#include "fuzz_picture.h"

enum { MAX_PIXELS = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    return fuzz_picture("JPEG", MAX_PIXELS, bytes, len);
}
