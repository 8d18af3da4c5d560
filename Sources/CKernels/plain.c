#include "vectors.h"

#pragma clang diagnostic ignored "-Wpsabi"

static inline __attribute__((always_inline)) i32v plain_dot(i32v acc, u8v w, int32_t x) {
  i32v words = (i32v)w;
  for (int i = 0; i < 4; i++) acc += (words >> (8 * i) & 255) * (int32_t)(int8_t)(x >> (8 * i));
  return acc;
}

// Exponent and fraction, moved to their places in binary32, are the number divided by 2¹¹²; the product is exact.
static inline __attribute__((always_inline)) f32v plain_halves(const void *p) {
  u16x16 h;
  memcpy(&h, p, 32);
  u32v bits = __builtin_convertvector(h, u32v);
  u32v magnitude = (bits & 0x7fff) << 13;
  f32v finite = (f32v)magnitude * 0x1p112f;
  u32v above = (u32v)(magnitude >= 0x0f800000);
  u32v value = (above & (magnitude | 0x7f800000)) | (~above & (u32v)finite);
  return (f32v)(value | (bits & 0x8000) << 16);
}

// Ties to even. Adding half of 2^(e + 13) in floating point rounds the fraction to the eleven bits that remain, also below
// the normal range, where the sum is taken with 2⁻¹⁴ · 2 (so that bits below 2⁻²⁴ fall off).
static inline __attribute__((always_inline)) void plain_put_halves(f32v v, void *p) {
  uint16_t half[16];
  for (int i = 0; i < 16; i++) {
    float x = v[i];
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) half[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) half[i] = sign | 0x7c00;
    else if (magnitude < 0x38800000) {
      float f;
      memcpy(&f, &magnitude, 4);
      f += 0.5f;  // the last bit of 0.5 is 2⁻²⁴, the last bit of a subnormal half
      memcpy(&magnitude, &f, 4);
      half[i] = sign | (magnitude - 0x3f000000);
    } else half[i] = sign | (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13;
  }
  memcpy(p, half, 32);
}

#define PATH_NAME "plain"
#define NAME(x) plain_##x
#define DOT plain_dot
#define DOT_RAISED(acc, w, x) plain_dot(acc, w, x)
#define RAISED_START(offset) spread_i(offset)
#define FROM_HALF(p) plain_halves(p)
#define TO_HALF(v, p) plain_put_halves(v, p)
#define TILE 2
#include "kernels.inc"

const ck_kernels *ck_plain_kernels(void) { return &plain_kernels; }
