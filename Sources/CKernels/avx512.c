#include "vectors.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Bit for bit what the plain path gives; 512-bit registers, four byte products and their sum in one instruction.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#define PATH_NAME "AVX-512 VNNI"
#define NAME(x) avx512_##x
#define DOT(acc, w, x) ((i32v)_mm512_dpbusd_epi32((__m512i)(acc), (__m512i)(w), _mm512_set1_epi32(x)))
#define DOT_RAISED DOT
#define RAISED_START(offset) spread_i(offset)
#define FROM_HALF(p) ((f32v)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(p))))
#define TO_HALF(v, p) \
  _mm256_storeu_si256((__m256i *)(p), _mm512_cvtps_ph((__m512)(v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))
#define TILE 8
#include "kernels.inc"

#pragma clang attribute pop

const ck_kernels *ck_avx512_kernels(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
                 && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")
             ? &avx512_kernels
             : 0;
}
#else
const ck_kernels *ck_avx512_kernels(void) { return 0; }
#endif
