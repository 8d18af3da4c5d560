#include "vectors.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define INLINE2 static inline __attribute__((always_inline))

typedef union {
  i32v all;
  u8v bytes;
  f32v floats;
  __m256i half[2];
  __m256 part[2];
} avx2_pair;

// Products of two bytes are added in sixteen bits: 2 · 127 · 127 fits.
INLINE2 i32v avx2_dot(i32v acc, u8v w, int32_t x) {
  avx2_pair a = {.all = acc}, b = {.bytes = w};
  __m256i four = _mm256_set1_epi32(x), ones = _mm256_set1_epi16(1);
  for (int i = 0; i < 2; i++)
    a.half[i] = _mm256_add_epi32(a.half[i], _mm256_madd_epi16(_mm256_maddubs_epi16(b.half[i], four), ones));
  return a.all;
}

// |w| · (x with the sign of w): 2 · 128 · 127 fits sixteen bits.
INLINE2 i32v avx2_dot_raised(i32v acc, u8v w, int32_t x) {
  avx2_pair a = {.all = acc}, b = {.bytes = w};
  __m256i four = _mm256_set1_epi32(x), ones = _mm256_set1_epi16(1), raised = _mm256_set1_epi8((char)0x80);
  for (int i = 0; i < 2; i++) {
    __m256i lowered = _mm256_xor_si256(b.half[i], raised);
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(lowered), _mm256_sign_epi8(four, lowered));
    a.half[i] = _mm256_add_epi32(a.half[i], _mm256_madd_epi16(pairs, ones));
  }
  return a.all;
}

INLINE2 f32v avx2_halves(const void *p) {
  avx2_pair a;
  for (int i = 0; i < 2; i++) a.part[i] = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p + i));
  return a.floats;
}

INLINE2 void avx2_put_halves(f32v v, void *p) {
  avx2_pair a = {.floats = v};
  for (int i = 0; i < 2; i++)
    _mm_storeu_si128((__m128i *)p + i, _mm256_cvtps_ph(a.part[i], _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

#define PATH_NAME "AVX2"
#define NAME(x) avx2_##x
#define DOT avx2_dot
#define DOT_RAISED avx2_dot_raised
#define RAISED_START(offset) spread_i(0)
#define FROM_HALF(p) avx2_halves(p)
#define TO_HALF(v, p) avx2_put_halves(v, p)
#define TILE 2
#include "kernels.inc"

#pragma clang attribute pop

const ck_kernels *ck_avx2_kernels(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") ? &avx2_kernels : 0;
}
#else
const ck_kernels *ck_avx2_kernels(void) { return 0; }
#endif
