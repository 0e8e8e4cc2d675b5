/* SPDX-License-Identifier: Apache-2.0 */
/* What messengers publish: what is read is written and read again as the same. */
#include "tools/messenger/wire.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void expect(bool is_right)
{
    if (!is_right) {
        abort();
    }
}

static void check_bundle(const char *bytes, size_t len)
{
    struct wire_bundle bundle;
    struct wire_bundle again;
    if (wire_bundle_parse(bytes, len, &bundle) == HASHVEIL_OK) {
        char *text = wire_bundle_text(&bundle);
        expect(text && wire_bundle_parse(text, strlen(text), &again) == HASHVEIL_OK);
        expect(again.prekey_count == bundle.prekey_count && bundle.prekey_count > 0 &&
               bundle.prekey_count <= WIRE_PREKEYS);
        expect(memcmp(again.prekeys, bundle.prekeys, bundle.prekey_count * WIRE_KEY_BYTES) == 0);
        free(text);
    }
}

static void check_envelope(const char *bytes, size_t len)
{
    struct wire_envelope envelope;
    struct wire_envelope again;
    if (wire_envelope_parse(bytes, len, &envelope) == HASHVEIL_OK) {
        char *text = wire_envelope_text(&envelope);
        expect(text && wire_envelope_parse(text, strlen(text), &again) == HASHVEIL_OK);
        expect(wire_is_name(again.from) && strcmp(again.from, envelope.from) == 0);
        expect(again.body.len == envelope.body.len &&
               memcmp(again.body.bytes, envelope.body.bytes, again.body.len) == 0);
        free(text);
        wire_envelope_clear(&again);
        wire_envelope_clear(&envelope);
    }
}

static void check_content(const char *bytes, size_t len)
{
    struct wire_content content;
    struct wire_content again;
    if (wire_content_parse(bytes, len, &content) == HASHVEIL_OK) {
        char *text = wire_content_text(&content);
        expect(text && wire_content_parse(text, strlen(text), &again) == HASHVEIL_OK);
        expect(content.text ? strcmp(again.text, content.text) == 0
                            : memcmp(&again.picture, &content.picture, sizeof again.picture) == 0);
        free(text);
        wire_content_clear(&again);
        wire_content_clear(&content);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    check_bundle(text, len);
    check_envelope(text, len);
    check_content(text, len);
    return 0;
}
