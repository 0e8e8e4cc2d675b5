/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"

#if defined(__x86_64__)

/* The compiler's library asks the processor (cpuid) and the system (xgetbv), once before main. */
unsigned hv_cpu_features(void)
{
    unsigned features = 0;
    if (__builtin_cpu_supports("avx2")) {
        features |= HV_CPU_AVX2;
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        features |= HV_CPU_AVX512;
    }
    if (__builtin_cpu_supports("popcnt")) {
        features |= HV_CPU_POPCNT;
    }
    if (__builtin_cpu_supports("avx512vpopcntdq")) {
        features |= HV_CPU_VPOPCNTDQ;
    }
    return features;
}

#elif defined(__aarch64__)

/* Part of the architecture. */
unsigned hv_cpu_features(void)
{
    return HV_CPU_NEON;
}

#else

unsigned hv_cpu_features(void)
{
    return 0;
}

#endif
