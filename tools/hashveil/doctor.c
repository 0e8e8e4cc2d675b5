/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"

#include "database.h"
#include "errno_status.h"
#include "output.h"
#include "state_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <hashveil/key.h>
#include <hashveil/report.h>
#include <hashveil/transport.h>

enum { DETAIL_BYTES = 256, ANSWER_BYTES = 1 << 16, DAY_S = 24 * 60 * 60 };

static void tell(const struct doctor *doctor, enum doctor_state state, const char *check,
                 const char *subject, const char *detail, const char *remedy)
{
    const struct doctor_finding finding = {
        .check = check, .subject = subject, .state = state, .detail = detail, .remedy = remedy};
    doctor->on_finding(doctor->context, &finding);
}

/* Of something that has a status and nothing else to say. */
static void tell_status(const struct doctor *doctor, hashveil_status status, const char *check,
                        const char *subject, const char *remedy)
{
    const bool is_ok = status == HASHVEIL_OK;
    tell(doctor, is_ok ? DOCTOR_OK : DOCTOR_BAD, check, subject,
         is_ok ? "in order" : hashveil_status_text(status), is_ok ? "" : remedy);
}

static void look_at_sandbox(const struct doctor *doctor)
{
    struct decode_options decode = doctor->options->decode;
    if (decode.has_no_sandbox) {
        tell(doctor, DOCTOR_BAD, "sandbox", "", "switched off: pictures are decoded unguarded",
             "leave out --no-sandbox, unless all runs in another sandbox");
        return;
    }
    const bool is_open = decode_options_open(&decode, 1);
    tell(doctor, is_open ? DOCTOR_OK : DOCTOR_BAD, "sandbox", "hashveil-decoder",
         is_open ? "a decoder started and shut itself in" : "no decoder could be shut in",
         is_open ? "" : "install hashveil-decoder with the program, on a kernel with seccomp");
    decode_options_close(&decode);
}

static void look_at_trust(const struct doctor *doctor, const hashveil_sealed_db *database)
{
    const struct trust_options *options = &doctor->options->trust;
    struct trust_keys keys;
    size_t part = 0;
    if (options->curator_count == 0) {
        tell(doctor, DOCTOR_NONE, "curators", "", "whoever sealed the database is believed",
             "name the curators' public keys with --curator");
    }
    if (!trust_keys_load(options, &keys)) {
        tell(doctor, DOCTOR_BAD, "curators", "", "a public key cannot be used; see above",
             "ask its owner for the file that 'hashveil keygen' ended in .pub");
        return;
    }
    const hashveil_distrust distrust = hashveil_trust_check(database, &keys.trust, 0, &part);
    const bool is_trusted = distrust == HASHVEIL_DISTRUST_NONE;
    tell(doctor, is_trusted ? DOCTOR_OK : DOCTOR_BAD, "trust", doctor->options->database_path,
         hashveil_distrust_text(distrust), is_trusted ? "" : "fetch the newest edition");
}

static void tell_edition(const struct doctor *doctor, const hashveil_sealed_db_info *info)
{
    char detail[DETAIL_BYTES];
    const uint64_t now_s = (uint64_t)time(NULL);
    const uint64_t age_s = now_s > info->created_s ? now_s - info->created_s : 0;
    snprintf(detail, sizeof detail,
             "epoch %" PRIu64 ", room for %" PRIu64 " records, %" PRIu64 " days old", info->epoch,
             info->padded_count, age_s / DAY_S);
    tell(doctor, info->is_segment ? DOCTOR_BAD : DOCTOR_OK, "database",
         doctor->options->database_path, info->is_segment ? "it is a segment" : detail,
         info->is_segment ? "name its base with --db, and it with --segment" : "");
}

/* Returns NULL after a finding. */
static hashveil_sealed_db *look_at_database(const struct doctor *doctor)
{
    const char *path = doctor->options->database_path;
    hashveil_sealed_db *database = NULL;
    const char *where = "";
    if (!path) {
        tell(doctor, DOCTOR_BAD, "database", "", "none is named",
             "give --db FILE.hvdb, or db in the section scan of the configuration file");
        return NULL;
    }
    const hashveil_status status = database_open(path, &database, &where);
    if (status != HASHVEIL_OK) {
        tell_status(doctor, status, "database", path, "fetch it again, or 'hashveil db seal' one");
        return NULL;
    }
    tell_edition(doctor, hashveil_sealed_db_describe(database));
    look_at_trust(doctor, database);
    return database;
}

/* database: NULL where there is none to compare with. */
static void look_at_evaluator_key(const struct doctor *doctor, const hashveil_sealed_db *database)
{
    const char *path = doctor->options->key_path;
    hashveil_key key = {0};
    const hashveil_status status = hashveil_key_load_secret(path, HASHVEIL_KEY_EVALUATOR, &key);
    const bool is_other =
        status == HASHVEIL_OK && database &&
        memcmp(key.public_bytes, hashveil_sealed_db_describe(database)->evaluator_public,
               sizeof key.public_bytes) != 0;
    hashveil_key_clear(&key);
    if (is_other) {
        tell(doctor, DOCTOR_BAD, "key", path, "not the key that the database was sealed with",
             "name the right one, or seal the database again");
    } else {
        tell_status(doctor, status, "key", path,
                    "make one with 'hashveil keygen evaluator', for its owner alone (mode 0600)");
    }
}

/* Asks for what anybody may have. answer: ends with a NUL. */
static hashveil_status ask(const hashveil_peer *peer, const char *path, char answer[ANSWER_BYTES])
{
    hashveil_connection *connection = NULL;
    size_t len = 0;
    hashveil_status status = hashveil_connection_open(peer, &connection);
    if (status == HASHVEIL_OK) {
        status = hashveil_connection_exchange(connection, path, NULL, 0, (uint8_t *)answer,
                                              ANSWER_BYTES - 1, &len);
    }
    answer[len] = '\0';
    hashveil_connection_close(connection);
    return status;
}

/* key: that which it must have; NULL for any. */
static void look_at_evaluator(const struct doctor *doctor, const hashveil_peer *peer,
                              const uint8_t *key)
{
    static const char remedy[] =
        "start it with 'hashveil evaluator --listen', or mend --evaluator, "
        "--ca, --certificate or --token-file";
    char answer[ANSWER_BYTES];
    char digits[2 * HASHVEIL_KEY_BYTES + 1] = "";
    const hashveil_status status = ask(peer, HASHVEIL_PATH_MANIFEST, answer);
    if (key) {
        format_hex(key, HASHVEIL_KEY_BYTES, digits);
    }
    if (status == HASHVEIL_OK && !strstr(answer, digits)) {
        tell(doctor, DOCTOR_BAD, "evaluator", peer->address,
             "it answers, and has not the key of this database",
             "fetch the database again, or ask the evaluator that it was sealed for");
    } else {
        tell_status(doctor, status, "evaluator", peer->address, remedy);
    }
}

static void look_at_evaluators(const struct doctor *doctor, const hashveil_sealed_db *database)
{
    struct scan_options *options = doctor->options;
    const struct evaluator_peers *peers = &options->evaluators;
    if (!peer_options_load(&options->peers) || !evaluator_peers_load(&options->evaluators)) {
        tell(doctor, DOCTOR_BAD, "account", "", "a token or a key cannot be used; see above",
             "ask the evaluator's operator for it, and keep a token with mode 0600");
    }
    if (peers->count == 0 && !options->key_path) {
        tell(doctor, DOCTOR_BAD, "evaluator", "", "none is named",
             "give --evaluator URL, or --key FILE for one of your own");
    }
    const uint8_t *whole =
        database ? hashveil_sealed_db_describe(database)->evaluator_public : NULL;
    for (size_t i = 0; i < peers->count; i++) {
        const hashveil_peer peer = peer_of_evaluator(&options->peers, i, peers->addresses[i]);
        const hashveil_key *shares = evaluator_peers_shares(peers);
        look_at_evaluator(doctor, &peer, shares ? shares[i].public_bytes : whole);
    }
}

/* A scan makes the file in a folder that is there. */
static hashveil_status check_folder_of(const char *path)
{
    char *copy = strdup(path);
    if (!copy) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const bool is_usable = access(dirname(copy), W_OK | X_OK) == 0;
    const int error = errno;
    free(copy);
    return is_usable ? HASHVEIL_OK : status_of_errno(error);
}

static void look_at_spool(const struct doctor *doctor)
{
    const char *path = doctor->options->spool_path;
    char *usual_path = NULL;
    char detail[DETAIL_BYTES];
    uint64_t waiting = 0;
    hashveil_spool *spool = NULL;
    hashveil_status status = path ? HASHVEIL_OK : state_folder_file("spool.sqlite", &usual_path);
    path = path ? path : usual_path;
    if (status == HASHVEIL_OK) {
        status =
            access(path, F_OK) == 0 ? hashveil_spool_open(path, &spool) : check_folder_of(path);
    }
    if (spool) {
        status = hashveil_spool_count(spool, &waiting);
        hashveil_spool_close(spool);
    }
    if (status == HASHVEIL_OK) {
        snprintf(detail, sizeof detail, "%" PRIu64 " reports wait", waiting);
        tell(doctor, DOCTOR_OK, "spool", path, detail, "");
    } else {
        tell_status(doctor, status, "spool", path ? path : "",
                    "name a file with --spool, in a folder that you may write to");
    }
    free(usual_path);
}

static void look_at_reporter(const struct doctor *doctor)
{
    const struct scan_options *options = doctor->options;
    const char *path = options->reporter_key_path;
    hashveil_key key = {0};
    char answer[ANSWER_BYTES];
    if (!path) {
        tell(doctor, DOCTOR_NONE, "reporter", "", "matches are printed, and not reported",
             "give --reporter-key and --reporter to report them");
        return;
    }
    const hashveil_status status =
        options->report_store_path ? hashveil_key_load_secret(path, HASHVEIL_KEY_REPORTER, &key)
                                   : hashveil_key_load_public(path, HASHVEIL_KEY_REPORTER, &key);
    hashveil_key_clear(&key);
    tell_status(doctor, status, "reporter key", path,
                options->report_store_path ? "--report-store needs the reporter's secret key"
                                           : "ask the reporter for its public key");
    look_at_spool(doctor);
    if (options->reporter_address) {
        const hashveil_peer peer = peer_without_account(&options->peers, options->reporter_address);
        tell_status(doctor, ask(&peer, HASHVEIL_PATH_HEALTH, answer), "reporter", peer.address,
                    "start it with 'hashveil reporter serve'; reports wait in the spool");
    }
}

void doctor_look(const struct doctor *doctor)
{
    look_at_sandbox(doctor);
    hashveil_sealed_db *database = look_at_database(doctor);
    if (doctor->options->key_path) {
        look_at_evaluator_key(doctor, database);
    }
    look_at_evaluators(doctor, database);
    look_at_reporter(doctor);
    hashveil_sealed_db_close(database);
    peer_options_clear(&doctor->options->peers);
}
