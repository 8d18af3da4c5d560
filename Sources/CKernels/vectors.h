#ifndef WORKBENCH_CKERNELS_VECTORS_H
#define WORKBENCH_CKERNELS_VECTORS_H
#include "layout.h"

// Vectors of sixteen lanes; a path with narrower registers uses several.
typedef float f32v __attribute__((vector_size(64)));
typedef int32_t i32v __attribute__((vector_size(64)));
typedef uint32_t u32v __attribute__((vector_size(64)));
typedef uint8_t u8v __attribute__((vector_size(64)));
typedef long long i64v __attribute__((vector_size(64)));
typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));

#endif
