import Storage

/// The four files of a data set, named as MNIST names them; each may also end in `.gz`. Images with channels may
/// also have `idx4` in their names.
package enum DatasetFile: String, Sendable, CaseIterable {
  /// The training images.
  case trainImages = "train-images-idx3-ubyte"
  /// The training labels.
  case trainLabels = "train-labels-idx1-ubyte"
  case testImages = "t10k-images-idx3-ubyte"
  case testLabels = "t10k-labels-idx1-ubyte"

  /// The names it may have, the usual one first.
  var names: [String] {
    let channels = rawValue.replacing("idx3", with: "idx4")
    return channels == rawValue ? [rawValue] : [rawValue, channels]
  }
}

/// A data set known by name.
package enum KnownDataset: String, Sendable, CaseIterable {
  /// Handwritten digits.
  case mnist
  /// Pieces of clothing.
  case fashionMNIST = "fashion-mnist"
  /// Cursive Japanese characters.
  case kmnist
  /// Colour photographs of animals and vehicles, 32 × 32.
  case cifar10 = "cifar-10"
  /// Handwritten letters, upper and lower case together.
  case emnistLetters = "emnist-letters"
  /// Handwritten digits of more writers.
  case emnistDigits = "emnist-digits"
  /// Digits and letters; the cases of fifteen letters together.
  case emnistBalanced = "emnist-balanced"
  case emnistByMerge = "emnist-bymerge"
  /// Digits, upper case and lower case.
  case emnistByClass = "emnist-byclass"
  /// Digits as in MNIST.
  case emnistMNIST = "emnist-mnist"

  /// How its files are published.
  enum Form {
    case idx, cifar10, emnist
  }

  var form: Form {
    switch self {
    case .mnist, .fashionMNIST, .kmnist: .idx
    case .cifar10: .cifar10
    case .emnistLetters, .emnistDigits, .emnistBalanced, .emnistByMerge, .emnistByClass, .emnistMNIST: .emnist
    }
  }

  /// The name of its folder; the six of EMNIST share one.
  package var folderName: String { form == .emnist ? "emnist" : rawValue }

  /// SHA-256 of each file as published, compressed with gzip; nil if the unpacked hashes are known, or none at all.
  ///
  /// Source: TensorFlow Datasets, torchvision and others, which agree.
  package var packedHashes: [DatasetFile: String]? {
    guard self == .kmnist else { return nil }
    return [
      .trainImages: "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
      .trainLabels: "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
      .testImages: "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
      .testLabels: "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    ]
  }

  /// SHA-256 of each unpacked file, or nil if no trusted copy has been seen yet.
  package var hashes: [DatasetFile: String]? {
    switch self {
    case .mnist:
      [
        .trainImages: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        .trainLabels: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        .testImages: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        .testLabels: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
      ]
    case .fashionMNIST:
      [
        .trainImages: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        .trainLabels: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        .testImages: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        .testLabels: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
      ]
    default: nil
    }
  }

  /// ``hashes`` by the files' usual names.
  var fileHashes: [String: String] {
    Dictionary(uniqueKeysWithValues: (hashes ?? [:]).map { ($0.key.rawValue, $0.value) })
  }

  /// Whether the files of a folder have the published hashes.
  func matches(_ contents: FolderContents) -> Bool {
    switch form {
    case .cifar10: return contents.files == CIFAR10Folder.publishedHashes
    case .emnist: return contents.files == [EMNISTArchive.key(rawValue): EMNISTArchive.publishedHash]
    case .idx: break
    }
    if hashes != nil { return fileHashes == contents.files }
    guard let packedHashes else { return false }
    return Dictionary(uniqueKeysWithValues: packedHashes.map { ($0.key.rawValue, $0.value) })
      == contents.packedFiles
  }

  /// Why files of this name cannot be verified, and what to do.
  var unverifiable: String {
    if form == .emnist {
      return
        "this is not, by its SHA-256, the published archive of EMNIST: get it with 'facsimile data fetch \(rawValue)', or "
        + "accept it with --unverified-data"
    }
    return self == .kmnist
      ? "only the packed files (.gz) of kmnist can be checked against their published SHA-256: provide all four as published, "
        + "or accept these files with --unverified-data"
      : "these are not, by their SHA-256, the published files of \(rawValue): get those, accept these with --unverified-data, or "
        + "name their folder"
  }

  /// Names of the classes, from class 0.
  package var classNames: [String] {
    switch self {
    case .mnist: (0...9).map(String.init)
    case .fashionMNIST:
      [
        "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
        "ankle boot",
      ]
    case .kmnist: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
    case .cifar10: CIFAR10Folder.classNames
    case .emnistLetters: Self.upperCase
    case .emnistDigits, .emnistMNIST: (0...9).map(String.init)
    case .emnistBalanced, .emnistByMerge:
      (0...9).map(String.init) + Self.upperCase + ["a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t"]
    case .emnistByClass: (0...9).map(String.init) + Self.upperCase + Self.upperCase.map { $0.lowercased() }
    }
  }

  private static let upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)

  /// How to get it into a folder that is searched: where to put existing files, and a shell command, last, so
  /// that it can be pasted as it is.
  var advice: String {
    let package =
      self == .fashionMNIST ? "install Debian's package (sudo apt-get install dataset-fashion-mnist), " : ""
    return
      "put its files there or in a folder of $FACSIMILE_DATA, \(package)or get them with: facsimile data fetch \(rawValue)"
  }
}
