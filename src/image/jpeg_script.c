/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_script.h"

enum { COEFFICIENTS = 64, NOT_SENT = 0xFF };

struct walk {
    struct hv_reader in;
    struct hv_jpeg_script *script;
    uint32_t scans, max_scans;
    uint32_t restart_interval;
    struct hv_jpeg_codes codes;
    /* The lowest bit of each coefficient that has been sent. */
    uint8_t low_bits[HV_JPEG_COMPONENTS_MAX][COEFFICIENTS];
};

/* The means stand alone and are sent first; other coefficients are sent for one component. */
static bool is_band(const struct hv_jpeg_scan *scan)
{
    return scan->first == 0
               ? scan->last == 0
               : scan->count == 1 && scan->first <= scan->last && scan->last < COEFFICIENTS;
}

/* Takes note of the bits that a scan sends. Returns false when it is not their turn. */
static bool note_bits(struct walk *walk, const struct hv_jpeg_scan *scan)
{
    const bool is_refinement = scan->high_bit > 0;
    if (!is_band(scan) || scan->low_bit > HV_JPEG_LOW_BIT_MAX ||
        (is_refinement && scan->high_bit != scan->low_bit + 1)) {
        return false;
    }
    for (unsigned i = 0; i < scan->count; i++) {
        uint8_t *low_bits = walk->low_bits[scan->components[i]];
        if (scan->first > 0 && low_bits[0] == NOT_SENT) {
            return false;
        }
        for (unsigned k = scan->first; k <= scan->last; k++) {
            if (low_bits[k] != (is_refinement ? scan->high_bit : NOT_SENT)) {
                return false;
            }
            low_bits[k] = scan->low_bit;
        }
    }
    return true;
}

/* Goes on to the marker after the data: in it, a lead is followed by 0 or begins a restart. */
static void skip_data(struct hv_reader *in, struct hv_jpeg_scan *scan)
{
    scan->data = in->next;
    while (in->left > 0) {
        const uint8_t *lead = memchr(in->next, HV_JPEG_LEAD, in->left);
        hv_read_bytes(in, lead ? (size_t)(lead - in->next) : in->left);
        const uint8_t follower = in->left > 1 ? in->next[1] : HV_JPEG_LEAD;
        if (follower != 0 &&
            (follower < HV_JPEG_RESTART_FIRST || follower > HV_JPEG_RESTART_LAST)) {
            break;
        }
        hv_read_bytes(in, 2);
    }
    scan->data_len = (size_t)(in->next - scan->data);
}

static bool take_scan(struct walk *walk, struct hv_reader segment)
{
    struct hv_jpeg_script *script = walk->script;
    struct hv_jpeg_scan scan;
    if (walk->scans >= walk->max_scans ||
        !hv_jpeg_read_scan(segment, &script->frame, &walk->codes, &scan) ||
        !note_bits(walk, &scan)) {
        return false;
    }
    walk->scans++;
    scan.restart_interval = walk->restart_interval;
    skip_data(&walk->in, &scan);
    for (unsigned i = 0; i < scan.count; i++) {
        if (scan.first == 0 && scan.components[i] == 0) {
            script->means[script->means_count++] = scan;
        }
    }
    if (scan.first > 0 && scan.first <= HV_JPEG_SLOPES && scan.high_bit == 0 &&
        scan.components[0] == 0) {
        script->slopes[script->slopes_count++] = scan;
    }
    return true;
}

static bool take_restart_interval(struct walk *walk, struct hv_reader segment)
{
    walk->restart_interval = (uint32_t)hv_read_be(&segment, 2);
    return !segment.failed && segment.left == 0;
}

static bool take_segment(struct walk *walk, uint8_t marker)
{
    const size_t len = (size_t)hv_read_be(&walk->in, 2) - 2; /* counts itself */
    const uint8_t *content = hv_read_bytes(&walk->in, len);
    if (!content) {
        return false;
    }
    const struct hv_reader segment = hv_reader_of(content, len);
    struct hv_jpeg_frame *frame = &walk->script->frame;
    switch (marker) {
    case HV_JPEG_FRAME:
        return frame->count == 0 && hv_jpeg_read_frame(segment, frame);
    case HV_JPEG_CODES:
        return hv_jpeg_read_codes(segment, &walk->codes);
    case HV_JPEG_RESTART_INTERVAL:
        return take_restart_interval(walk, segment);
    case HV_JPEG_SCAN:
        return take_scan(walk, segment);
    case HV_JPEG_QUANTISATION:
        return walk->scans == 0;
    default:
        return marker == HV_JPEG_COMMENT ||
               (marker >= HV_JPEG_APPLICATION_FIRST && marker <= HV_JPEG_APPLICATION_LAST);
    }
}

static bool is_all_sent(const struct walk *walk)
{
    const unsigned count = walk->script->frame.count;
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < COEFFICIENTS; k++) {
            if (walk->low_bits[i][k] != 0) {
                return false;
            }
        }
    }
    return count > 0;
}

bool hv_jpeg_read_script(const uint8_t *bytes, size_t len, uint32_t max_scans,
                         struct hv_jpeg_script *out)
{
    struct walk walk = {.in = hv_reader_of(bytes, len), .script = out, .max_scans = max_scans};
    *out = (struct hv_jpeg_script){0};
    memset(walk.low_bits, NOT_SENT, sizeof walk.low_bits);
    if (hv_jpeg_read_marker(&walk.in) != HV_JPEG_START) {
        return false;
    }
    for (uint8_t marker = hv_jpeg_read_marker(&walk.in); marker != HV_JPEG_END;
         marker = hv_jpeg_read_marker(&walk.in)) {
        if (!take_segment(&walk, marker)) {
            return false;
        }
    }
    return is_all_sent(&walk);
}
