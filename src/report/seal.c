/* SPDX-License-Identifier: Apache-2.0 */
/* A report as it leaves the device: 280 bytes, whatever it says. All numbers
 * are little-endian.
 *
 *     offset  bytes  the sealed report
 *          0      4  "HVRP"
 *          4      2  version, 1
 *          6      2  reserved, zero
 *          8     16  report id, random
 *         24      8  key id: the first bytes of SHA-256 of the reporter's
 * public key 32    248  crypto_box_seal (X25519, XSalsa20-Poly1305) of the
 * content: an ephemeral public key of 32 bytes, a tag of 16, and 200 of
 *
 *     offset  bytes  the content
 *          0      2  version, 1
 *          2      1  quality of the device's picture, 0..100
 *          3      5  reserved, zero
 *          8     16  report id, as outside: nobody can put another one on a
 * report 24      8  time of the match, seconds since 1970 32      8  epoch of
 * the database 40     32  digest of the database's manifest 72     16  record
 * id, the curator's 88     24  label, UTF-8 without control characters, filled
 * with zero, at least one 112      8  lists: bit i for list i of the manifest
 *        120     32  PDQ hash of the device's picture, bit 0 first
 *        152     48  padding, zero
 *
 * The id outside lets spool and reporter tell reports apart without opening
 * them. */
#include "report/report.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "base/text.h"

#include <assert.h>
#include <sodium.h>
#include <time.h>
#include <unistd.h>

enum {
  VERSION = 1,
  HEADER_BYTES = 32,
  SEAL_BYTES = HV_REPORT_PLAIN_BYTES + crypto_box_SEALBYTES,
  MAX_QUALITY = 100
};

static_assert(HEADER_BYTES + SEAL_BYTES == HASHVEIL_SEALED_REPORT_BYTES,
              "the public size");

static const uint8_t magic[4] = {'H', 'V', 'R', 'P'};

hashveil_status hashveil_report_fill(const hashveil_sealed_db_info *database,
                                     const hashveil_record *record,
                                     const hashveil_fingerprint *fingerprint,
                                     hashveil_report *out) {
  hashveil_report report = {
      .time_s = (uint64_t)time(NULL),
      .epoch = database->epoch,
      .record = *record,
      .hash = fingerprint->hash,
      .quality = fingerprint->quality,
  };
  memcpy(report.database_digest, database->digest,
         sizeof report.database_digest);
  if (getentropy(report.id, sizeof report.id) != 0) {
    return HASHVEIL_ERR_IO;
  }
  *out = report;
  return HASHVEIL_OK;
}

bool hv_label_is_valid(const char label[HASHVEIL_LABEL_MAX_LEN + 1]) {
  const size_t len = strnlen(label, HASHVEIL_LABEL_MAX_LEN + 1);
  return len <= HASHVEIL_LABEL_MAX_LEN && hv_text_is_plain(label, len) &&
         sodium_is_zero((const uint8_t *)label + len,
                        HASHVEIL_LABEL_MAX_LEN + 1 - len);
}

static void key_id_of(const hashveil_key *reporter,
                      uint8_t out[HV_REPORT_KEY_ID_BYTES]) {
  uint8_t digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, reporter->public_bytes, HASHVEIL_KEY_BYTES);
  memcpy(out, digest, HV_REPORT_KEY_ID_BYTES);
}

static void write_zeros(struct hv_writer *out, size_t len) {
  uint8_t *space = hv_write_space(out, len);
  if (space) {
    memset(space, 0, len);
  }
}

static void write_content(const hashveil_report *report,
                          uint8_t plain[HV_REPORT_PLAIN_BYTES]) {
  struct hv_writer out = hv_writer_of(plain, HV_REPORT_PLAIN_BYTES);
  hv_write_u16le(&out, VERSION);
  hv_write_u8(&out, (uint8_t)report->quality);
  write_zeros(&out, 5);
  hv_write_bytes(&out, report->id, sizeof report->id);
  hv_write_u64le(&out, report->time_s);
  hv_write_u64le(&out, report->epoch);
  hv_write_bytes(&out, report->database_digest, sizeof report->database_digest);
  hv_write_bytes(&out, report->record.id, sizeof report->record.id);
  hv_write_bytes(&out, (const uint8_t *)report->record.labels[0],
                 sizeof report->record.labels[0]);
  hv_write_u64le(&out, report->record.lists);
  for (size_t i = 0; i < HASHVEIL_PDQ_BITS / 64; i++) {
    hv_write_u64le(&out, report->hash.word[i]);
  }
  write_zeros(&out, HV_REPORT_PLAIN_BYTES - out.len);
  assert(!out.failed);
}

hashveil_status
hashveil_report_seal(const hashveil_report *report,
                     const hashveil_key *reporter,
                     uint8_t out[HASHVEIL_SEALED_REPORT_BYTES]) {
  uint8_t plain[HV_REPORT_PLAIN_BYTES];
  uint8_t key_id[HV_REPORT_KEY_ID_BYTES];
  if (report->quality > MAX_QUALITY ||
      !hv_label_is_valid(report->record.labels[0])) {
    return HASHVEIL_ERR_ARGUMENT;
  }
  if (reporter->kind != HASHVEIL_KEY_REPORTER) {
    return HASHVEIL_ERR_KEY;
  }
  if (sodium_init() < 0) {
    return HASHVEIL_ERR_IO;
  }
  struct hv_writer writer = hv_writer_of(out, HASHVEIL_SEALED_REPORT_BYTES);
  key_id_of(reporter, key_id);
  hv_write_bytes(&writer, magic, sizeof magic);
  hv_write_u16le(&writer, VERSION);
  hv_write_u16le(&writer, 0);
  hv_write_bytes(&writer, report->id, sizeof report->id);
  hv_write_bytes(&writer, key_id, sizeof key_id);

  write_content(report, plain);
  const bool is_sealed =
      crypto_box_seal(hv_write_space(&writer, SEAL_BYTES), plain, sizeof plain,
                      reporter->public_bytes) == 0;
  hv_wipe(plain, sizeof plain);
  return is_sealed ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
}

hashveil_status hv_report_header_parse(const uint8_t *bytes, size_t len,
                                       struct hv_report_header *out) {
  struct hv_reader in = hv_reader_of(bytes, len);
  const uint8_t *start = hv_read_bytes(&in, sizeof magic);
  const uint16_t version = hv_read_u16le(&in);
  const uint16_t reserved = hv_read_u16le(&in);
  hv_read_copy(&in, out->id, sizeof out->id);
  hv_read_copy(&in, out->key_id, sizeof out->key_id);
  if (in.failed || !start || memcmp(start, magic, sizeof magic) != 0) {
    return HASHVEIL_ERR_PROTOCOL;
  }
  if (version != VERSION) {
    return HASHVEIL_ERR_VERSION;
  }
  return reserved == 0 && in.left == SEAL_BYTES ? HASHVEIL_OK
                                                : HASHVEIL_ERR_PROTOCOL;
}

/* Reads bytes that must be zero. */
static void read_zeros(struct hv_reader *in, size_t len) {
  const uint8_t *bytes = hv_read_bytes(in, len);
  if (bytes && !sodium_is_zero(bytes, len)) {
    in->failed = true;
  }
}

hashveil_status hv_report_parse(const uint8_t *plain, size_t len,
                                hashveil_report *out) {
  struct hv_reader in = hv_reader_of(plain, len);
  hashveil_report report = {0};
  const uint16_t version = hv_read_u16le(&in);
  report.quality = hv_read_u8(&in);
  read_zeros(&in, 5);
  hv_read_copy(&in, report.id, sizeof report.id);
  report.time_s = hv_read_u64le(&in);
  report.epoch = hv_read_u64le(&in);
  hv_read_copy(&in, report.database_digest, sizeof report.database_digest);
  hv_read_copy(&in, report.record.id, sizeof report.record.id);
  hv_read_copy(&in, (uint8_t *)report.record.labels[0],
               sizeof report.record.labels[0]);
  report.record.lists = hv_read_u64le(&in);
  for (size_t i = 0; i < HASHVEIL_PDQ_BITS / 64; i++) {
    report.hash.word[i] = hv_read_u64le(&in);
  }
  read_zeros(&in, in.left);

  if (in.failed || len != HV_REPORT_PLAIN_BYTES || version != VERSION ||
      report.quality > MAX_QUALITY ||
      !hv_label_is_valid(report.record.labels[0])) {
    return HASHVEIL_ERR_PROTOCOL;
  }
  *out = report;
  return HASHVEIL_OK;
}

hashveil_status hashveil_report_open(const uint8_t *bytes, size_t len,
                                     const hashveil_key *reporter,
                                     hashveil_report *out) {
  struct hv_report_header header;
  uint8_t key_id[HV_REPORT_KEY_ID_BYTES];
  uint8_t plain[HV_REPORT_PLAIN_BYTES];
  hashveil_report report;

  if (sodium_init() < 0) {
    return HASHVEIL_ERR_IO;
  }
  hashveil_status status = hv_report_header_parse(bytes, len, &header);
  if (status != HASHVEIL_OK) {
    return status;
  }
  key_id_of(reporter, key_id);
  if (reporter->kind != HASHVEIL_KEY_REPORTER || !reporter->has_secret ||
      memcmp(header.key_id, key_id, sizeof key_id) != 0) {
    return HASHVEIL_ERR_KEY;
  }
  if (crypto_box_seal_open(plain, bytes + HEADER_BYTES, SEAL_BYTES,
                           reporter->public_bytes,
                           reporter->secret_bytes) != 0) {
    return HASHVEIL_ERR_PROTOCOL;
  }
  status = hv_report_parse(plain, sizeof plain, &report);
  if (status == HASHVEIL_OK &&
      memcmp(report.id, header.id, sizeof report.id) != 0) {
    status = HASHVEIL_ERR_PROTOCOL;
  }
  if (status == HASHVEIL_OK) {
    *out = report;
  }
  hv_wipe(plain, sizeof plain);
  hv_wipe(&report, sizeof report);
  return status;
}
