#ifndef WORKBENCH_CKERNELS_LAYOUT_H
#define WORKBENCH_CKERNELS_LAYOUT_H
#include "CKernels.h"
#include <string.h>

// A panel is sixteen rows, lane by lane. With `n = k / 32`, `s = k / 256`, each part `[…, 16 rows]`, parts in this order:
//
//   F32, F16, BF16   w [k]
//   Q8_0             q [n, 8] × 4 bytes, each value + 128 │ d [n] f16
//   Q4_0             q [n, 4] × 4 bytes                   │ d [n] f16
//   Q4_1             q [n, 4] × 4 bytes                   │ (d, m) [n] f16
//   Q4_K             q [n, 4] × 4 bytes                   │ (scale, least) [n] u8 │ (d, dmin) [s] f16
//   Q6_K             q [n, 4] × 4 bytes, upper bits [n, 2] × 4 bytes │ scale [n, 2] i8 │ d [s] f16
//
// Four bytes of a row are four consecutive elements: the unit of an eight-bit dot product. Of four-bit values, byte `i` of
// 16 has element `i` of the block in its low half and `i + 16` in its high half. Byte `i` of the upper bits (two times 16)
// has elements `i`, `i + 4`, `i + 8`, `i + 12` of its sixteen for each group of four bytes: see `ck_pack`.

typedef struct {
  size_t elements;      // of a block
  size_t bytes;         // of a block in the file
  size_t panel_bytes;   // of sixteen blocks in a panel
  size_t quant_bytes;   // of 32 elements × 16 rows: four-bit halves or bytes
} ck_layout;

static inline ck_layout ck_layout_of(int type) {
  switch (type) {
  case CK_F32: return (ck_layout){1, 4, 64, 0};
  case CK_F16:
  case CK_BF16: return (ck_layout){1, 2, 32, 0};
  case CK_Q4_0: return (ck_layout){32, 18, 288, 256};
  case CK_Q4_1: return (ck_layout){32, 20, 320, 256};
  case CK_Q8_0: return (ck_layout){32, 34, 544, 512};
  case CK_Q4_K: return (ck_layout){256, 144, 8 * 288 + 64, 256};
  case CK_Q6_K: return (ck_layout){256, 210, 8 * (384 + 32) + 32, 256};
  default: return (ck_layout){0, 0, 0, 0};
  }
}

static inline uint16_t ck_half_at(const uint8_t *p) {
  uint16_t h;
  memcpy(&h, p, 2);
  return h;
}

const ck_kernels *ck_plain_kernels(void);
const ck_kernels *ck_avx2_kernels(void);
const ck_kernels *ck_avx512_kernels(void);
const ck_kernels *ck_neon_kernels(void);

#endif
