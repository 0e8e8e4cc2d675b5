/* SPDX-License-Identifier: Apache-2.0 */
#include "oprf_vectors.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/hex.h"

FILE *vector_open(void)
{
    char path[4096];
    const char *folder = getenv("HASHVEIL_TEST_DATA");
    snprintf(path, sizeof path, "%s/rfc9497-oprf.txt", folder ? folder : "tests/data");
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    return file;
}

size_t vector_split(char *line, char *fields[VECTOR_FIELDS])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *field = strtok_r(line, " \n", &rest); field && count < VECTOR_FIELDS;
         field = strtok_r(NULL, " \n", &rest)) {
        fields[count++] = field;
    }
    return count;
}

size_t vector_unhex(const char *text, uint8_t *out)
{
    const size_t len = strlen(text) / 2;
    ck_assert(hv_hex_decode(text, out, len));
    return len;
}
