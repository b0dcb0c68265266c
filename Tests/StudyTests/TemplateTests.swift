import Study
import Testing

@Suite struct TemplateTests {
  @Test func textIsNeverMarkup() {
    let hostile = #"<script>alert("1")</script> & 'more'"#
    let text = Template(#"<p title="{{name}}">{{name}}</p>"#).text(["name": .text(hostile)])
    let escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39;"
    #expect(text == #"<p title="\#(escaped)">\#(escaped)</p>"#)
  }

  @Test func whatIsNoTextOfAPageIsReplaced() {
    #expect(Template("{{name}}").text(["name": "a\u{0}b\u{1B}c\nd"]) == "a\u{FFFD}b\u{FFFD}c\nd")
  }

  @Test func markupStaysWhereATemplateAsksForIt() {
    #expect(Template("{{{name}}}").text(["name": "<b>"]) == "<b>")
  }

  @Test func sectionsStandOnceForEach() {
    let template = Template(
      "{{#rows}}<{{name}}{{#cells}} {{name}}{{/cells}}>{{/rows}}{{#none}}never{{/none}}")
    let rows: [PageValues] = [
      ["name": "a", "cells": .list([["name": "1"], ["name": "2"]])], ["name": "b", "cells": .list([])],
    ]
    #expect(template.text(["rows": .list(rows)]) == "<a 1 2><b>")
  }

  @Test func outerNamesAreKnownInside() {
    let template = Template("{{#rows}}{{outer}}{{/rows}}{{#outer}}!{{/outer}}{{#empty}}never{{/empty}}")
    #expect(template.text(["outer": "x", "empty": "", "rows": .list([[:], [:]])]) == "xx!")
  }

  @Test func templatesHoldTemplates() {
    let inner = Template("[{{name}}]")
    #expect(
      Template("{{#rows}}{{>inner}}{{/rows}}").text(
        ["rows": .list([["name": "a"]])], templates: ["inner": inner]) == "[a]")
  }

  @Test func separatedValuesAreQuoted() {
    #expect(CSV.text([["a", "b,c"], ["d\"e", "f\ng"]]) == "a,\"b,c\"\n\"d\"\"e\",\"f\ng\"\n")
  }
}
