/* SPDX-License-Identifier: Apache-2.0 */
#include "plain_list.h"

#include <hashveil/workspace.h>

hashveil_status plain_list_load(const char *path, hashveil_index **out)
{
    hashveil_workspace *workspace = NULL;
    hashveil_entries entries = {0};
    hashveil_status status = hashveil_workspace_open(path, HASHVEIL_WORKSPACE_READ, &workspace);
    if (status == HASHVEIL_OK) {
        status = hashveil_workspace_entries(workspace, &entries);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_index_create(&entries, out);
    }
    hashveil_entries_clear(&entries);
    hashveil_workspace_close(workspace);
    return status;
}
