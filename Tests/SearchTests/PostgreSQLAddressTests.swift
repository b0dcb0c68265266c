import Foundation
import Search
import TestSupport
import Testing

@Suite struct PostgreSQLAddressTests {
  @Test("Paths are files, and unknown schemes are refused without a word of the rest")
  func places() throws {
    for path in ["a.sqlite", "/tmp/a b", "postgresql:/x", "a/b://c", "://x", ""] {
      #expect(try SearchPlace(path) == .file(path))
    }
    for address in ["mysql://u:hunter2@h/d", "https://hunter2/", "PostgreSQL://h/d", "file:///hunter2"] {
      let error = #expect(throws: SearchError.self) { try SearchPlace(address) }
      let scheme = address.prefix { $0 != "/" } + "//"
      #expect(error?.kind == .address && error?.description.hasPrefix("unknown scheme '\(scheme)'") == true)
      #expect(error?.description.contains("hunter2") == false)
    }
  }

  @Test(
    "A password in the address is refused, and never repeated",
    arguments: [
      "u:hunter2@h/d", "u:hunter2@h:1,i:2/d", "u:hunter%zz2@h/d", "u:hun/ter2@h/d", "u:hun?ter2@h/d",
      "u:hun@ter2@h/d", "u:@h/d", "h/d?password=hunter2", "h/d?a=b&password=hunter%zz2",
      "h/d?pass%77ord=hunter2",
      "h/d?sslpassword=hunter2", "h/d?oauth_client_secret=hunter2",
    ])
  func secrets(_ rest: String) {
    for scheme in ["postgresql", "postgres"] {
      let error = #expect(throws: SearchError.self) { try SearchPlace("\(scheme)://\(rest)") }
      #expect(error?.kind == .address)
      for word in ["~/.pgpass", "PGPASSFILE", "PGPASSWORD", "service file"] {
        #expect(error?.description.contains(word) == true)
      }
      for part in ["hunter", "hun@", "ter2"] { #expect(error?.description.contains(part) == false) }
    }
  }

  @Test(.enabled(if: PostgreSQLServer.isWanted, "no PostgreSQL library is installed"))
  func addresses() throws {
    for rest in ["", "/d", "u@h/d", "h:5432/d?sslmode=require", "[::1]:5432/d", "u%40x@h/d?passfile=/a/b"] {
      let text = "postgresql://\(rest)"
      #expect(try SearchPlace(text) == .server(PostgreSQLAddress(text)))
    }
    for rest in ["[::1/d", "h/d?nonsense=1", "h/%zz"] {
      let error = #expect(throws: SearchError.self) { try SearchPlace("postgresql://\(rest)") }
      #expect(error?.description.hasPrefix("the PostgreSQL address cannot be read") == true)
    }
  }

  @Test func aMissingLibrarySaysWhatToInstall() {
    let error = #expect(throws: SearchError.self) { try PostgreSQLLibrary(names: ["libnothing.so.5"]) }
    #expect(error?.kind == .storage)
    #expect(
      error?.description.contains("libnothing.so.5: install it (Debian and Ubuntu: apt-get install libpq5)")
        == true)
  }
}
