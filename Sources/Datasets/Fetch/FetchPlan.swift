/// What to download for a data set, and how to verify it.
package struct FetchPlan: Sendable {
  /// One file on the mirrors.
  package struct File: Sendable {
    /// Its name, on the mirrors and in the folder.
    package let name: String
    /// Size in bytes as published; a mirror may have compressed it differently.
    package let size: Int
    /// SHA-256 as published, or of the unpacked bytes.
    package let sha256: String
    /// Whether `sha256` is that of the decompressed bytes.
    package let isOfContents: Bool

    /// A file to download.
    package init(name: String, size: Int, sha256: String, isOfContents: Bool) {
      (self.name, self.size) = (name, size)
      (self.sha256, self.isOfContents) = (sha256, isOfContents)
    }
  }

  /// Name of the data set.
  package let name: String
  /// Addresses of folders that have the files, the first one tried first.
  package var mirrors: [String]
  /// The files.
  package let files: [File]
  /// If the only file is an archive: the folder to extract to, and the files to extract.
  package var unpacked: (folder: String, names: [String])?

  /// A plan.
  package init(
    name: String, mirrors: [String], files: [File], unpacked: (folder: String, names: [String])? = nil
  ) {
    (self.name, self.mirrors, self.files, self.unpacked) = (name, mirrors, files, unpacked)
  }
}

extension KnownDataset {
  /// Where the published files are, and their sizes and hashes.
  ///
  /// Source: addresses and sizes as in torchvision and TensorFlow Datasets, the archive's SHA-256 from the latter.
  package var fetchPlan: FetchPlan {
    switch self {
    case .mnist:
      plan(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        sizes: [9_912_422, 28_881, 1_648_877, 4_542])
    case .fashionMNIST:
      plan(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
        sizes: [26_421_880, 29_515, 4_422_102, 5_148])
    case .kmnist:
      plan("http://codh.rois.ac.jp/kmnist/dataset/kmnist", sizes: [18_165_135, 29_497, 3_041_136, 5_120])
    case .cifar10:
      FetchPlan(
        name: rawValue, mirrors: ["https://www.cs.toronto.edu/~kriz"],
        files: [
          FetchPlan.File(
            name: "cifar-10-binary.tar.gz", size: 170_052_171,
            sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", isOfContents: false)
        ], unpacked: (CIFAR10Folder.unpacked, CIFAR10Folder.files))
    case .emnistLetters, .emnistDigits, .emnistBalanced, .emnistByMerge, .emnistByClass, .emnistMNIST:
      FetchPlan(
        name: rawValue,
        mirrors: [
          "https://biometrics.nist.gov/cs_links/EMNIST", "http://www.itl.nist.gov/iaui/vip/cs_links/EMNIST",
        ],
        files: [
          FetchPlan.File(
            name: EMNISTArchive.file, size: EMNISTArchive.bytes, sha256: EMNISTArchive.publishedHash,
            isOfContents: false)
        ])
    }
  }

  private func plan(_ mirrors: String..., sizes: [Int]) -> FetchPlan {
    let files = zip(DatasetFile.allCases, sizes).map { file, size in
      let packed = packedHashes?[file]
      return FetchPlan.File(
        name: file.rawValue + ".gz", size: size, sha256: packed ?? hashes![file]!, isOfContents: packed == nil
      )
    }
    return FetchPlan(name: rawValue, mirrors: mirrors, files: files)
  }
}
