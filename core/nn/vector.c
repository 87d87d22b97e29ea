#include "core/nn/vector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

extern const struct vector_ops vector_base, vector_avx2, vector_avx512;

static const struct vector_ops *available[4], *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void) {
    size_t n = 0;
#ifdef HAVE_AVX512
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        available[n++] = &vector_avx512;
#endif
#ifdef HAVE_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        available[n++] = &vector_avx2;
#endif
    available[n] = &vector_base;
    chosen = available[0];
    const char *wish = getenv("GPTUI_VECTOR");
    for (size_t i = 0; wish && i <= n; i++)
        if (strcmp(available[i]->name, wish) == 0)
            chosen = available[i];
}

const struct vector_ops *vector_ops(void) {
    pthread_once(&once, choose);
    return chosen;
}

const struct vector_ops *const *vector_all(void) {
    pthread_once(&once, choose);
    return available;
}
