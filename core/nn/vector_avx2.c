#define VECTOR_NAME "avx2"
#define VECTOR_TABLE vector_avx2
#define VECTOR_WIDTH 8
#include "core/nn/vector_kernels.h"
