import CKernels
import Core

/// Attention of prompts over chosen blocks: each query head has a pattern, and each tile of queries a budget.
///
/// Everything is counted in units: a KV block, or as many small ones as hold sixteen tokens. A tile is the queries of one unit
/// in one pass; it reads its own unit, and of those before it as many as the budget allows, always the first and the last of
/// them. A tile that may read all of them does, and has the bits of dense attention. Columns are one unit wide and diagonals
/// go from unit to unit: sixteen keys lie interleaved, so one of them costs what all of them do.
///
/// - Source: Jiang et al. 2024, MInference (arXiv 2407.02490), 3.2. There tiles and blocks have 64 tokens, and columns one.
extension KVStore {
  /// Queries of a prompt in one unit.
  struct Tile {
    /// Number of the prompt's span.
    var span: Int
    var offset: Int
    var count: Int
    /// That of its queries.
    var unit: Int
  }

  /// Tokens of a unit.
  var unitTokens: Int { max(16, tokensPerBlock) }

  /// A budget in blocks as one in units.
  static func units(_ blocks: Int, tokensPerBlock: Int) -> Int { max(4, blocks * tokensPerBlock / max(16, tokensPerBlock)) }

  /// Queries at the end of a pass that say where columns and diagonals are.
  static let probeQueries = 64

  func tiles(of spans: [AttentionSpan]) -> [Tile] {
    var tiles: [Tile] = []
    for (number, span) in spans.enumerated() {
      var offset = 0
      while offset < span.count {
        let unit = (span.first + offset) / unitTokens
        let count = min(span.count - offset, (unit + 1) * unitTokens - span.first - offset)
        tiles.append(Tile(span: number, offset: offset, count: count, unit: unit))
        offset += count
      }
    }
    return tiles
  }

  /// What one query head keeps of a layer, as a cache of one head.
  private func alone(_ layer: Int, head: Int) -> ck_cache {
    var cache = self.layer(layer)
    let kvHead = head * kvHeads / heads
    let bytes = withUnsafePointer(to: cache) { ck_head_bytes($0) }
    cache.keys += kvHead * tokensPerBlock * headWidth
    cache.values += kvHead * tokensPerBlock * headWidth
    cache.codes += kvHead * bytes
    if let order = cache.order { cache.order = order + kvHead * headWidth }
    (cache.heads, cache.kv_heads) = (1, 1)
    return cache
  }

  /// For each tile and query head, `[tiles, heads]`, the units before its own that are read, ascending; nil where all are.
  ///
  /// - Parameter budget: Units that a tile reads of what comes before it, at least 4.
  func choose(
    layer: Int, _ spans: [AttentionSpan], _ tiles: [Tile], _ patterns: ArraySlice<HeadPattern>, budget: Int, pool: ThreadPool,
    path: KernelPath = .best
  ) -> Chosen {
    let patterns = Array(patterns)
    // Whose tiles are to choose, and the first of them.
    let choosing = spans.indices.filter { (spans[$0].first + spans[$0].count - 1) / unitTokens > budget }
    let firsts = choosing.map { span in tiles.firstIndex { $0.span == span } ?? 0 }
    var chosen = Chosen(repeating: nil, count: tiles.count * heads)
    chosen.withUnsafeMutableBufferPointer { chosen in
      nonisolated(unsafe) let chosen = chosen
      pool.parallelFor(choosing.count * heads) { range, thread in
        for number in range {
          let (span, head) = (spans[choosing[number / heads]], number % heads)
          let own = tiles[firsts[number / heads]...].prefix { $0.span == choosing[number / heads] }
          let units: [[Int32]?]
          switch patterns[head] {
          case .aShape:
            let sink = max(1, budget / 5)
            units = own.map { tile in tile.unit <= budget ? nil : (0..<sink).map(Int32.init) + (tile.unit - budget + sink..<tile.unit).map(Int32.init) }
          case .verticalSlash(let quarters):
            units = verticalSlash(layer, span, head, own, columns: (budget - 2) * quarters / 4, budget: budget, pool: pool, thread, path)
          case .blocks: units = blocks(layer, span, head, own, budget: budget, pool: pool, thread, path)
          }
          for (tile, units) in zip(own.indices, units) { chosen[tile * heads + head] = units }
        }
      }
    }
    return chosen
  }

  /// Columns and diagonals with most of the weight of the last queries.
  private func verticalSlash(
    _ layer: Int, _ span: AttentionSpan, _ head: Int, _ tiles: ArraySlice<Tile>, columns: Int, budget: Int, pool: ThreadPool, _ thread: Int,
    _ path: KernelPath
  ) -> [[Int32]?] {
    let end = span.first + span.count
    let units = (end + unitTokens - 1) / unitTokens
    var (column, slash) = ([Float](repeating: 0, count: units), [Float](repeating: 0, count: units))
    var cache = alone(layer, head: head)
    let scratch = pool.scratch(of: thread, bytes: withUnsafePointer(to: cache) { ck_attend_scratch($0) } * 4).assumingMemoryBound(to: Float.self)
    let stride = (end + 63) / 64 * 64
    withUnsafeTemporaryAllocation(byteCount: Int(CK_QUERIES) * stride * 4, alignment: 64) { room in
      let rows = room.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
      for tile in tiles.reversed().prefix(while: { span.first + $0.offset + $0.count > end - Self.probeQueries }) {
        for offset in Swift.stride(from: tile.offset, to: tile.offset + tile.count, by: Int(CK_QUERIES)) {
          let count = min(Int(CK_QUERIES), tile.offset + tile.count - offset)
          let first = span.first + offset
          score(&cache, span, head: head, offset: offset, count: count, scratch, into: rows, stride: stride, path)
          for query in 0..<count where first + query >= end - Self.probeQueries {
            let row = rows + query * stride
            path.softmax(row, count: first + query + 1)
            // A unit's keys that are not seen yet weigh nothing.
            for slot in first + query + 1..<min(stride, (tile.unit + 1) * unitTokens) { row[slot] = 0 }
            for unit in 0...tile.unit {
              let weight = sum(of: unit, in: row)
              column[unit] += weight
              slash[tile.unit - unit] += weight
            }
          }
        }
      }
    }
    // The first unit and the one before each tile are read anyway.
    let best = column.withUnsafeBufferPointer { placesOfGreatest(columns, of: .init(rebasing: $0[1...])) }.map { $0 + 1 }
    let distances = slash.withUnsafeBufferPointer { placesOfGreatest(budget - 2 - columns, of: .init(rebasing: $0[2...])) }.map { $0 + 2 }
    return tiles.map { tile in
      if tile.unit <= budget { return nil }
      var isRead = [Bool](repeating: false, count: tile.unit)
      isRead[0] = true
      isRead[tile.unit - 1] = true
      for unit in best where unit < tile.unit { isRead[Int(unit)] = true }
      for distance in distances where distance <= tile.unit { isRead[tile.unit - Int(distance)] = true }
      return isRead.indices.lazy.filter { isRead[$0] }.map(Int32.init)
    }
  }

  /// Blocks whose mean key has the largest product with a tile's mean query: the sum of that query's scores over the block.
  private func blocks(
    _ layer: Int, _ span: AttentionSpan, _ head: Int, _ tiles: ArraySlice<Tile>, budget: Int, pool: ThreadPool, _ thread: Int, _ path: KernelPath
  ) -> [[Int32]?] {
    let choosing = tiles.drop { $0.unit <= budget }
    var cache = alone(layer, head: head)
    let scratch = pool.scratch(of: thread, bytes: withUnsafePointer(to: cache) { ck_attend_scratch($0) } * 4).assumingMemoryBound(to: Float.self)
    var units = [[Int32]?](repeating: nil, count: tiles.count - choosing.count)
    for first in stride(from: choosing.startIndex, to: choosing.endIndex, by: Int(CK_QUERIES)) {
      let together = choosing[first..<min(first + Int(CK_QUERIES), choosing.endIndex)]
      var queries = [Float](repeating: 0, count: together.count * headWidth)
      for (number, tile) in together.enumerated() {
        for offset in tile.offset..<tile.offset + tile.count {
          let row = span.queries + offset * span.queryStride + head * headWidth
          for channel in 0..<headWidth { queries[number * headWidth + channel] += row[channel] }
        }
      }
      // All units before the last tile are full.
      let end = (together.last?.unit ?? 0) * unitTokens
      let stride = (end + 63) / 64 * 64
      withUnsafeTemporaryAllocation(byteCount: together.count * stride * 4, alignment: 64) { room in
        let rows = room.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
        span.table.withUnsafeBytes { table in
          queries.withUnsafeBufferPointer { queries in
            var work = ck_queries(
              table: table.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt16>?.self), first: end - together.count, count: together.count,
              queries: queries.baseAddress, query_stride: headWidth, output: nil, scale: 1, window: nil, window_first: 0)
            path.table.pointee.score(&cache, &work, 0, scratch, rows, stride)
          }
        }
        for (number, tile) in together.enumerated() {
          let scores = (1..<tile.unit - 1).map { sum(of: $0, in: rows + number * stride) }
          units.append([0] + scores.withUnsafeBufferPointer { placesOfGreatest(budget - 2, of: $0) }.map { $0 + 1 } + [Int32(tile.unit - 1)])
        }
      }
    }
    return units
  }

  /// Sixteen lanes, then their sum.
  private func sum(of unit: Int, in row: UnsafePointer<Float>) -> Float {
    var sum = SIMD16<Float>.zero
    for start in stride(from: unit * unitTokens, to: (unit + 1) * unitTokens, by: 16) {
      sum += UnsafeRawPointer(row + start).loadUnaligned(as: SIMD16<Float>.self)
    }
    return sum.sum()
  }

  private func score(
    _ cache: inout ck_cache, _ span: AttentionSpan, head: Int, offset: Int, count: Int, _ scratch: UnsafeMutablePointer<Float>,
    into rows: UnsafeMutablePointer<Float>, stride: Int, _ path: KernelPath
  ) {
    let (window, windowFirst) = window(of: span, at: span.first + offset)
    span.table.withUnsafeBytes { table in
      var work = ck_queries(
        table: table.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt16>?.self), first: span.first + offset, count: count,
        queries: span.queries + offset * span.queryStride + head * headWidth, query_stride: span.queryStride, output: nil,
        scale: 1 / Float(headWidth).squareRoot(), window: window, window_first: windowFirst)
      path.table.pointee.score(&cache, &work, 0, scratch, rows, stride)
    }
  }

  /// Attention over what was chosen.
  func attend(layer: Int, _ spans: [AttentionSpan], _ tiles: [Tile], _ chosen: Chosen, pool: ThreadPool, path: KernelPath = .best) {
    let scale = 1 / Float(headWidth).squareRoot()
    let bytes = withUnsafePointer(to: alone(layer, head: 0)) { ck_attend_scratch($0) * 4 }
    let perUnit = unitTokens / tokensPerBlock
    pool.parallelFor(tiles.count * heads) { range, thread in
      // One head's results lie side by side here before they take their places.
      let results = pool.scratch(of: thread, bytes: bytes + Int(CK_QUERIES) * headWidth * 4).assumingMemoryBound(to: Float.self)
      let scratch = results + Int(CK_QUERIES) * headWidth
      for number in range {
        let (tile, head) = (tiles[number / heads], number % heads)
        let span = spans[tile.span]
        var cache = alone(layer, head: head)
        let units = chosen[number]
        var table = span.table
        if let units {
          table.removeAll(keepingCapacity: true)
          for unit in units + [Int32(tile.unit)] {
            for block in Int(unit) * perUnit..<min(span.table.count, Int(unit + 1) * perUnit) { table.append(span.table[block]) }
          }
        }
        let shift = (tile.unit - (units?.count ?? tile.unit)) * unitTokens
        for offset in stride(from: tile.offset, to: tile.offset + tile.count, by: Int(CK_QUERIES)) {
          let count = min(Int(CK_QUERIES), tile.offset + tile.count - offset)
          let (window, windowFirst) = window(of: span, at: span.first + offset)
          table.withUnsafeBytes { table in
            var work = ck_queries(
              table: table.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt16>?.self), first: span.first + offset - shift, count: count,
              queries: span.queries + offset * span.queryStride + head * headWidth, query_stride: span.queryStride, output: results,
              scale: scale, window: window, window_first: windowFirst - shift)
            path.table.pointee.attend(&cache, &work, 0, scratch)
          }
          for query in 0..<count {
            (span.output + (offset + query) * heads * headWidth + head * headWidth).update(from: results + query * headWidth, count: headWidth)
          }
        }
      }
    }
  }
}
