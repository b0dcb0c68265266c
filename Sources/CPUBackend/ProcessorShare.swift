import CSystem
import Foundation
import Programs

/// The share of the machine available to this process, which determines the default number of threads.
package struct ProcessorShare: Sendable, Equatable {
  /// Processors of the machine that are online.
  package let processors: Int
  /// Processors that this process may run on.
  package let allowed: Int
  /// Processors' worth of time that its control group may use; nil for no limit.
  package let quota: Double?

  /// The share of this process.
  package static let here = ProcessorShare(
    processors: ProcessInfo.processInfo.processorCount, allowed: Int(facsimile_allowed_processors()),
    quota: ControlGroup().quota)

  /// A share with these properties.
  package init(processors: Int, allowed: Int, quota: Double?) {
    self.processors = max(processors, 1)
    self.allowed = allowed > 0 ? allowed : self.processors
    self.quota = quota
  }

  /// Default number of threads: one per available processor, rounded up.
  package var threads: Int {
    let count = quota.map { min(Double(allowed), $0.rounded(.up)) } ?? Double(allowed)
    return min(max(Int(count), 1), 1024)
  }

  /// Why this is less than the machine's processors; nil if it is not.
  package var limit: String? {
    guard threads < processors else { return nil }
    if let quota, quota.rounded(.up) < Double(allowed) {
      return "the control group's quota is \(Self.text(quota)) of \(processors) processors"
    }
    return "this process may run on \(allowed) of \(processors) processors"
  }

  private static func text(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return hundredths % 100 == 0 ? "\(hundredths / 100)" : "\(Double(hundredths) / 100)"
  }
}
