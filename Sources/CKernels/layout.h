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

// Keys and values of one head of a layer in one block, in every format but half precision. With `w = min(16, tokens)`,
// `n` codes to a byte and `g` groups of channels, parts in this order:
//
//   keys           codes [tokens / w, d / n, w]; byte i has channels n·i, n·i + 1, … from its low bits on
//   values         codes [tokens, row]; of each sixteen bytes, byte j has channels j, j + 16, …
//   keys' scales   int8: f16 [tokens] │ int4: f16 [tokens / w, g, (step, least), w] │ bfp8: u8 [tokens / w, g, w]
//                  kivi2: u8 [tokens / 16, (step, least), d]
//   values' scales int8: f16 [tokens] │ int4, kivi2: f16 [tokens, g, (step, least)] │ bfp8: u8 [tokens, g]
//
// Of the sparse format both are rows of a token: u64 [⌈d / 64⌉], whose bit i is set where channel i was kept, and those
// that were, f16, in the order of channels and up to whole eights.
typedef struct {
  size_t lanes;         // w
  size_t row;           // bytes of a token's values
  size_t row_scales;    // and of their scales
  size_t values;        // bytes from the head's first to each part
  size_t key_scales;
  size_t value_scales;
  size_t bytes;
} ck_head;

static inline size_t ck_sparse_row(size_t kept, size_t d) { return (d + 63) / 64 * 8 + (kept + 7) / 8 * 16; }

// `kept` is that of the sparse format, 0 in others.
static inline ck_head ck_head_of(int format, size_t tokens, size_t d, size_t kept) {
  size_t bits = 8, groups = 0, scale = 0, keys_scale = 0;
  switch (format) {
  case CK_KV_INT8: scale = keys_scale = 2; break;
  case CK_KV_BFP8: groups = (d + 31) / 32, scale = keys_scale = groups; break;
  case CK_KV_KIVI2: bits = 2, groups = (d + 63) / 64, scale = 4 * groups, keys_scale = d / 8; break;
  case CK_KV_INT4:
  case CK_KV_INT4_HADAMARD: bits = 4, groups = (d + 63) / 64, scale = keys_scale = 4 * groups; break;
  default: break;
  }
  ck_head head;
  head.lanes = tokens < 16 ? tokens : 16;
  if (format == CK_KV_SPARSE) {
    head.row = ck_sparse_row(kept, d);
    head.row_scales = 0;
    head.values = tokens * head.row;
    head.key_scales = head.value_scales = head.bytes = 2 * head.values;
    return head;
  }
  head.row = (d * bits / 8 + 15) / 16 * 16;
  head.row_scales = scale;
  head.values = tokens * d * bits / 8;
  head.key_scales = head.values + tokens * head.row;
  head.value_scales = head.key_scales + tokens * keys_scale;
  head.bytes = head.value_scales + tokens * scale;
  return head;
}

const ck_kernels *ck_plain_kernels(void);
const ck_kernels *ck_avx2_kernels(void);
const ck_kernels *ck_avx512_kernels(void);
const ck_kernels *ck_neon_kernels(void);

#endif
