/* SPDX-License-Identifier: Apache-2.0 */
/* hashveil-decoder: what the sandbox runs. Of no use by hand. */
#include "sandbox/lockdown.h"
#include "sandbox/serve.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/channel.h"

static hashveil_status decode(const uint8_t *bytes, size_t len,
                              const hashveil_fingerprint_options *options, uint32_t forms,
                              hashveil_fingerprint *out)
{
    switch (forms) {
    case HASHVEIL_PDQ_DIHEDRAL:
        return hashveil_fingerprint_file_dihedral(bytes, len, options, out);
    case HASHVEIL_PDQ_POLICIES:
        return hashveil_fingerprint_file_policies(bytes, len, options, out);
    default:
        return hashveil_fingerprint_file(bytes, len, options, out);
    }
}

static int has_channel(void)
{
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(HV_CHANNEL_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
           type == SOCK_SEQPACKET;
}

int main(void)
{
    if (!has_channel()) {
        fputs("hashveil-decoder: started by libhashveil, to decode pictures in a sandbox\n",
              stderr);
        return 64;
    }
    /* Nothing that the program registered for its end could still be done. */
    _exit(hv_serve(hv_lock_down, decode));
}
