/* SPDX-License-Identifier: Apache-2.0 */
/* What a build with a sanitizer needs of the sandbox beside what decoding needs: room for its
 * shadow memory, a way to tell, and no search for leaks by a process of its own. Elsewhere nothing.
 */
#ifndef HV_SANDBOX_ENVIRONMENT_H
#define HV_SANDBOX_ENVIRONMENT_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HV_SANDBOX_IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HV_SANDBOX_IS_SANITIZED 1
#endif
#ifndef HV_SANDBOX_IS_SANITIZED
#define HV_SANDBOX_IS_SANITIZED 0
#endif

/* The environment of a decoder process. */
extern char *const hv_sandbox_environment[];

#endif
