import Datasets

/// Images as points to show in other programs: the source of the projector's files and the table.
package struct Points: Sendable {
  /// A text for every point, such as the class that a classifier found.
  package typealias Column = (name: String, values: [String])

  /// The images, one per point, with labels if there are any.
  package let images: ImageSet
  /// Names of the classes, from class 0; nil: their numbers.
  package let classNames: [String]?
  /// Each image's index in the set that it comes from.
  package let indices: [Int]
  /// Further columns.
  package let columns: [Column]

  /// Points of images.
  ///
  /// - Parameters:
  ///   - images: the images.
  ///   - classNames: names of the classes, from class 0.
  ///   - indices: each image's index in the set that it comes from; nil: they are all of it, in order.
  ///   - columns: further columns; as many values as images, or the call traps.
  package init(
    _ images: ImageSet, classNames: [String]? = nil, indices: [Int]? = nil, columns: [Column] = []
  ) {
    self.images = images
    self.classNames = classNames
    self.indices = indices ?? Array(0..<images.count)
    self.columns = columns
    precondition(
      self.indices.count == images.count && columns.allSatisfy { $0.values.count == images.count },
      "Points: \(images.count) images, another number of indices or texts")
  }

  /// The class of every image as text; nil if there are no labels.
  package var labels: [String]? {
    images.labels?.map { label in
      classNames.flatMap { $0.indices.contains(Int(label)) ? $0[Int(label)] : nil } ?? "\(label)"
    }
  }
}
