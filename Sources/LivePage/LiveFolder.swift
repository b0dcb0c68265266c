import Foundation
import Models
import Search
import Storage
import Synchronization
import Training
import Views

/// The current state of a folder of runs; thread-safe. It only reads: no lock is taken, and no file written.
///
/// What was read is cached until a file's size or time changes. A client's request is looked up among what was found,
/// so no path from outside reaches the system.
final class LiveFolder: Sendable {
  /// An answer in JSON, and its tag.
  struct Answer: Sendable {
    let json: Data
    let tag: String

    init(_ value: some Encodable) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      json = try encoder.encode(value)
      tag = "\"\(Fingerprint.hex(of: json).prefix(32))\""
    }
  }

  private struct State {
    var places: [String: FolderWalk.Place] = [:]
    var summaries: [String: (stamp: FileStamp, summary: RunSummary?)] = [:]
    var searches: [String: KnownSearch] = [:]
    var listing: FolderListing?
    var answer: Answer?
    /// When the folder is next scanned, at the earliest.
    var due: ContinuousClock.Instant?
    /// The most recently requested, newest last.
    var details: [(path: String, row: RunRow, stamp: FileStamp, answer: Answer)] = []
  }

  private struct KnownSearch {
    let stamp: FileStamp
    let found: StoredSearch?
    let problem: String?
    /// When it is read again, at the earliest: a large one takes time.
    let due: ContinuousClock.Instant
  }

  /// Its name.
  let name: String
  private let url: URL
  /// How long an answer may wait for files to be read.
  private let patience: Duration
  private let state = Mutex(State())

  /// The largest manifest that is read.
  private static let mostManifest = 1 << 26
  private static let keptDetails = 64

  /// Opens a folder to watch.
  ///
  /// - Throws: ``LivePageError`` if it is not a folder, or cannot be read.
  init(_ url: URL, patience: Duration = .milliseconds(400)) throws {
    self.patience = patience
    guard Files.isFolder(url) else { throw LivePageError(.system, "\(url.path) is not a folder") }
    do {
      _ = try Files.names(in: url)
    } catch {
      throw LivePageError(.system, "\(error)")
    }
    self.url = Files.resolved(url)
    name = self.url.lastPathComponent
  }

  /// The list of all runs, searches and studies.
  func listing() throws -> Answer {
    try state.withLock { state in
      try look(&state)
      return state.answer!
    }
  }

  /// Reads everything that has not been read yet.
  func readAll() {
    var isDone = false
    while !isDone {
      // Requests have priority.
      usleep(20_000)
      isDone = state.withLock { state in
        let isKnown = (try? look(&state)) != nil
        return !isKnown || state.listing?.runs.contains { $0.state == "reading" } != true
      }
    }
  }

  /// A run with its history; nil if there is none at the path.
  func run(_ path: String) throws -> Answer? {
    try state.withLock { state in
      try look(&state)
      guard let place = state.places["run \(path)"],
        let row = state.listing?.runs.first(where: { $0.run == path })
      else { return nil }
      let stamp = FileStamp(
        ["config.yaml", "manifest.json", "images"].map { place.url.appendingPathComponent($0) })
      if let known = state.details.last(where: { $0.path == path && $0.row == row && $0.stamp == stamp }) {
        return known.answer
      }
      let answer = try Answer(detail(place, row))
      state.details.removeAll { $0.path == path }
      state.details = state.details.suffix(Self.keptDetails - 1) + [(path, row, stamp, answer)]
      return answer
    }
  }

  /// A search with its trials; nil if there is none at the path.
  func search(_ path: String) throws -> Answer? {
    try state.withLock { state in
      try look(&state)
      guard let row = state.listing?.searches.first(where: { $0.search == path }) else { return nil }
      let found = state.searches[path]?.found
      return try Answer(SearchDetail(search: row, keys: found?.keys ?? [], table: found?.table))
    }
  }

  /// The picture of an epoch; nil if there is none.
  func picture(_ path: String, epoch: Int) -> OpenFile? {
    guard let place = place("run \(path)"), place.hasPictures,
      let run = try? RunFolder(reading: place.url)
    else { return nil }
    return OpenFile(run.pictureFile(epoch: epoch), inside: url, atMost: 1 << 26)
  }

  /// The report of a run or study; nil if there is none.
  func report(_ path: String) -> OpenFile? {
    guard let place = place("run \(path)") ?? place("study \(path)") else { return nil }
    return OpenFile(place.url.appendingPathComponent("report.html"), inside: url, atMost: 1 << 27)
  }

  private func place(_ key: String) -> FolderWalk.Place? {
    state.withLock { state in
      try? look(&state)
      return state.places[key]
    }
  }

  // MARK: - Looking

  private func look(_ state: inout State) throws {
    let began = ContinuousClock.now
    if let due = state.due, began < due { return }
    let walk = FolderWalk(url)
    let locks = HeldLocks()
    var listing = FolderListing(folder: name)
    let runs = walk.places.filter { $0.kind == .run || $0.kind == .halfWritten }
    listing.runs = rows(runs, locks, &state)
    listing.searches = walk.places.filter { $0.kind == .search }.map { search($0, locks, &state) }
    listing.studies = walk.places.filter { $0.kind == .study }.map {
      .init(study: $0.path, hasReport: $0.hasReport)
    }
    (listing.problems, listing.isCut) = (walk.problems.map(shortened), walk.isCut)
    state.places = Dictionary(
      walk.places.map { place in
        let kind =
          switch place.kind {
          case .run, .halfWritten: "run"
          case .search: "search"
          case .study: "study"
          }
        return ("\(kind) \(place.path)", place)
      }
    ) { first, _ in first }
    if listing != state.listing || state.answer == nil {
      state.answer = try Answer(listing)
      state.listing = listing
    }
    let took = began.duration(to: .now)
    let isUnread = listing.runs.contains { $0.state == "reading" }
    state.due = isUnread ? nil : .now + max(.milliseconds(200), took * 4)
  }

  /// Reads what is new or changed, newest first, for as long as an answer may take; the rest next time.
  private func rows(_ places: [FolderWalk.Place], _ locks: HeldLocks, _ state: inout State) -> [RunRow] {
    let files = places.map { place in
      ["config.yaml", "manifest.json"].map { place.url.appendingPathComponent($0) }
    }
    let stamps = files.map { FileStamp($0) }
    let changed = files.map { FileStamp([$0[1]]).changed }
    let before = places.map { state.summaries[$0.path] }
    let due = places.indices.filter { before[$0]?.stamp != stamps[$0] }
      .sorted { (changed[$0] ?? 0, $1) > (changed[$1] ?? 0, $0) }
    let end = ContinuousClock.now + patience
    let found = Mutex<[Int: RunSummary?]>([:])
    DispatchQueue.concurrentPerform(iterations: due.count) { number in
      guard ContinuousClock.now < end else { return }
      let new = summary(places[due[number]])
      found.withLock { $0[due[number]] = .some(new) }
    }
    let new = found.withLock { $0 }
    var rows: [RunRow] = []
    var summaries: [String: (stamp: FileStamp, summary: RunSummary?)] = [:]
    for (index, place) in places.enumerated() {
      let known = new[index].map { (stamps[index], $0) } ?? before[index]
      if let known { summaries[place.path] = known }
      rows.append(row(place, known?.1, locks, isRead: known != nil, changed: changed[index]))
    }
    state.summaries = summaries
    return rows
  }

  private func summary(_ place: FolderWalk.Place) -> RunSummary? {
    guard place.kind == .run, place.links.isEmpty, Self.isReadable(place),
      let folder = try? RunFolder(reading: place.url)
    else { return nil }
    return RunSummary(folder)
  }

  private static func isReadable(_ place: FolderWalk.Place) -> Bool {
    FileStamp([place.url.appendingPathComponent("manifest.json")]).size <= mostManifest
  }

  private func row(
    _ place: FolderWalk.Place, _ summary: RunSummary?, _ locks: HeldLocks, isRead: Bool, changed: Int?
  ) -> RunRow {
    let isLocked = locks.hold(place.url)
    var problem = summary?.problem.map(shortened)
    var state = summary?.state.rawValue ?? "damaged"
    if !isRead {
      state = "reading"
    } else if !place.links.isEmpty {
      problem = "\(place.links.joined(separator: ", ")): a symbolic link, which is not followed"
    } else if !Self.isReadable(place) {
      problem = "manifest.json is larger than \(Self.mostManifest) bytes"
    } else if place.kind == .halfWritten {
      state = "half-written"
      problem = "it has no config.yaml: it is just starting, being copied, or has lost the file"
    } else if summary == nil {
      problem = "it was removed while it was read"
    } else if state == "imported", !Files.exists(place.url.appendingPathComponent("best.safetensors")) {
      state = "half-written"
      problem =
        "it has neither manifest.json nor weights: it is just starting, being copied, or has lost them"
    }
    if isLocked, state != "damaged" { state = "training" }
    return RunRow(
      place, summary, state: state, problem: isLocked && state == "training" ? nil : problem,
      changed: changed)
  }

  private func search(_ place: FolderWalk.Place, _ locks: HeldLocks, _ state: inout State) -> SearchRow {
    let stamp = FileStamp([place.url, URL(systemPath: place.url.path + "-wal")])
    var known = state.searches[place.path]
    if known == nil || known!.stamp != stamp && known!.due < .now {
      let began = ContinuousClock.now
      let result = Result { try StoredSearch(reading: place.url) }
      var problem: String?
      if case .failure(let error) = result { problem = shortened("\(error)") }
      known = KnownSearch(
        stamp: stamp, found: try? result.get(), problem: problem,
        due: .now + began.duration(to: .now) * 5)
      state.searches[place.path] = known
    }
    return SearchRow(
      place.path, known?.found, isLocked: locks.hold(URL(systemPath: place.url.path + ".runs")),
      problem: known?.problem)
  }

  private func detail(_ place: FolderWalk.Place, _ row: RunRow) throws -> RunDetail {
    let folder = place.kind == .run && place.links.isEmpty ? try? RunFolder(reading: place.url) : nil
    let manifest = Self.isReadable(place) ? try? folder?.manifestIfAny() : nil
    var settingsProblem: String?
    do { _ = try folder?.configuration() } catch { settingsProblem = shortened("\(error)") }
    let text = folder.flatMap { OpenFile($0.configurationFile, inside: url, atMost: 1 << 20)?.contents }
    let images = place.url.appendingPathComponent("images")
    let entries = place.hasPictures ? try? Files.entries(in: images) : nil
    let pictures = (entries ?? []).compactMap { name, kind in
      kind == .file ? name.wholeMatch(of: /epoch-([0-9]{3,7})\.png/).flatMap { Int($0.1) } : nil
    }
    return RunDetail(
      run: row, lossUnit: manifest?.configuration.loss.unit, manifest: manifest.map(RunDetail.Facts.init),
      configuration: manifest.map { SettingsJSON($0.configuration.texts) }, epochs: manifest?.epochs ?? [],
      sessions: manifest?.sessions ?? [],
      settings: text.map { String(decoding: $0, as: UTF8.self) }, settingsProblem: settingsProblem,
      pictures: pictures.sorted(), pictureRows: manifest.map { EpochPicture.names($0.configuration) } ?? [])
  }

  /// Without the path of the folder, which the reader knows.
  private func shortened(_ text: String) -> String { text.replacing(url.path + "/", with: "") }
}
