/* SPDX-License-Identifier: Apache-2.0 */
/* What hash-sharing XML, version 2, calls its elements. */
#ifndef HV_HASHDB_LISTS_HASH_SHARING_H
#define HV_HASHDB_LISTS_HASH_SHARING_H

#include "hashdb/lists/list_format.h"

#define HV_SHARING_NAMESPACE "https://hashsharing.ncmec.org/hashsharing/v2"
#define HV_SHARING_ROOT "queryResult"
#define HV_SHARING_IMAGE "image"
#define HV_SHARING_DELETED_IMAGE "deletedImage"
#define HV_SHARING_FINGERPRINTS "fingerprints"
#define HV_SHARING_QUALITY "quality" /* an attribute of ours; without it, the greatest */
#define HV_SHARING_SCHEME "INDUSTRY" /* of its classes, A1 to B2 */

enum hv_sharing_field {
    HV_SHARING_MEMBER,
    HV_SHARING_ID,
    HV_SHARING_CLASS,
    HV_SHARING_TIME,
    HV_SHARING_FIELDS
};

extern const char *const hv_sharing_fields[HV_SHARING_FIELDS];

/* As hv_list_format's write. */
HASHVEIL_MUST_USE hashveil_status hv_hash_sharing_write(FILE *out,
                                                        const struct hv_list_supply *supply,
                                                        uint64_t *left_out);

#endif
