#define VECTOR_NAME "base"
#define VECTOR_TABLE vector_base
#define VECTOR_WIDTH 4
#define VECTOR_EXP Sleef_expf4_u10
#define VECTOR_ERF Sleef_erff4_u10
#include "core/nn/vector_kernels.h"
