/* SPDX-License-Identifier: Apache-2.0 */
/* The table of list formats. */
#include "hashdb/lists/list_format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hashveil/workspace.h>

#include "base/files.h"

/* PDQ text last: it takes whatever is text. */
const struct hv_list_format *const hv_list_formats[] = {
    &hv_list_hash_sharing_xml, &hv_list_json_records,
    &hv_list_json_results,     &hv_list_odata,
    &hv_list_hashdeep,         &hv_list_signals_csv,
    &hv_list_checksums,        &hv_list_pdq_fields,
    &hv_list_pdq_text,         NULL,
};

const struct hv_list_format *hv_list_recognise(const uint8_t *start, size_t len)
{
    size_t i = 0;
    while (hv_list_formats[i] && !hv_list_formats[i]->recognise(start, len)) {
        i++;
    }
    return hv_list_formats[i];
}

const struct hv_list_format *hv_list_format_named(const char *name)
{
    size_t i = 0;
    while (hv_list_formats[i] && strcmp(hv_list_formats[i]->name, name) != 0) {
        i++;
    }
    return hv_list_formats[i];
}

/* O_NONBLOCK: a named pipe must not make us wait for a writer. */
static hashveil_status open_list(const char *path, FILE **out)
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    hashveil_status status = fd < 0 ? hv_status_of_errno(errno) : HASHVEIL_OK;
    if (status == HASHVEIL_OK && fstat(fd, &info) != 0) {
        status = hv_status_of_errno(errno);
    } else if (status == HASHVEIL_OK && !S_ISREG(info.st_mode)) {
        status = HASHVEIL_ERR_NOT_A_FILE;
    }
    *out = status == HASHVEIL_OK ? fdopen(fd, "r") : NULL;
    if (!*out && fd >= 0) {
        close(fd);
        return status == HASHVEIL_OK ? HASHVEIL_ERR_NO_MEMORY : status;
    }
    return status;
}

static hashveil_status read_as(FILE *in, const struct hv_list_format *format,
                               const struct hv_list_sink *sink)
{
    uint8_t start[HV_LIST_START_BYTES];
    const size_t len = fread(start, 1, sizeof start, in);
    if (ferror(in)) {
        return HASHVEIL_ERR_IO;
    }
    if (len == 0) {
        return HASHVEIL_ERR_EMPTY;
    }
    rewind(in);
    format = format ? format : hv_list_recognise(start, len);
    return format ? format->read(in, sink) : HASHVEIL_ERR_UNSUPPORTED;
}

hashveil_status hv_list_read(const char *path, const struct hv_list_format *format,
                             const struct hv_list_sink *sink)
{
    FILE *in;
    hashveil_status status = open_list(path, &in);
    if (status == HASHVEIL_OK) {
        status = read_as(in, format, sink);
        (void)fclose(in); /* it was only read */
    }
    return status;
}

const char *hashveil_list_format_name(size_t index, const char **meaning_out)
{
    size_t count = 0;
    while (hv_list_formats[count]) {
        count++;
    }
    if (index >= count) {
        return NULL;
    }
    if (meaning_out) {
        *meaning_out = hv_list_formats[index]->meaning;
    }
    return hv_list_formats[index]->name;
}
