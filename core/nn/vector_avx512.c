#define VECTOR_NAME "avx512"
#define VECTOR_TABLE vector_avx512
#define VECTOR_WIDTH 16
#define VECTOR_EXP Sleef_expf16_u10avx512f
#define VECTOR_ERF Sleef_erff16_u10avx512f
#include "core/nn/vector_kernels.h"
