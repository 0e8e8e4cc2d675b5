/* SPDX-License-Identifier: Apache-2.0 */
#include "path_input.h"

#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* A signal need not reach the thread that waits here, so that thread looks for itself. */
enum { LOOK_MS = 50 };

static ssize_t read_until_cancelled(void *context, char *out, size_t len)
{
    const struct path_input *input = context;
    struct pollfd source = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!atomic_load(input->is_cancelled)) {
        const int ready = poll(&source, 1, LOOK_MS);
        if (ready > 0) {
            return read(STDIN_FILENO, out, len);
        }
        if (ready < 0 && errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

static bool open_stream(struct path_input *input)
{
    const cookie_io_functions_t functions = {.read = read_until_cancelled};
    if (!input->stream) {
        input->stream = fopencookie(input, "r", functions);
    }
    return input->stream != NULL;
}

static void fail(struct path_input *input)
{
    complain("standard input", "%s", strerror(errno));
    input->failed = true;
}

const char *path_input_next(struct path_input *input)
{
    ssize_t len = -1;
    if (!open_stream(input)) {
        fail(input);
        return NULL;
    }
    do {
        len = getdelim(&input->path, &input->room, input->end, input->stream);
    } while (len == 1 && input->path[0] == input->end);

    if (atomic_load(input->is_cancelled)) {
        input->was_cut = true; /* what came may be half a path */
        return NULL;
    }
    if (len <= 0) {
        if (!feof(input->stream)) {
            fail(input);
        }
        return NULL;
    }
    if (input->path[len - 1] == input->end) {
        input->path[len - 1] = '\0';
    }
    return input->path;
}

void path_input_clear(struct path_input *input)
{
    if (input->stream) {
        fclose(input->stream);
    }
    free(input->path);
    *input = (struct path_input){0};
}
