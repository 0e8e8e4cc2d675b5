/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/hash_files.h>

#include "files/content.h"
#include "files/line.h"

struct item {
    struct hv_walked walked;
    hashveil_hashed_file file;
};

static hashveil_status hash(const hashveil_hash_files_options *options,
                            const struct hv_content *content, hashveil_hashed_file *file)
{
    if (options->computes_digests) {
        const hashveil_status status =
            hashveil_digests_of(content->bytes, content->len, &file->digests);
        if (status != HASHVEIL_OK) {
            return status;
        }
    }
    return options->is_dihedral
               ? hashveil_fingerprint_file_dihedral(content->bytes, content->len,
                                                    &options->fingerprint, file->forms)
               : hashveil_fingerprint_file(content->bytes, content->len, &options->fingerprint,
                                           file->forms);
}

static void work(void *context, void *worker, void *item)
{
    const hashveil_hash_files_options *options = context;
    struct item *own = item;
    struct hv_content content = {0};
    (void)worker;
    if (options->known && options->known(options->context, own->walked.path, &own->file)) {
        return;
    }
    own->file.status = hv_content_read(own->walked.path, &options->fingerprint, &content);
    if (own->file.status == HASHVEIL_OK) {
        own->file.is_read = true;
        own->file.status = hash(options, &content, &own->file);
    } else if (options->computes_digests && hv_content_is_giant(own->file.status)) {
        own->file.is_read =
            hashveil_digests_of_file(own->walked.path, &own->file.digests) == HASHVEIL_OK;
    }
    hv_content_clear(&content);
}

static void tell(void *context, void *item)
{
    const hashveil_hash_files_options *options = context;
    struct item *own = item;
    own->file.path = own->walked.path;
    own->file.is_named = own->walked.is_named;
    if (own->walked.problem != HASHVEIL_OK) {
        own->file.status = own->walked.problem;
    }
    options->on_file(options->context, &own->file);
}

hashveil_status hashveil_hash_files(const hashveil_hash_files_options *options,
                                    bool *is_complete_out)
{
    if (!options->next_path || !options->on_file) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    const struct hv_line line = {
        .workers = options->workers,
        .item_bytes = sizeof(struct item),
        .is_cancelled = options->is_cancelled,
        .next_path = options->next_path,
        .path_context = options->context,
        .context = (void *)options, /* only read */
        .work = work,
        .tell = tell,
    };
    return hv_line_run(&line, is_complete_out);
}
