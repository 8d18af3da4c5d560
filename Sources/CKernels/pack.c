#include "layout.h"

size_t ck_row_bytes(int type, size_t k) {
  ck_layout layout = ck_layout_of(type);
  return layout.elements && k % layout.elements == 0 ? k / layout.elements * layout.bytes : 0;
}

size_t ck_panel_bytes(int type, size_t k) {
  ck_layout layout = ck_layout_of(type);
  return layout.elements && k % layout.elements == 0 ? k / layout.elements * layout.panel_bytes : 0;
}

// `words` groups of four bytes of one row, to its lane.
static inline void scatter(uint8_t *target, const uint8_t *source, size_t words, size_t lane) {
  for (size_t j = 0; j < words; j++) memcpy(target + j * 64 + lane * 4, source + j * 4, 4);
}

static void pack_row(int type, const uint8_t *row, size_t k, uint8_t *panel, size_t lane) {
  size_t n = k / 32;
  uint8_t *scales = panel + n * ck_layout_of(type).quant_bytes;
  switch (type) {
  case CK_F32:
    scatter(panel, row, k, lane);
    break;
  case CK_F16:
  case CK_BF16:
    for (size_t i = 0; i < k; i++) memcpy(panel + i * 32 + lane * 2, row + i * 2, 2);
    break;
  case CK_Q4_0:
    for (size_t b = 0; b < n; b++, row += 18) {
      memcpy(scales + b * 32 + lane * 2, row, 2);
      scatter(panel + b * 256, row + 2, 4, lane);
    }
    break;
  case CK_Q4_1:
    for (size_t b = 0; b < n; b++, row += 20) {
      memcpy(scales + b * 64 + lane * 2, row, 2);
      memcpy(scales + b * 64 + 32 + lane * 2, row + 2, 2);
      scatter(panel + b * 256, row + 4, 4, lane);
    }
    break;
  case CK_Q8_0:
    for (size_t b = 0; b < n; b++, row += 34) {
      uint8_t raised[32];
      memcpy(scales + b * 32 + lane * 2, row, 2);
      for (int i = 0; i < 32; i++) raised[i] = row[2 + i] ^ 0x80;
      scatter(panel + b * 512, raised, 8, lane);
    }
    break;
  case CK_Q4_K: {
    uint8_t *factors = scales + n * 32;
    for (size_t s = 0; s < k / 256; s++, row += 144) {
      const uint8_t *packed = row + 4;
      memcpy(factors + s * 64 + lane * 2, row, 2);
      memcpy(factors + s * 64 + 32 + lane * 2, row + 2, 2);
      for (size_t g = 0; g < 8; g++) {
        uint8_t nibbles[16];
        size_t b = s * 8 + g;
        const uint8_t *q = row + 16 + g / 2 * 32;
        int shift = g % 2 * 4;
        for (int i = 0; i < 16; i++) nibbles[i] = (q[i] >> shift & 15) | (q[i + 16] >> shift & 15) << 4;
        scatter(panel + b * 256, nibbles, 4, lane);
        scales[b * 32 + lane] = g < 4 ? packed[g] & 63 : (packed[g + 4] & 15) | (packed[g - 4] >> 2 & 48);
        scales[b * 32 + 16 + lane] = g < 4 ? packed[g + 4] & 63 : packed[g + 4] >> 4 | (packed[g] >> 2 & 48);
      }
    }
    break;
  }
  case CK_Q6_K: {
    // After the low halves come the upper bits, 128 bytes for each 32 elements, then scales and factors.
    uint8_t *upper = scales, *groups = upper + n * 128, *factors = groups + n * 32;
    for (size_t s = 0; s < k / 256; s++, row += 210) {
      memcpy(factors + s * 32 + lane * 2, row + 208, 2);
      for (size_t g = 0; g < 8; g++) {
        uint8_t value[32], nibbles[16], high[8];
        size_t b = s * 8 + g;
        for (size_t i = 0; i < 32; i++) {
          size_t e = g * 32 + i, half = e / 128, within = e % 128;
          uint8_t low = row[half * 64 + within % 64] >> (within / 64 * 4) & 15;
          value[i] = low | (row[128 + half * 32 + within % 32] >> (within / 32 * 2) & 3) << 4;
        }
        for (int i = 0; i < 16; i++) nibbles[i] = (value[i] & 15) | (value[i + 16] & 15) << 4;
        for (int i = 0; i < 8; i++) {
          // Byte i % 4 of the four bytes that serve the sixteen i / 4: two bits each for four groups of four.
          const uint8_t *v = value + i / 4 * 16 + i % 4;
          high[i] = v[0] >> 4 | v[4] >> 4 << 2 | v[8] >> 4 << 4 | v[12] >> 4 << 6;
        }
        scatter(panel + b * 256, nibbles, 4, lane);
        scatter(upper + b * 128, high, 2, lane);
        groups[b * 32 + lane] = row[192 + g * 2];
        groups[b * 32 + 16 + lane] = row[192 + g * 2 + 1];
      }
    }
    break;
  }
  }
}

void ck_pack(int type, const void *source, size_t rows, size_t k, void *panels) {
  size_t row_bytes = ck_row_bytes(type, k), panel_bytes = ck_panel_bytes(type, k);
  uint8_t *panel = panels;
  if (row_bytes == 0) return;
  for (size_t first = 0; first < rows; first += CK_LANES, panel += panel_bytes) {
    if (rows - first < CK_LANES) memset(panel, 0, panel_bytes);
    for (size_t lane = 0; lane < CK_LANES && first + lane < rows; lane++)
      pack_row(type, (const uint8_t *)source + (first + lane) * row_bytes, k, panel, lane);
  }
}
