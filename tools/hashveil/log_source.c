/* SPDX-License-Identifier: Apache-2.0 */
#include "log_source.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Editions that may be added between our two requests. */
    MAX_ADDED_MEANWHILE = 1024
};

static hashveil_status fetch_leaves(hashveil_connection *connection, const hashveil_log_head *head,
                                    hashveil_log **out)
{
    const size_t capacity = ((size_t)head->size + MAX_ADDED_MEANWHILE) * HASHVEIL_LOG_HASH_BYTES;
    size_t len = 0;
    uint8_t *leaves = malloc(capacity);
    if (!leaves) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = hashveil_connection_exchange(connection, "/" HASHVEIL_LOG_LEAVES_FILE,
                                                          NULL, 0, leaves, capacity, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_log_read(head, leaves, len, out);
    }
    free(leaves);
    return status;
}

static hashveil_status fetch(hashveil_connection *connection, const hashveil_key *key,
                             hashveil_log **out, const char **where_out)
{
    uint8_t bytes[HASHVEIL_LOG_HEAD_BYTES];
    size_t len = 0;
    hashveil_log_head head;
    *where_out = HASHVEIL_LOG_HEAD_FILE;
    hashveil_status status = hashveil_connection_exchange(connection, "/" HASHVEIL_LOG_HEAD_FILE,
                                                          NULL, 0, bytes, sizeof bytes, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_log_read_head(bytes, len, key, &head);
    }
    if (status == HASHVEIL_OK) {
        *where_out = HASHVEIL_LOG_LEAVES_FILE;
        status = fetch_leaves(connection, &head, out);
    }
    return status;
}

static hashveil_status open_url(const char *url, const struct peer_options *peers,
                                const hashveil_key *key, hashveil_log **out, const char **where_out)
{
    const hashveil_peer peer = peer_without_account(peers, url);
    hashveil_connection *connection = NULL;
    hashveil_status status = hashveil_connection_open(&peer, &connection);
    if (status == HASHVEIL_OK) {
        status = fetch(connection, key, out, where_out);
    }
    hashveil_connection_close(connection);
    return status;
}

hashveil_log *log_source_open(const char *place, const char *key_path,
                              const struct peer_options *peers)
{
    hashveil_key key = {0};
    hashveil_log *log = NULL;
    const char *where = "";
    hashveil_status status = hashveil_key_load_public(key_path, HASHVEIL_KEY_CURATOR, &key);
    if (status != HASHVEIL_OK) {
        complain_status(key_path, status);
        return NULL;
    }
    status = hashveil_peer_is_address(place) ? open_url(place, peers, &key, &log, &where)
                                             : hashveil_log_open(place, &key, &log, &where);
    if (status == HASHVEIL_ERR_KEY) {
        complain(place, "%s: not signed with %s", where, key_path);
    } else if (status != HASHVEIL_OK) {
        complain_database(place, where, status);
    }
    return log;
}
