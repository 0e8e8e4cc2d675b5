/* SPDX-License-Identifier: Apache-2.0 */
#include "state_folder.h"

#include "errno_status.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The specification has relative paths ignored. */
static const char *absolute_variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] == '/' ? value : NULL;
}

/* Makes the folders above the file. */
static hashveil_status make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST;
        const int error = errno;
        *slash = '/';
        if (!is_there) {
            return status_of_errno(error);
        }
    }
    return HASHVEIL_OK;
}

hashveil_status state_folder_file(const char *name, char **out)
{
    const char *state_home = absolute_variable("XDG_STATE_HOME");
    const char *home = absolute_variable("HOME");
    *out = NULL;
    if (!state_home && !home) {
        return HASHVEIL_ERR_NOT_FOUND;
    }
    if (asprintf(out, "%s%s/hashveil/%s", state_home ? state_home : home,
                 state_home ? "" : "/.local/state", name) < 0) {
        *out = NULL;
        return HASHVEIL_ERR_NO_MEMORY;
    }
    return make_parents(*out);
}

char *config_folder_file(const char *name)
{
    const char *config_home = absolute_variable("XDG_CONFIG_HOME");
    const char *home = absolute_variable("HOME");
    char *path = NULL;
    if ((!config_home && !home) ||
        asprintf(&path, "%s%s/hashveil/%s", config_home ? config_home : home,
                 config_home ? "" : "/.config", name) < 0) {
        return NULL;
    }
    return path;
}
