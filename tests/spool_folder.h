/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with a spool in it, for the tests of the spool: reports that carry a number, added and
 * looked at. Every function fails the test when it cannot do what it says. */
#ifndef HV_TESTS_SPOOL_FOLDER_H
#define HV_TESTS_SPOOL_FOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hashveil/report.h>

enum { MAX_REPORTS = 4000 };

/* The folder of the test under way. */
struct spool_folder {
    char path[40];
    char spool_path[64];
    char socket_path[64];
    char address[80]; /* of that socket */
};

/* Before and after each test; nothing but the spool may be left then. */
const struct spool_folder *make_spool_folder(void);
void remove_spool_folder(void);

/* A sealed report that carries its number as id. */
void make_report(uint32_t number, uint8_t out[HASHVEIL_SEALED_REPORT_BYTES]);
uint32_t number_of_report(const uint8_t *bytes, size_t len);

hashveil_spool *open_spool(void);
hashveil_status add_report(hashveil_spool *spool, uint32_t number);
void add_reports(uint32_t first, uint32_t count);
uint64_t count_reports(void);

/* Reads the numbers of the reports that wait, in order, by SQLite alone. */
size_t read_numbers(uint32_t numbers[MAX_REPORTS]);
void ck_assert_waiting(const uint32_t *expected, size_t count);

/* Changes or makes a database behind the spool's back. */
void run_sql(const char *sql);

/* Runs the function in another process, which ends with it. */
pid_t in_child(void (*run)(int), int argument);
void pause_us(long us);

#endif
