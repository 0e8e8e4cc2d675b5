/* SPDX-License-Identifier: Apache-2.0 */
#include "errno_status.h"

#include <errno.h>
#include <stddef.h>

hashveil_status status_of_errno(int error)
{
    static const struct {
        int error;
        hashveil_status status;
    } rows[] = {
        {ENOENT, HASHVEIL_ERR_NOT_FOUND},  {ENOTDIR, HASHVEIL_ERR_NOT_FOUND},
        {EACCES, HASHVEIL_ERR_ACCESS},     {EPERM, HASHVEIL_ERR_ACCESS},
        {EROFS, HASHVEIL_ERR_ACCESS},      {ENOSPC, HASHVEIL_ERR_NO_SPACE},
        {EDQUOT, HASHVEIL_ERR_NO_SPACE},   {EEXIST, HASHVEIL_ERR_EXISTS},
        {EISDIR, HASHVEIL_ERR_NOT_A_FILE}, {ENOMEM, HASHVEIL_ERR_NO_MEMORY},
        {ENXIO, HASHVEIL_ERR_NOT_A_FILE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].error == error) {
            return rows[i].status;
        }
    }
    return HASHVEIL_ERR_IO;
}
