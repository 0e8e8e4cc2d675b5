/* SPDX-License-Identifier: Apache-2.0 */
#include "attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

enum { COPY_BYTES = 64 << 10 };

void blob_clear(struct blob *blob)
{
    if (blob->bytes) {
        OPENSSL_cleanse(blob->bytes, blob->len);
        free(blob->bytes);
    }
    *blob = (struct blob){0};
}

static hashveil_status status_of_open(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return HASHVEIL_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return HASHVEIL_ERR_ACCESS;
    default:
        return HASHVEIL_ERR_IO;
    }
}

static bool write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        }
    }
    return true;
}

/* The file may grow while it is read: what counts is what was read. */
static hashveil_status copy_all(int from, int to, size_t *len_out)
{
    uint8_t part[COPY_BYTES];
    *len_out = 0;
    for (;;) {
        const ssize_t got = read(from, part, sizeof part);
        if (got == 0) {
            return *len_out > 0 ? HASHVEIL_OK : HASHVEIL_ERR_EMPTY;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return HASHVEIL_ERR_IO;
        }
        *len_out += (size_t)got;
        if (*len_out > ATTACHMENT_MAX_BYTES) {
            return HASHVEIL_ERR_LIMIT;
        }
        if (!write_all(to, part, (size_t)got)) {
            return HASHVEIL_ERR_NO_MEMORY;
        }
    }
}

/* Opens without waiting for the other end of a pipe. */
static hashveil_status open_regular(const char *path, int *out)
{
    struct stat info;
    *out = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*out < 0) {
        return status_of_open(errno);
    }
    if (fstat(*out, &info) != 0) {
        return HASHVEIL_ERR_IO;
    }
    return S_ISREG(info.st_mode) ? HASHVEIL_OK : HASHVEIL_ERR_NOT_A_FILE;
}

static hashveil_status seal_and_map(struct attachment *attachment)
{
    const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (fcntl(attachment->fd, F_ADD_SEALS, seals) != 0) {
        return HASHVEIL_ERR_IO;
    }
    void *map = mmap(NULL, attachment->len, PROT_READ, MAP_SHARED, attachment->fd, 0);
    if (map == MAP_FAILED) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    attachment->bytes = map;
    return HASHVEIL_OK;
}

hashveil_status attachment_read(const char *path, struct attachment *out)
{
    int fd = -1;
    *out = (struct attachment){.fd = memfd_create("attachment", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    hashveil_status status = out->fd < 0 ? HASHVEIL_ERR_NO_MEMORY : open_regular(path, &fd);
    if (status == HASHVEIL_OK) {
        status = copy_all(fd, out->fd, &out->len);
    }
    if (status == HASHVEIL_OK) {
        status = seal_and_map(out);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (status != HASHVEIL_OK) {
        attachment_clear(out);
    }
    return status;
}

void attachment_clear(struct attachment *attachment)
{
    if (attachment->bytes) {
        union {
            const void *mapped;
            void *unmapped;
        } address = {.mapped = attachment->bytes};
        munmap(address.unmapped, attachment->len);
    }
    if (attachment->fd >= 0) {
        close(attachment->fd);
    }
    *attachment = (struct attachment){.fd = -1};
}

static bool encrypt_into(const struct attachment *attachment, const struct attachment_key *key,
                         uint8_t *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len = 0;
    const bool is_done =
        context &&
        EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->key, key->nonce) == 1 &&
        EVP_EncryptUpdate(context, out, &len, attachment->bytes, (int)attachment->len) == 1 &&
        EVP_EncryptFinal_ex(context, out + len, &len) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, ATTACHMENT_TAG_BYTES,
                            out + attachment->len) == 1;
    EVP_CIPHER_CTX_free(context);
    return is_done;
}

hashveil_status attachment_encrypt(const struct attachment *attachment,
                                   struct attachment_key *key_out, struct blob *out)
{
    hashveil_status status = HASHVEIL_OK;
    *out = (struct blob){0};
    if (RAND_bytes(key_out->id, sizeof key_out->id) != 1 ||
        RAND_priv_bytes(key_out->key, sizeof key_out->key) != 1 ||
        RAND_bytes(key_out->nonce, sizeof key_out->nonce) != 1) {
        status = HASHVEIL_ERR_IO;
        goto done;
    }
    out->len = attachment->len + ATTACHMENT_TAG_BYTES;
    out->bytes = malloc(out->len);
    if (!out->bytes || !encrypt_into(attachment, key_out, out->bytes)) {
        status = HASHVEIL_ERR_NO_MEMORY;
        goto done;
    }
    SHA256(out->bytes, out->len, key_out->digest);
done:
    if (status != HASHVEIL_OK) {
        blob_clear(out);
        OPENSSL_cleanse(key_out, sizeof *key_out);
    }
    return status;
}

/* tag: behind the len bytes. */
static bool decrypt_into(const struct attachment_key *key, const uint8_t *bytes, size_t len,
                         uint8_t *out)
{
    uint8_t tag[ATTACHMENT_TAG_BYTES];
    memcpy(tag, bytes + len, sizeof tag);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int part = 0;
    const bool is_done =
        context &&
        EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->key, key->nonce) == 1 &&
        EVP_DecryptUpdate(context, out, &part, bytes, (int)len) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
        EVP_DecryptFinal_ex(context, out + part, &part) == 1;
    EVP_CIPHER_CTX_free(context);
    return is_done;
}

hashveil_status attachment_decrypt(const struct attachment_key *key, const uint8_t *bytes,
                                   size_t len, struct blob *out)
{
    uint8_t digest[ATTACHMENT_DIGEST_BYTES];
    *out = (struct blob){0};
    if (len <= ATTACHMENT_TAG_BYTES || len > ATTACHMENT_MAX_BYTES + ATTACHMENT_TAG_BYTES) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    SHA256(bytes, len, digest);
    if (CRYPTO_memcmp(digest, key->digest, sizeof digest) != 0) {
        return HASHVEIL_ERR_DIGEST;
    }
    out->len = len - ATTACHMENT_TAG_BYTES;
    out->bytes = malloc(out->len);
    if (!out->bytes) {
        *out = (struct blob){0};
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (!decrypt_into(key, bytes, out->len, out->bytes)) {
        blob_clear(out);
        return HASHVEIL_ERR_PROTOCOL;
    }
    return HASHVEIL_OK;
}
