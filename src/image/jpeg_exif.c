/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_exif.h"

#include "image/jpeg_segments.h"

/* Segments stand one after the other until the first scan. */
struct hv_reader hv_jpeg_find_exif(const uint8_t *bytes, size_t len)
{
    static const uint8_t name[6] = "Exif\0";
    struct hv_reader in = hv_reader_of(bytes, len);
    hv_read_bytes(&in, 2); /* start of image */
    for (;;) {
        const uint8_t marker = hv_jpeg_read_marker(&in);
        if (marker == 0 || marker == HV_JPEG_SCAN || marker == HV_JPEG_END) {
            break;
        }
        const size_t segment_len = (size_t)hv_read_be(&in, 2) - 2; /* counts itself */
        const uint8_t *segment = hv_read_bytes(&in, segment_len);
        if (segment && marker == HV_JPEG_APPLICATION_1 && segment_len >= sizeof name &&
            memcmp(segment, name, sizeof name) == 0) {
            return hv_reader_of(segment + sizeof name, segment_len - sizeof name);
        }
    }
    return (struct hv_reader){0};
}
