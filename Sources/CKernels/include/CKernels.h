#ifndef WORKBENCH_CKERNELS_H
#define WORKBENCH_CKERNELS_H
#include <stddef.h>
#include <stdint.h>

// The arithmetic of a transformer on the machine's cores.
//
// Every path (plain C, AVX2, AVX-512, NEON) is one text over vectors of sixteen lanes; only the integer dot product, the
// half-precision conversion and the width of a register differ. A lane of a product is a row, a lane of a score is a key:
// no sum is ever taken across lanes in a product, so all paths give the same bits, for one column or many, on any number
// of threads. Fused multiply-adds are written out (the target is compiled without contraction).

#ifdef __cplusplus
extern "C" {
#endif

// ---- Weights -------------------------------------------------------------------------------------------------------

/// Types of weights, numbered as in a GGUF file.
enum {
  CK_F32 = 0,
  CK_F16 = 1,
  CK_Q4_0 = 2,
  CK_Q4_1 = 3,
  CK_Q8_0 = 8,
  CK_Q4_K = 12,
  CK_Q6_K = 14,
  CK_BF16 = 30,
};

/// Rows of a panel, and lanes of a vector.
#define CK_LANES 16
/// Columns of a tile of activations.
#define CK_COLUMNS 8
/// Elements of a row that share a scale in quantised activations.
#define CK_BLOCK 32

/// Bytes of a row of `k` elements as the file has it; 0 when the type is unknown or `k` is not whole blocks.
size_t ck_row_bytes(int type, size_t k);

/// Bytes of a panel: sixteen rows of `k` elements, lane by lane. 0 as above. A multiple of 32.
size_t ck_panel_bytes(int type, size_t k);

/// Packs rows as the file has them (`[rows, ck_row_bytes]`) into panels (`[⌈rows / 16⌉, ck_panel_bytes]`). Missing rows of
/// the last panel become zeros. `panels` is aligned to 64 bytes where the panel's bytes are; nothing is assumed of `source`.
void ck_pack(int type, const void *source, size_t rows, size_t k, void *panels);

// ---- Activations ---------------------------------------------------------------------------------------------------

/// Block `b` of eight columns of activations, rounded to eight bits: `x ≈ scale · q`.
typedef struct {
  int8_t q[CK_COLUMNS][CK_BLOCK];
  float scale[CK_COLUMNS];
  float sum[CK_COLUMNS];       // scale · Σ q
  int32_t offset[2][CK_COLUMNS];  // −128 · Σ q, of all and of the first sixteen
} ck_block;

// ---- Attention -----------------------------------------------------------------------------------------------------

/// Keys that one online-softmax step covers, at absolute positions [64 t, 64 t + 64).
#define CK_KEYS 64
/// Queries that share one walk over the keys.
#define CK_QUERIES 16

/// How a block's keys and values are kept.
enum {
  CK_KV_F16 = 0,
  CK_KV_F8 = 1,
  CK_KV_INT8 = 2,
  CK_KV_INT4 = 3,
  CK_KV_INT4_HADAMARD = 4,
  CK_KV_KIVI2 = 5,
  CK_KV_BFP8 = 6,
  CK_KV_SPARSE = 7,
};

/// Elements of a head at most, in formats other than half precision.
#define CK_MOST_WIDTH 512

/// What one layer's keys and values look like within a block. Blocks lie anywhere.
///
/// In half precision a block's keys are `[kv_heads, tokens_per_block / w, head_width, w]` with `w = min(16, tokens_per_block)`: sixteen keys
/// are the lanes of a vector. Its values are `[kv_heads, tokens_per_block, head_width]`. In other formats each KV head has its
/// codes and scales in one piece: see layout.h.
typedef struct {
  size_t keys;            // halves from the start of a block in half precision to the layer's keys
  size_t values;          // likewise
  size_t codes;           // bytes from the start of a block in another format to the layer's first head
  const uint16_t *order;  // CK_KV_BFP8: `[kv_heads, head_width]`, the channel at each place of stored keys; null as they are
  uint32_t tokens_per_block;  // 1, 2, 4, 8, or a multiple of 16
  uint32_t heads;
  uint32_t kv_heads;
  uint32_t head_width;    // a multiple of 16
  int32_t format;
  uint32_t kept;          // CK_KV_SPARSE: elements of each vector that are stored
} ck_cache;

/// Queries of consecutive positions of one sequence.
typedef struct {
  const uint16_t *const *table;  // where the block of positions [i · tokens_per_block, …) lies
  size_t first;           // absolute position of the first query; its own key is already stored
  size_t count;           // 1 … CK_QUERIES
  const float *queries;   // [count, heads, head_width], rows `query_stride` floats apart
  size_t query_stride;
  float *output;          // [count, heads, head_width]
  float scale;            // of a score: 1 / √head_width
  const uint16_t *window; // CK_KV_KIVI2, CK_KV_SPARSE: the queries' own block in half precision, read from `window_first` on; else null
  size_t window_first;
} ck_queries;

/// Floats of the running softmax of a query head: its weighted sum `[head_width]`, its sixteen sums of weights, and in
/// sixteen more its largest score. A multiple of sixteen.
#define CK_STATE(head_width) ((head_width) + 32)

/// Queries that all see keys `[begin, end)` of one table: of any sequences that have them in common.
///
/// Taken stretch after stretch, with `begin` a multiple of CK_KEYS, they give the same bits as `attend`.
typedef struct {
  const uint16_t *const *table;
  size_t begin;                  // 0 opens the states
  size_t end;                    // a multiple of CK_KEYS, or the end of a query's context
  size_t count;                  // 1 … CK_QUERIES
  const float *const *queries;   // each `[heads, head_width]`
  float *const *states;          // each `[heads, CK_STATE(head_width)]`, aligned to 64
  float *const *outputs;         // each `[heads, head_width]`; null while keys are still to come
  float scale;
  const uint16_t *window;        // as in ck_queries
  size_t window_first;
} ck_stretch;

/// Floats of scratch that `attend` and `attend_stretch` need.
size_t ck_attend_scratch(const ck_cache *cache);
/// Floats of all states of a query.
size_t ck_attend_state(const ck_cache *cache);
/// Bytes of one KV head of a layer in a block; in half precision too.
size_t ck_head_bytes(const ck_cache *cache);
/// Floats of scratch that `read` needs.
size_t ck_read_scratch(const ck_cache *cache);

// ---- Paths ---------------------------------------------------------------------------------------------------------

enum { CK_PLAIN, CK_AVX2, CK_AVX512, CK_NEON, CK_PATHS };

/// The kernels of one path. `k` is a multiple of 32 wherever blocks are involved; nothing is assumed of alignment unless
/// said.
typedef struct {
  const char *name;

  /// Rounds `columns` columns `x` (`[columns, k]`, `stride` floats apart) to eight bits: `[⌈columns / 8⌉, k / 32]` blocks,
  /// written from tile `first_column / 8`; `first_column` is a multiple of 8. A column of zeros has scale 0.
  void (*quantise)(const float *x, size_t stride, size_t k, size_t first_column, size_t columns, ck_block *blocks);

  /// The same columns as floats, `[⌈columns / 8⌉, k, 8]`: for exact products and for float weights.
  void (*interleave)(const float *x, size_t stride, size_t k, size_t first_column, size_t columns, float *tiles);

  /// `y[c, r] = Σ w[r, i] · x[c, i]` for the rows of panels `[first, last)`, quantised weights × eight-bit activations.
  /// `rows` is the matrix's, `y` is `[columns, rows]` with columns `stride` floats apart.
  /// `scratch`: 640 bytes (Q6_K: 704) for each 32 elements of `k`, aligned to 64.
  void (*product)(
      int type, const void *panels, size_t first, size_t last, size_t rows, size_t k, const ck_block *x, size_t columns,
      float *y, size_t stride, void *scratch);

  /// The same with float activations as `interleave` leaves them, any type of weights; weights are decoded in registers.
  void (*product_exact)(
      int type, const void *panels, size_t first, size_t last, size_t rows, size_t k, const float *x, size_t columns,
      float *y, size_t stride);

  /// Row `row` of packed rows, as floats `[k]`.
  void (*decode_row)(int type, const void *panels, size_t row, size_t k, float *y);

  /// `y[i] = x[i] · w[i] / √(mean x² + epsilon)`. The sum of squares is taken in sixteen lanes, then pairwise.
  void (*rms_norm)(const float *x, const float *w, float epsilon, size_t n, float *y);
  /// In place: `x[i] = e^(x[i] − max) / Σ`. −∞ gives 0.
  void (*softmax)(float *x, size_t n);
  /// `y[i] = gate[i] / (1 + e^(−gate[i])) · up[i]`.
  void (*silu_mul)(const float *gate, const float *up, size_t n, float *y);
  /// `x[i] += y[i]`.
  void (*add)(float *x, const float *y, size_t n);
  /// Turns the first `2 · pairs` of each of `heads` vectors of `width` in place; `cosine`, `sine`: `[pairs]`, of one position.
  /// Pairs are (2i, 2i + 1), or (i, i + pairs) when `halves`.
  void (*rope)(float *x, size_t heads, size_t width, size_t pairs, const float *cosine, const float *sine, int halves);
  /// To half precision, ties to even.
  void (*to_half)(const float *x, size_t n, uint16_t *y);
  void (*from_half)(const uint16_t *x, size_t n, float *y);

  /// Keys and values (`[kv_heads, head_width]`) of one position into slot `slot` of the block at `block`; of CK_KV_KIVI2 and
  /// CK_KV_SPARSE into a block in half precision.
  void (*store)(const ck_cache *cache, uint16_t *block, uint32_t slot, const float *keys, const float *values);
  /// One KV head of a block as floats, `[tokens_per_block, head_width]` each, as attention sees them.
  void (*read)(const ck_cache *cache, const uint16_t *block, uint32_t kv_head, float *keys, float *values, float *scratch);
  /// CK_KV_KIVI2, CK_KV_SPARSE: the codes of one KV head of a full block, from the same block in half precision.
  void (*close)(const ck_cache *cache, const uint16_t *window, uint16_t *block, uint32_t kv_head);
  /// Attention of the query heads that share `kv_head`. `scratch`: `ck_attend_scratch` floats, aligned to 64.
  void (*attend)(const ck_cache *cache, const ck_queries *work, uint32_t kv_head, float *scratch);
  /// The same, of a part of the keys.
  void (*attend_stretch)(const ck_cache *cache, const ck_stretch *work, uint32_t kv_head, float *scratch);
  /// Their scaled scores against all keys up to the last query's own, before any softmax: `[count · group, first + count]`, rows
  /// `stride` floats apart, which is at least that rounded up to 64. Keys behind a query's own are scored like the others;
  /// what lies behind the last means nothing.
  void (*score)(const ck_cache *cache, const ck_queries *work, uint32_t kv_head, float *scratch, float *scores, size_t stride);

  // For the calibration: they return a number that depends on all they did.
  float (*read_bytes)(const void *source, size_t bytes);          // reads all of it
  float (*spin_float)(size_t rounds);    // 24 · 16 fused multiply-adds a round
  int32_t (*spin_integer)(size_t rounds);  // 24 · 64 eight-bit multiply-adds a round
} ck_kernels;

/// The kernels of a path, or null where this machine cannot run it. `CK_PLAIN` always can.
const ck_kernels *ck_path(int path);
/// The fastest path of this machine.
const ck_kernels *ck_best(void);

/// Calls for the lines of `bytes` bytes that will be read soon.
static inline void ck_call(const void *source, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)source + i, 0, 2);
}

// ---- Threads -------------------------------------------------------------------------------------------------------

/// A pool of threads that share the iterations of a loop.
typedef struct ck_pool ck_pool;
typedef void (*ck_body)(void *context, size_t first, size_t last, size_t thread);

/// `threads` counts the caller of `ck_pool_run` too. Idle workers look for work for `spin_microseconds`, then sleep.
ck_pool *ck_pool_create(size_t threads, uint32_t spin_microseconds);
void ck_pool_destroy(ck_pool *pool);
/// Runs `body` over `[0, count)` in pieces that are multiples of `grain` (but the last); returns when all is done. From one
/// thread at a time, never from inside a body. `thread` is below the pool's number of threads.
void ck_pool_run(ck_pool *pool, size_t count, size_t grain, ck_body body, void *context);
/// Time that a thread of the pool was on a core since it began; of thread 0, the one that asks. Below 0 where the system
/// does not tell.
int64_t ck_pool_cpu_nanoseconds(const ck_pool *pool, size_t thread);

#ifdef __cplusplus
}
#endif
#endif
