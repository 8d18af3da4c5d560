import Core
import ServingEngine
import Testing

@Suite("Configuration by names")
struct ConfigurationTests {
  @Test("every axis and every option can be chosen by its name, and says so in the choices")
  func choosing() throws {
    for axis in AxisCatalogue.all {
      let text = try axis.choice(axis.members.last?.name ?? "64").description
      // What is chosen for several instances is said where there are several.
      var configuration = Configuration()
      configuration.placement = "disaggregated:1x1"
      // And of real tokens where there are any.
      configuration.tokens = RealModel(name: "tiny", source: .file("tiny.gguf"))
      try configuration.choose(axis.name, text)
      let value = try #require(configuration.choices.first { $0.name == axis.name }?.value)
      #expect(value == .text(text) || value == .whole(64), "\(axis.name)")
    }
    var configuration = Configuration()
    try configuration.choose("prefill", "chunked:0")
    #expect(configuration.prefill == "chunked", "one spelling")
    #expect(!configuration.choices.contains { $0.name == "router" }, "one instance has no router")
    #expect(Configuration.options.contains("router") && Configuration.options.contains("replicas"))
    #expect(throws: ConfigurationError.self) { try configuration.choose("block-size", "0") }
    #expect(throws: ConfigurationError.self) { try configuration.choose("colour", "red") }
  }
}
