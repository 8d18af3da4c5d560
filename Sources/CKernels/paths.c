#include "layout.h"

const ck_kernels *ck_path(int path) {
  switch (path) {
  case CK_PLAIN: return ck_plain_kernels();
  case CK_AVX2: return ck_avx2_kernels();
  case CK_AVX512: return ck_avx512_kernels();
  case CK_NEON: return ck_neon_kernels();
  default: return 0;
  }
}

const ck_kernels *ck_best(void) {
  const int order[] = {CK_AVX512, CK_AVX2, CK_NEON};
  for (int i = 0; i < 3; i++) {
    const ck_kernels *kernels = ck_path(order[i]);
    if (kernels) return kernels;
  }
  return ck_plain_kernels();
}

size_t ck_attend_state(const ck_cache *cache) { return cache->heads * (size_t)CK_STATE(cache->head_width); }

size_t ck_attend_scratch(const ck_cache *cache) {
  size_t d = cache->head_width, rows = (size_t)(cache->heads / cache->kv_heads) * CK_QUERIES;
  return 2 * CK_KEYS * (d + 1) + 4 * CK_KEYS + rows * (16 + 2 * d + 1) + 16;
}

size_t ck_head_bytes(const ck_cache *cache) {
  size_t tokens = cache->tokens_per_block, d = cache->head_width;
  return cache->format == CK_KV_F16 ? 4 * tokens * d : ck_head_of(cache->format, tokens, d, cache->kept).bytes;
}

size_t ck_read_scratch(const ck_cache *cache) { return 32 * cache->head_width + 32; }
