/// The keys of a JSON object, or of the first object of an array, as far as the
/// bytes go: the text may be cut or damaged later on.
struct JSONOutline {
  private(set) var keys: [String] = []
  /// The text behind the key `schema`.
  private(set) var schema: UnsafeRawBufferPointer?

  init(_ bytes: UnsafeRawBufferPointer) {
    var depth = 0
    // Keys stand one bracket deep in an object, two deep in an array of objects.
    let wanted = bytes.first == UInt8(ascii: "[") ? 2 : 1
    var isSchema = false
    var at = 0
    while at < bytes.count, keys.count < 64 {
      switch bytes[at] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth < wanted { return }
      case UInt8(ascii: "\""):
        let first = at + 1
        at = first
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
        guard at < bytes.count else { return }
        if depth == wanted {
          var after = at + 1
          while after < bytes.count, bytes[after].isBlank { after += 1 }
          if after < bytes.count, bytes[after] == UInt8(ascii: ":") {
            let key = bytes.part(first..<at)
            keys.append(String(decoding: key.prefix(64), as: UTF8.self))
            isSchema = key.equals("schema")
          } else if isSchema {
            schema = bytes.part(first..<at)
            isSchema = false
          }
        }
      default: break
      }
      at += 1
    }
  }
}
