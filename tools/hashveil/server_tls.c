/* SPDX-License-Identifier: Apache-2.0 */
#include "server_tls.h"

#include "output.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static void complain_tls(const char *path)
{
    const unsigned long error = ERR_get_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    ERR_clear_error();
    complain(path, "%s", reason ? reason : "not what TLS needs here");
}

/* Clients show certificates of these authorities alone. */
static bool ask_clients(SSL_CTX *context, const char *ca_path)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca_path);
    if (!names || SSL_CTX_load_verify_locations(context, ca_path, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

/* Returns the file that is wrong, or NULL. */
static const char *fill(SSL_CTX *context, const struct server_tls_files *files)
{
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate_path) != 1) {
        return files->certificate_path;
    }
    if (SSL_CTX_use_PrivateKey_file(context, files->key_path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return files->key_path;
    }
    return files->client_ca_path && !ask_clients(context, files->client_ca_path)
               ? files->client_ca_path
               : NULL;
}

SSL_CTX *server_tls_load(const struct server_tls_files *files)
{
    static const unsigned char session_context[] = "hashveil";
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1) != 1) {
        complain_status("TLS", HASHVEIL_ERR_NO_MEMORY);
        SSL_CTX_free(context);
        return NULL;
    }
    const char *wrong = fill(context, files);
    if (wrong) {
        complain_tls(wrong);
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

void server_tls_client(struct bufferevent *connection, char out[SERVER_TLS_NAME_BYTES])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    SSL *ssl = bufferevent_openssl_get_ssl(connection);
    const X509 *certificate = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
    out[0] = '\0';
    if (certificate && X509_digest(certificate, EVP_sha256(), digest, &len) == 1) {
        format_hex(digest, (SERVER_TLS_NAME_BYTES - 1) / 2, out);
    }
}
