// Loops that are compiled once for every machine and once for those with wide vectors.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Integers only, so that both give the same numbers.
#define HEADWAY_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define HEADWAY_WIDE
#endif

#if defined(__GNUC__)
#define HEADWAY_INLINE inline __attribute__((always_inline))
#else
#define HEADWAY_INLINE inline
#endif
