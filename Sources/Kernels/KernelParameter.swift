/// A parameter of a kernel, parsed from its declaration in OpenCL C.
package struct KernelParameter: Hashable, Sendable {
  /// The kind of argument to pass.
  package enum Kind: String, Sendable {
    case bytes = "uchar *"
    case words = "uint *"
    case floats = "float *"
    case sizes = "MapSizes"
    case int
    case word = "uint"
    case float
    /// An `int` that is 0 or 1: its name starts with `is_` or `has_`.
    case flag
    /// The `uint` named `step`: the row of the step tables.
    case step
  }
  package let name: String
  package let kind: Kind

  /// A declaration like `__global const float *input`.
  init(_ declaration: String) {
    var words = declaration.replacing("*", with: " * ").split(separator: " ")
    name = words.popLast().map(String.init) ?? ""
    let type = words.filter { $0 != "__global" && $0 != "const" }.joined(separator: " ")
    switch Kind(rawValue: type) {
    case .int where name.hasPrefix("is_") || name.hasPrefix("has_"): kind = .flag
    case .word where name == "step": kind = .step
    case let known?: kind = known
    case nil: fatalError("no launch can pass \(declaration)")
    }
  }
}

extension Kernel {
  /// The kernel's parameters, in order, parsed from the sources: not every implementation reports them.
  package var parameters: [KernelParameter] { Self.declared[self] ?? [] }

  /// What is wrong with arguments of these kinds; nil if they match the kernel's parameters.
  package func mismatch(_ arguments: some Collection<KernelParameter.Kind>) -> String? {
    let parameters = parameters
    if arguments.count != parameters.count {
      return "\(arguments.count) arguments, expected \(parameters.count)"
    }
    for (index, (argument, parameter)) in zip(arguments, parameters).enumerated()
    where argument != parameter.kind {
      return "argument \(index) (\(parameter.name)) is \(argument), expected \(parameter.kind)"
    }
    return nil
  }

  private static let declared: [Kernel: [KernelParameter]] = {
    var result: [Kernel: [KernelParameter]] = [:]
    // Parameter lists that several kernels share are macros.
    var macros: [Substring: String] = [:]
    for source in KernelSource.operations {
      var lines = String(decoding: source.text, as: UTF8.self).split(separator: "\n")[...]
      while let line = lines.popFirst() {
        if line.hasPrefix("#define ") {
          var text = line
          var body = ""
          while text.hasSuffix("\\"), let next = lines.popFirst() {
            body += text.dropLast() + " "
            text = next
          }
          let words = (body + text).split(separator: " ")
          macros[words[1]] = words.dropFirst(2).joined(separator: " ")
        } else if line.hasPrefix("__kernel void ") {
          var text = String(line)
          while !text.contains(") {"), let next = lines.popFirst() { text += " " + next }
          let parts = text.dropFirst("__kernel void ".count).split(separator: "(", maxSplits: 1)
          guard let kernel = Kernel(rawValue: String(parts[0])) else { continue }
          let list = parts[1].prefix { $0 != ")" }.split(separator: ",").flatMap { parameter in
            let declaration = parameter.drop { $0 == " " }
            return (macros[declaration] ?? String(declaration)).split(separator: ",")
          }
          result[kernel] = list.map { KernelParameter(String($0)) }
        }
      }
    }
    return result
  }()
}
