/* SPDX-License-Identifier: Apache-2.0 */
/* A mirrored signal has the same DCT but for the sign of its odd frequencies; index i stands for
 * frequency i + 1, so those have even indices. Mirroring at a diagonal transposes. */
#include "pdq/transform.h"

/* How each form changes the coefficients: signs first, then transposition. */
static const struct {
    bool negates_rows;    /* of odd row frequency: top and bottom change places */
    bool negates_columns; /* of odd column frequency: left and right change places */
    bool transposes;
} forms[HASHVEIL_PDQ_DIHEDRAL] = {
    [HASHVEIL_DIHEDRAL_ORIGINAL] = {false, false, false},
    [HASHVEIL_DIHEDRAL_ROTATE_90] = {false, true, true},
    [HASHVEIL_DIHEDRAL_ROTATE_180] = {true, true, false},
    [HASHVEIL_DIHEDRAL_ROTATE_270] = {true, false, true},
    [HASHVEIL_DIHEDRAL_FLIP_X] = {true, false, false},
    [HASHVEIL_DIHEDRAL_FLIP_Y] = {false, true, false},
    [HASHVEIL_DIHEDRAL_FLIP_PLUS_1] = {false, false, true},
    [HASHVEIL_DIHEDRAL_FLIP_MINUS_1] = {true, true, true},
};

void hv_transform_turn(const struct hv_transform *transform, hashveil_dihedral form,
                       struct hv_transform *out)
{
    out->quality = transform->quality;
    for (size_t r = 0; r < HV_PDQ_FREQUENCIES; r++) {
        for (size_t c = 0; c < HV_PDQ_FREQUENCIES; c++) {
            const float value = transform->coefficients[HV_PDQ_FREQUENCIES * r + c];
            const bool is_negated = (forms[form].negates_rows && r % 2 == 0) !=
                                    (forms[form].negates_columns && c % 2 == 0);
            const size_t at =
                forms[form].transposes ? HV_PDQ_FREQUENCIES * c + r : HV_PDQ_FREQUENCIES * r + c;
            out->coefficients[at] = is_negated ? -value : value;
        }
    }
}

void hashveil_pdq_turn(const hashveil_fingerprint *fingerprint, hashveil_dihedral form,
                       hashveil_fingerprint *out)
{
    struct hv_transform original = {.quality = fingerprint->quality};
    struct hv_transform turned;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        original.coefficients[i] = fingerprint->margin[i] + fingerprint->median;
    }
    hv_transform_turn(&original, form, &turned);
    hv_fingerprint_of(hv_kernels_best(), &turned, out);
}
