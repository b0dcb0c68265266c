import Models

/// Made-up images for measuring: a bright disc each, somewhere on black, about as full as a digit.
enum SyntheticImages {
  /// The pixels of `count` images.
  static func pixels(_ count: Int) -> [UInt8] {
    let side = ModelKind.side
    // A few hundred pictures, repeated: what they show has no influence on speed.
    let pictures = (0..<256).map { picture -> [UInt8] in
      let (x, y, radius) = (8 + picture % 12, 8 + picture / 12 % 12, 3 + picture % 5)
      return (0..<side * side).map { place in
        let (dx, dy) = (place % side - x, place / side - y)
        return dx * dx + dy * dy < radius * radius ? UInt8(120 + (place + picture) % 136) : 0
      }
    }
    return [UInt8](unsafeUninitializedCapacity: count * side * side) { bytes, used in
      for image in 0..<count {
        let picture = pictures[image % pictures.count]
        for place in picture.indices { bytes[image * picture.count + place] = picture[place] }
      }
      used = count * side * side
    }
  }

  /// A class for each of `count` images.
  static func labels(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % ModelKind.classes) } }
}
