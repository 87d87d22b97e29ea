#define VECTOR_NAME "avx512"
#define VECTOR_TABLE vector_avx512
#define VECTOR_WIDTH 16
#include "core/nn/vector_kernels.h"
