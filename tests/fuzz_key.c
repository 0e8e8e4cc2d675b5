/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: what is read as a key is a sound one, and its file can be written and read again. */
#include "base/memory.h"
#include "fuzz.h"
#include "key/key.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    hashveil_key key;
    hashveil_key again;
    char text[HV_KEY_FILE_MAX_BYTES];
    if (sodium_init() < 0 || hv_key_parse(bytes, len, &key) != HASHVEIL_OK) {
        return 0;
    }
    const size_t text_len = hv_key_format(&key, key.has_secret, text);
    if (!hv_key_is_sound(&key) ||
        hv_key_parse((const uint8_t *)text, text_len, &again) != HASHVEIL_OK ||
        again.has_secret != key.has_secret ||
        !hv_equal_secret(key.secret_bytes, again.secret_bytes, HASHVEIL_KEY_BYTES)) {
        abort();
    }
    return 0;
}
