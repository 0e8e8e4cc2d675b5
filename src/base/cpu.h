/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor at hand can do beyond what every one of its family can. */
#ifndef HV_BASE_CPU_H
#define HV_BASE_CPU_H

/* Bits of a set. */
enum hv_cpu_feature {
    HV_CPU_AVX2 = 1 << 0,
    HV_CPU_AVX512 = 1 << 1, /* F, BW, DQ and VL, as every server has had since the first */
    HV_CPU_NEON = 1 << 2,
    HV_CPU_POPCNT = 1 << 3,
    HV_CPU_VPOPCNTDQ = 1 << 4 /* counts the bits of eight words of 64 at once */
};

/* Returns what both the processor and the system allow: wide registers are of no use where the
 * system does not save them. Threads: safe. */
unsigned hv_cpu_features(void);

#endif
