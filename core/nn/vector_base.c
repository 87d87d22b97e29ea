#define VECTOR_NAME "base"
#define VECTOR_TABLE vector_base
#define VECTOR_WIDTH 4
#include "core/nn/vector_kernels.h"
