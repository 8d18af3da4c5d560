#include "vectors.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma clang diagnostic ignored "-Wpsabi"

typedef union {
  i32v all;
  u8v bytes;
  f32v floats;
  int32x4_t part[4];
  int8x16_t byte[4];
  float32x4_t number[4];
} neon_four;

static inline __attribute__((always_inline)) int32x4_t neon_dot4(int32x4_t acc, int8x16_t w, int8x16_t x) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(acc, w, x);
#else
  int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(x)), high = vmull_s8(vget_high_s8(w), vget_high_s8(x));
  return vaddq_s32(acc, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
#endif
}

static inline __attribute__((always_inline)) i32v neon_dot(i32v acc, u8v w, int32_t x, uint8_t raised) {
  neon_four a = {.all = acc}, b = {.bytes = w};
  int8x16_t four = vreinterpretq_s8_s32(vdupq_n_s32(x)), mask = vreinterpretq_s8_u8(vdupq_n_u8(raised));
  for (int i = 0; i < 4; i++) a.part[i] = neon_dot4(a.part[i], veorq_s8(b.byte[i], mask), four);
  return a.all;
}

static inline __attribute__((always_inline)) f32v neon_halves(const void *p) {
  neon_four a;
  for (int i = 0; i < 4; i++)
    a.number[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *)p + i * 4)));
  return a.floats;
}

static inline __attribute__((always_inline)) void neon_put_halves(f32v v, void *p) {
  neon_four a = {.floats = v};
  for (int i = 0; i < 4; i++) vst1_u16((uint16_t *)p + i * 4, vreinterpret_u16_f16(vcvt_f16_f32(a.number[i])));
}

#define PATH_NAME "NEON"
#define NAME(x) neon_##x
#define DOT(acc, w, x) neon_dot(acc, w, x, 0)
#define DOT_RAISED(acc, w, x) neon_dot(acc, w, x, 0x80)
#define RAISED_START(offset) spread_i(0)
#define FROM_HALF(p) neon_halves(p)
#define TO_HALF(v, p) neon_put_halves(v, p)
#define TILE 4
#include "kernels.inc"

const ck_kernels *ck_neon_kernels(void) { return &neon_kernels; }
#else
const ck_kernels *ck_neon_kernels(void) { return 0; }
#endif
