/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_means.h"

#include "base/memory.h"
#include "image/jpeg_planes.h"

#include <stdlib.h>

/* T.81, A.3.3: a mean counts an eighth. Over half a block the other three waves have the means
 * 0.90613, once or squared, of that. */
enum { FRACTION_BITS = 10, HALF_WAVE = 928, HALF_WAVE_BOTH = 841 };

/* Whether so little of the other waves is sent later that it changes no hash. */
static bool are_fine(const struct hv_jpeg_scan *slopes, unsigned count)
{
    enum { LOW_BIT_MAX = 2 }; /* as encoders have it */
    for (unsigned i = 0; i < count; i++) {
        if (slopes[i].low_bit > LOW_BIT_MAX) {
            return false;
        }
    }
    return true;
}

/* Viewers differ in what they make of numbers that their transforms cannot hold. */
static bool fits_transforms(const struct hv_jpeg_planes *planes,
                            const uint16_t steps[HV_JPEG_PLANES])
{
    for (unsigned i = 0; i < HV_JPEG_PLANES && planes->values[i]; i++) {
        for (size_t k = 0; k < (size_t)planes->width * planes->height; k++) {
            const int32_t value = planes->values[i][k] * (int32_t)steps[i];
            if (value != (int16_t)value) {
                return false;
            }
        }
    }
    return true;
}

static uint8_t sample_of(int32_t coefficient)
{
    enum { SCALE = 8 << FRACTION_BITS, MIDDLE = 128, WHITE = 255 };
    const int32_t sample = (coefficient + SCALE / 2 + MIDDLE * SCALE) >> (FRACTION_BITS + 3);
    return (uint8_t)(sample < 0 ? 0 : sample > WHITE ? WHITE : sample);
}

/* Fills the row of quarters, or of whole blocks, at y. */
static void fill_row(const struct hv_jpeg_planes *planes, const uint16_t steps[HV_JPEG_PLANES],
                     uint32_t y, uint8_t *out, uint32_t width)
{
    if (!planes->values[1]) {
        for (uint32_t x = 0; x < width; x++) {
            const int32_t mean = planes->values[0][(size_t)y * planes->width + x];
            out[x] = sample_of(mean * steps[0] * (1 << FRACTION_BITS));
        }
        return;
    }
    const int32_t down = y % 2 == 0 ? 1 : -1;
    for (uint32_t x = 0; x < width; x++) {
        const size_t block = (size_t)(y / 2) * planes->width + x / 2;
        const int32_t right = x % 2 == 0 ? 1 : -1;
        const int32_t mean = planes->values[0][block] * steps[0] * (1 << FRACTION_BITS);
        const int32_t along_x = planes->values[1][block] * steps[1] * HALF_WAVE;
        const int32_t along_y = planes->values[2][block] * steps[2] * HALF_WAVE;
        const int32_t along_both = planes->values[3][block] * steps[3] * HALF_WAVE_BOTH;
        out[x] = sample_of(mean + right * along_x + down * along_y + right * down * along_both);
    }
}

static hashveil_status pass_on(const struct hv_jpeg_planes *planes,
                               const struct hv_row_shape *shape,
                               const uint16_t steps[HV_JPEG_PLANES], const struct hv_row_sink *sink)
{
    const uint32_t width = hv_blocks_along(shape->width_px, shape->block_px);
    const uint32_t height = hv_blocks_along(shape->height_px, shape->block_px);
    uint8_t *row = hv_alloc_array(width, 1);
    if (!row) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = sink->begin(sink->context, shape);
    for (uint32_t y = 0; status == HASHVEIL_OK && y < height; y++) {
        fill_row(planes, steps, y, row, width);
        status = sink->row(sink->context, row);
    }
    free(row);
    return status;
}

hashveil_status hv_jpeg_pass_means_on(struct hv_reader file, const struct hv_row_shape *shape,
                                      const uint16_t *table, uint32_t max_scans,
                                      const struct hv_row_sink *sink)
{
    const uint16_t steps[HV_JPEG_PLANES] = {table[0], table[1], table[HV_JPEG_BLOCK_PX],
                                            table[HV_JPEG_BLOCK_PX + 1]};
    const unsigned count = shape->block_px == HV_JPEG_BLOCK_PX ? 1 : HV_JPEG_PLANES;
    struct hv_jpeg_planes planes = {0};
    struct hv_jpeg_script script;
    if (!hv_jpeg_read_script(file.next, file.left, max_scans, &script) ||
        script.frame.width_px != shape->width_px || script.frame.height_px != shape->height_px ||
        (count > 1 && !are_fine(script.slopes, script.slopes_count))) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    hashveil_status status = hv_jpeg_planes_read(&script, count, &planes);
    if (status == HASHVEIL_OK && fits_transforms(&planes, steps)) {
        status = pass_on(&planes, shape, steps, sink);
    } else if (status != HASHVEIL_ERR_NO_MEMORY) {
        status = HASHVEIL_ERR_UNSUPPORTED;
    }
    hv_jpeg_planes_clear(&planes);
    return status;
}
