#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The C library's functions in double precision: what kernels are compared with.
func exponential(_ x: Double) -> Double { exp(x) }
func cosine(_ x: Double) -> Double { cos(x) }
func sine(_ x: Double) -> Double { sin(x) }
