/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with pictures to scan, a sealed database of some of them, and the sockets of its peers,
 * for the tests of the scan. Every function fails the test when it cannot do what it says. */
#ifndef HV_TESTS_SCAN_FOLDER_H
#define HV_TESTS_SCAN_FOLDER_H

#include <hashveil/scan.h>

/* Pictures that the database lists; further ones are not listed. */
enum { LISTED = 4, SCAN_PATIENT_MS = 60000 };

/* The folder of the test under way. */
struct scan_folder {
    char path[48];
    char pictures_path[64];
    char database_path[64], spool_path[64];
    char evaluator_path[64], reporter_path[64]; /* sockets */
    char evaluator_address[80], reporter_address[80];
    hashveil_key evaluator_key;
    hashveil_sealed_db *database; /* of epoch 7; labels "label 0" and so on */
};

/* Before and after each test. */
const struct scan_folder *make_scan_folder(void);
void remove_scan_folder(void);

/* The path of a file of the pictures' folder; good until the next call. */
const char *scan_path(const char *name);
/* Puts files there. A picture has the same bytes for the same number. */
void put_scan_file(const char *name, const void *bytes, size_t len);
void put_scan_picture(const char *name, uint64_t number);
void put_scan_half_picture(const char *name, uint64_t number);
/* The picture turned by half. */
void put_scan_turned_picture(const char *name, uint64_t number);
/* A grey plane, of quality 0. */
void put_scan_flat_picture(const char *name);
/* By its means it is one picture, by its pixels another. */
void put_scan_two_faced_picture(const char *name, uint64_t by_means, uint64_t by_pixels);
/* What a match is reported with, and what any picture is first asked about with. */
hashveil_fingerprint scan_picture_fingerprint(uint64_t number);
hashveil_fingerprint scan_picture_quick_fingerprint(uint64_t number);
size_t scan_picture_len(uint64_t number);

/* Seals the database anew, so that it lists files there as well: by their digests of this kind,
 * with labels "file NAME". */
void list_scan_files(const char *const *names, size_t count, hashveil_digest_kind kind);

/* Seals the database anew, so that it lists this hash in the place of picture 0's. */
void list_scan_hash(const hashveil_pdq *hash);

/* All that a scan told and gave. */
struct scan_seen {
    hashveil_status status;
    hashveil_scan_summary summary;
    /* A line a file: "NAME: class", with ": reason" where the class is trouble, " LABEL" of a match
     * and " (reported)". */
    char results[4000];
    size_t results_len;
    /* A line a trouble: "PEER: reason", PEER from the folder on. */
    char troubles[400];
    size_t troubles_len;
    /* Called after each result when set. */
    void (*after_result)(struct scan_seen *seen, const hashveil_file_result *result);
    uint64_t told;
};

/* One worker, no reports; told to seen. */
hashveil_scan_options scan_options(struct scan_seen *seen);
/* Scans the pictures. What adds up in every summary is checked. */
void scan_pictures(const hashveil_scan_options *options);
void scan_paths(const char *const *paths, size_t count, const hashveil_scan_options *options);

#endif
