import Foundation

/// A table as a Parquet file (github.com/apache/parquet-format): one row group, plain encoding, no compression, and no
/// missing values, so that there are no levels to encode.
package struct ParquetFile {
  /// The values of a column, row by row.
  package enum Values {
    case integers([Int64])
    case numbers([Double])
    case texts([String])
    case bytes([Data])

    var count: Int {
      switch self {
      case .integers(let values): values.count
      case .numbers(let values): values.count
      case .texts(let values): values.count
      case .bytes(let values): values.count
      }
    }

    /// The format's number for the type.
    fileprivate var type: Int32 {
      switch self {
      case .integers: 2
      case .numbers: 5
      case .texts, .bytes: 6
      }
    }

    /// Numbers little-endian; texts and bytes after their length.
    fileprivate func plain(_ row: Int) -> Data {
      switch self {
      case .integers(let values): withUnsafeBytes(of: values[row].littleEndian) { Data($0) }
      case .numbers(let values): withUnsafeBytes(of: values[row].bitPattern.littleEndian) { Data($0) }
      case .texts(let values): Self.measured(Data(values[row].utf8))
      case .bytes(let values): Self.measured(values[row])
      }
    }

    private static func measured(_ data: Data) -> Data {
      withUnsafeBytes(of: UInt32(data.count).littleEndian) { Data($0) } + data
    }
  }

  /// A column, or a group of columns that is read as one object.
  package struct Column {
    let name: String
    /// One without a name, or the group's members.
    fileprivate let members: [(name: String?, values: Values)]

    package init(_ name: String, _ values: Values) { (self.name, members) = (name, [(nil, values)]) }

    package init(_ name: String, group: [(name: String, values: Values)]) {
      (self.name, members) = (name, group.map { ($0.name, $0.values) })
    }
  }

  /// The location of a column's pages.
  private struct Chunk {
    let path: [String]
    let type: Int32
    let offset: Int
    let size: Int
  }

  /// Approximate size of a page in bytes.
  private static let pageSize = 1 << 20
  private static let magic = Data("PAR1".utf8)

  /// The bytes of the file; a function of the columns alone.
  ///
  /// All columns must have the same number of values, or the call traps.
  package static func contents(_ columns: [Column], by program: String) -> Data {
    let rows = columns[0].members[0].values.count
    var file = magic
    var chunks: [Chunk] = []
    for column in columns {
      for (name, values) in column.members {
        precondition(
          values.count == rows, "ParquetFile: \(values.count) values of \(column.name), \(rows) rows")
        let offset = file.count
        appendPages(values, to: &file)
        chunks.append(
          Chunk(
            path: [column.name] + (name.map { [$0] } ?? []), type: values.type, offset: offset,
            size: file.count - offset))
      }
    }
    let footer = CompactThrift.structure { thrift in
      thrift.field(1, Int32(1))
      thrift.field(2, structures: schema(columns)) { $1(&$0) }
      thrift.field(3, Int64(rows))
      thrift.field(4, structures: [chunks]) { group, chunks in
        group.field(1, structures: chunks) { describe($1, rows: rows, &$0) }
        group.field(2, Int64(chunks.reduce(0) { $0 + $1.size }))
        group.field(3, Int64(rows))
      }
      thrift.field(6, program)
    }
    return file + footer + withUnsafeBytes(of: UInt32(footer.count).littleEndian) { Data($0) } + magic
  }

  /// The values in pages, each after its header.
  private static func appendPages(_ values: Values, to file: inout Data) {
    var row = 0
    repeat {
      let first = row
      var page = Data()
      while row < values.count, page.count < pageSize {
        page += values.plain(row)
        row += 1
      }
      file += CompactThrift.structure { thrift in
        thrift.field(1, Int32(0))  // a page of data
        thrift.field(2, Int32(page.count))
        thrift.field(3, Int32(page.count))
        thrift.field(5) { header in
          header.field(1, Int32(row - first))
          header.field(2, Int32(0))  // plain
          // Levels would be run-length encoded; with no missing values there are none.
          header.field(3, Int32(3))
          header.field(4, Int32(3))
        }
      }
      file += page
    } while row < values.count
  }

  /// The tree of columns, depth first: the root, then each column or group.
  private static func schema(_ columns: [Column]) -> [(inout CompactThrift) -> Void] {
    func node(_ name: String, _ children: Int) -> (inout CompactThrift) -> Void {
      { thrift in
        thrift.field(3, Int32(0))
        thrift.field(4, name)
        thrift.field(5, Int32(children))
      }
    }
    func leaf(_ name: String, _ values: Values) -> (inout CompactThrift) -> Void {
      { thrift in
        thrift.field(1, values.type)
        thrift.field(3, Int32(0))
        thrift.field(4, name)
        // Without this a text would be read as bytes.
        if case .texts = values { thrift.field(6, Int32(0)) }
      }
    }
    return [node("table", columns.count)]
      + columns.flatMap { column in
        column.members.contains { $0.name == nil }
          ? [leaf(column.name, column.members[0].values)]
          : [node(column.name, column.members.count)] + column.members.map { leaf($0.name!, $0.values) }
      }
  }

  private static func describe(_ chunk: Chunk, rows: Int, _ thrift: inout CompactThrift) {
    thrift.field(2, Int64(chunk.offset))
    thrift.field(3) { about in
      about.field(1, chunk.type)
      about.field(2, list: [Int32(0)])
      about.field(3, list: chunk.path)
      about.field(4, Int32(0))
      about.field(5, Int64(rows))
      about.field(6, Int64(chunk.size))
      about.field(7, Int64(chunk.size))
      about.field(9, Int64(chunk.offset))
    }
  }
}
