import Foundation
import Pictures
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Drawings")
struct DrawingTests {
  @Test("SVG is sound XML, and what came from outside is text in it")
  func markup() throws {
    let hostile = "</text><script>alert(1)</script> & \"q\" 'a' \u{0}\u{1B}\u{FFFF}]]>\n<!--"
    let drawings = [
      LineChart(
        title: hostile, description: hostile, x: Axis(hostile), y: Axis(hostile),
        series: [.init(hostile, [1, 2])], annotations: [.init(x: 1, hostile)]
      ).drawing(width: 2000),
      ScatterChart(title: hostile, points: [Point(0, 0)], colour: .classes([0], names: [hostile])).drawing(
        width: 3000),
      HeatMap(rowTitle: hostile, rows: [hostile], columns: [hostile], values: [[1]]).drawing(width: 3000),
      BarChart(title: hostile, bars: [.init(hostile, 1)], reference: .init(1, hostile)).drawing(width: 3000),
      ParallelCoordinates(columns: [.init(hostile, [hostile])], results: [1], resultAxis: Axis(hostile))
        .drawing(),
      Mosaic(
        title: hostile, columns: [hostile], rows: [.init(hostile, [Picture(width: 1, height: 1, shade: 0)])]
      ).drawing(),
    ]
    for drawing in drawings {
      let text = drawing.svg()
      #expect(!text.contains("<script") && !text.contains("<!--") && !text.contains("\u{0}"))
      #expect(text.contains("&lt;script&gt;"))
      #expect(XMLParser(data: Data(text.utf8)).parse(), "\(text)")
    }
    for (name, drawing) in ChartExamples.all {
      #expect(XMLParser(data: Data(drawing.svg().utf8)).parse(), "\(name)")
      #expect(!drawing.svg().contains("nan") && !drawing.svg().contains("inf"), "\(name)")
    }
  }

  @Test("SVG has alternative text, and rules for light and dark of what it uses and no more")
  func style() throws {
    let text = ChartExamples.lines.svg()
    #expect(
      text.contains(#"role="img""#) && text.contains("<title>Loss</title>\n<desc>Two losses fall.</desc>"))
    #expect(text.contains("@media screen and (prefers-color-scheme:dark)"))
    #expect(text.contains(".s0{") && !text.contains(".s7{") && !text.contains("stroke=\"#"))
    let embedded = ChartExamples.lines.svg(isEmbedded: true)
    #expect(!embedded.contains("<style"))
    for line in embedded.split(separator: "\n") where !line.hasPrefix("<svg") { #expect(text.contains(line)) }
    for name in ["i", "s9", "t0", "v8", "kk", "oo", "h"] {
      #expect(Drawing.styleSheet.contains(".facsimile-chart .\(name){"))
    }
  }

  @Test("Numbers have one form")
  func numbers() {
    #expect(Numerals.fixed(0.0158, 3) == "0.016" && Numerals.fixed(-0.0004, 3) == "0.000")
    #expect(Numerals.fixed(60_000, 0) == "60,000" && Numerals.fixed(-1234.5, 1) == "-1,234.5")
    #expect(Numerals.fixed(.nan, 2) == "–" && Numerals.fixed(-.infinity, 2) == "–")
    #expect(Numerals.fixed(1e30, 2) == "1.000e30")
    #expect(Numerals.significant(0.015812, 3) == "0.0158" && Numerals.significant(12_345, 3) == "12,345")
    #expect(Numerals.significant(1.5e-9, 3) == "1.50e-9" && Numerals.significant(-2.25e20, 3) == "-2.25e20")
    #expect(Numerals.significant(0, 3) == "0" && Numerals.significant(.nan, 3) == "–")
    #expect(Numerals.significant(.leastNonzeroMagnitude, 2).hasSuffix("e-324"))
    #expect(Numerals.significant(9.999, 3) == "10.0" || Numerals.significant(9.999, 3) == "10.00")
  }

  @Test("Our logarithm is the C library's to 4 ULP")
  func logarithm() {
    for value in ChartExamples.numbers(2000).map({ $0 * 2 }) + [
      .leastNonzeroMagnitude, .leastNormalMagnitude / 3, 0.1, 1, 2, 10, 1e22, 1.7e308,
    ] where value > 0 {
      let expected = Foundation.log10(value)
      #expect((Numerals.log10(value) - expected).magnitude <= 4 * max(expected.ulp, 1e-16), "\(value)")
    }
  }

  @Test("Every character that charts write has a glyph")
  func lettering() {
    let printable = String((0x20...0x7E).map { Character(Unicode.Scalar($0)!) })
    let letters = "×·–…±°−²→←≤≥µμσÄÖÜäöüßéèêëçñåÅøØæÆšČžãõíóúâîôûýĂăōąę"
    #expect(Lettering.missing(in: printable + letters) == [])
    #expect(Lettering.missing(in: "a中b🙂") == ["中", "🙂"])
    // No two of them look the same.
    let pictures = printable.filter { $0 != " " }.map { character in
      var drawing = Drawing(width: 16, height: 20, title: "", description: "")
      drawing.text("\(character)", at: Point(2, 15), size: 14)
      return drawing.picture(scale: 1).pixels
    }
    #expect(Set(pictures).count == pictures.count)
    #expect(pictures.allSatisfy { $0.contains { $0 < 128 } })
    #expect((Lettering.width("0123456789", size: 20) - 10 * Lettering.width("1", size: 20)).magnitude < 1e-9)
    #expect(Lettering.fitted("denoising-autoencoder", width: 60, size: 12).hasSuffix("…"))
    #expect(
      Lettering.fitted("ab", width: 1, size: 12) == "" && Lettering.fitted("ab", width: 60, size: 12) == "ab")
  }

  @Test("Pixels are where they should be, with soft edges")
  func raster() {
    var drawing = Drawing(width: 20, height: 20, title: "", description: "")
    drawing.box(Rectangle(x: 2, y: 3, width: 4.5, height: 2), .on(blackIfLight: true, blackIfDark: true))
    drawing.line([Point(2, 10.5), Point(18, 10.5)], .on(blackIfLight: true, blackIfDark: true))
    drawing.marks([Point(15, 4)], radius: 2, .on(blackIfLight: true, blackIfDark: true), opacity: 0.5)
    let picture = drawing.picture(scale: 1)
    #expect(picture[1, 3] == 255 && picture[2, 3] == 0 && picture[5, 4] == 0 && picture[6, 4] == 128)
    #expect(picture[7, 4] == 255 && picture[3, 5] == 255)
    #expect(picture[10, 10] == 0 && picture[10, 9] == 255 && picture[10, 11] == 255)
    // Half covered, twice: overlapping marks do not add up their opacity.
    #expect(picture[15, 4] == 128 && picture[15, 8] == 255)
    let double = drawing.picture(scale: 2)
    #expect(double.width == 40 && double[20, 20] == 0 && double[20, 21] == 0 && double[20, 22] == 255)
    drawing.marks(
      [Point(10, 16), Point(10, 16)], radius: 3, .on(blackIfLight: true, blackIfDark: true), opacity: 0.5)
    #expect(drawing.picture(scale: 1)[10, 16] == 128)
    #expect(drawing.picture(theme: .dark, scale: 1)[0, 0] == 0x15)
  }
}
