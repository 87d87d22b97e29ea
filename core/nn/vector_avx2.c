#define VECTOR_NAME "avx2"
#define VECTOR_TABLE vector_avx2
#define VECTOR_WIDTH 8
#define VECTOR_EXP Sleef_expf8_u10avx2
#define VECTOR_ERF Sleef_erff8_u10avx2
#include "core/nn/vector_kernels.h"
