import Core
import Hardware
import KVMemory
import Scheduling
import Speculation
import Transformer

/// From names to one engine or several.
extension Configuration {
  /// The engine or engines, before the first step.
  public func fleet(for trace: Trace, recorded: RecordedDevice.Facts? = nil) throws(ConfigurationError) -> Fleet {
    let place = try read(AxisCatalogue.placement, placement)
    _ = try read(AxisCatalogue.replicas, String(replicas))
    guard let router = RouterCatalogue.router(try read(AxisCatalogue.router, router)),
      let link = KVLinkChoice(try read(AxisCatalogue.kvLink, kvLink)),
      let transfer = KVTransfer(rawValue: try read(AxisCatalogue.kvTransfer, kvTransfer).name),
      let roleRule = RoleRule(try read(AxisCatalogue.roles, roles))
    else { fatalError("a choice that was read a moment ago is in no catalogue") }
    let disaggregation = Disaggregation(place)
    if disaggregation == nil {
      guard decodeDevice == nil, decodeTensorParallel == nil else {
        throw ConfigurationError("--decode-device, --decode-tp: with --placement \(placement) every instance decodes — give --placement disaggregated:PxD, or leave them out")
      }
      if replicas == 1 { return Fleet(try engine(for: trace, recorded: recorded)) }
    } else if replicas > 1 {
      throw ConfigurationError("--replicas \(replicas): --placement \(placement) says how many instances there are — leave it out")
    }
    guard !isMeasured, tokens == nil else {
      throw ConfigurationError(
        "--\(replicas > 1 ? "replicas \(replicas)" : "placement \(placement)"): this machine's cores are one instance, and real tokens come from it — give a GPU as --device, without --tokens-from")
    }
    let rules = FleetRules(router: router, transfer: transfer, linkChoice: link, roles: roleRule)
    var reading = self
    if disaggregation != nil { reading.placement = PlacementCatalogue.colocated.name }
    let reader = try reading.engine(for: trace)
    guard reader.planner.prefill != .interruptible else {
      throw ConfigurationError("--prefill \(prefill): with several instances a router sends requests as they arrive, and a step under way cannot be told of them — leave it at chunked or whole")
    }
    guard let disaggregation else {
      return Fleet(Array(repeating: reader, count: replicas), roles: Array(repeating: .both, count: replicas), rules: rules)
    }
    guard speculate == "none" else {
      throw ConfigurationError("--speculate \(speculate): what drafters know of a request does not move with it — give --speculate none, or --replicas instead of --placement \(placement)")
    }
    var decoding = reading
    if let decodeDevice {
      decoding.device = decodeDevice
      decoding.calibration = nil
    }
    decoding.tensorParallel = decodeTensorParallel ?? tensorParallel
    let decoder = try decoding.engine(for: trace)
    return Fleet(
      Array(repeating: reader, count: disaggregation.prefill) + Array(repeating: decoder, count: disaggregation.decode),
      roles: Array(repeating: .prefill, count: disaggregation.prefill) + Array(repeating: .decode, count: disaggregation.decode),
      rules: rules, cargo: Fleet.Cargo(from: reader, to: decoder, stages: pipelineParallel))
  }
}
