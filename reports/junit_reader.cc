#include "reports/junit_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "pugixml.hpp"
#include "reports/clean_text.h"

namespace tales::reports {

// The text is parsed in place: what the document says of names and text points into `text`. In another encoding than
// UTF-8 it points into a converted copy that the document owns, which then has to stay.
struct JUnitReport::Storage {
  std::string text;
  std::unique_ptr<pugi::xml_document> document = std::make_unique<pugi::xml_document>();
  std::deque<std::string> made;  // what had to be cleaned or put together
};

void JUnitReport::StorageDeleter::operator()(Storage* storage) const { delete storage; }

namespace {

constexpr int kDeepest = 64;   // suites inside suites
constexpr size_t kTail = 100;  // bytes of the end of a broken text that are kept to say what is wrong with it
constexpr std::string_view kWhite = " \t\r\n";

// Most text is plain ASCII and can stay where it is. Eight bytes at a time: every byte of a file passes here.
bool NeedsCleaning(std::string_view text) {
  const auto is_plain = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte < 0x7F) || c == '\n' || c == '\t';
  };
  constexpr uint64_t kEach = 0x0101010101010101;
  while (text.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    // The top bit of a byte that is above 0x7E, or below 0x20.
    const uint64_t odd = (word | (word + kEach) | (word - 0x20 * kEach)) & 0x80 * kEach;
    if (odd != 0 && !std::all_of(text.begin(), text.begin() + sizeof word, is_plain)) return true;
    text.remove_prefix(sizeof word);
  }
  return !std::all_of(text.begin(), text.end(), is_plain);
}

std::string_view FirstLine(std::string_view text) {
  const size_t start = text.find_first_not_of(kWhite);
  if (start == std::string_view::npos) return "";
  text.remove_prefix(start);
  return text.substr(0, text.find('\n'));
}

// "1,234.5" (Surefire), "1.9e-05" (ginkgo); what is not a time is 0.
double Seconds(const char* text) {
  double seconds = 0;
  const bool is_number = std::strchr(text, ',') == nullptr
                             ? absl::SimpleAtod(text, &seconds)
                             : absl::SimpleAtod(absl::StrReplaceAll(text, {{",", ""}}), &seconds);
  return is_number && std::isfinite(seconds) && seconds > 0 ? seconds : 0;
}

// What a case is that has no element of a result. A status that nobody knows is no reason to doubt a pass.
JUnitResult ResultOfStatus(std::string_view status, std::string_view result) {
  for (const char* never : {"notrun", "disabled", "skipped", "pending"}) {
    if (status == never) return JUnitResult::kSkipped;
  }
  if (result == "suppressed" || result == "skipped") return JUnitResult::kSkipped;
  for (const char* error : {"error", "panicked", "interrupted"}) {
    if (status == error) return JUnitResult::kError;
  }
  for (const char* failed : {"failed", "fail", "timedout", "aborted"}) {
    if (status == failed) return JUnitResult::kFailed;
  }
  return JUnitResult::kPassed;
}

std::optional<JUnitResult> ResultOfElement(std::string_view name) {
  if (name == "error") return JUnitResult::kError;
  if (name == "failure") return JUnitResult::kFailed;
  if (name == "skipped") return JUnitResult::kSkipped;
  if (name == "flakyFailure" || name == "flakyError") return JUnitResult::kFlaky;
  return std::nullopt;
}

// Of several elements below one case the most telling decides.
int Weight(JUnitResult result) {
  switch (result) {
    case JUnitResult::kError:
      return 4;
    case JUnitResult::kFailed:
      return 3;
    case JUnitResult::kSkipped:
      return 2;
    case JUnitResult::kFlaky:
      return 1;
    case JUnitResult::kPassed:
      return 0;
  }
  return 0;
}

}  // namespace

class JUnitParser {
 public:
  JUnitParser(std::string text, std::string_view origin, const JUnitLimits& limits) : origin_(origin), limits_(limits) {
    report_.storage_.reset(new JUnitReport::Storage);
    report_.storage_->text = std::move(text);
  }

  absl::StatusOr<JUnitReport> Parse() {
    TALES_RETURN_IF_ERROR(LookAtText());
    TALES_RETURN_IF_ERROR(LoadDocument());
    TALES_RETURN_IF_ERROR(WalkDocument());
    return std::move(report_);
  }

 private:
  JUnitReport::Storage& storage() { return *report_.storage_; }
  pugi::xml_document& document() { return *storage().document; }

  absl::Status Error(absl::StatusCode code, std::string_view what) const {
    return {code, absl::StrCat(origin_, ": ", OneLine(what))};
  }

  // Before anything is built from it: is it XML at all, and is it of a size that memory can be found for?
  absl::Status LookAtText() {
    const std::string_view text = storage().text;
    if (text.size() > limits_.bytes) {
      return Error(absl::StatusCode::kOutOfRange, absl::StrCat("longer than ", limits_.bytes, " bytes"));
    }
    if (text.find_first_not_of(kWhite) == std::string_view::npos) {
      return Error(absl::StatusCode::kDataLoss, "empty: whoever was to write it died first");
    }
    if (absl::StartsWith(text, "\x1F\x8B")) {
      return Error(absl::StatusCode::kInvalidArgument, "gzip-compressed; unpack it first");
    }
    uint64_t markup = 0, cases = 0;
    for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
      ++markup;
      if (absl::StartsWith(text.substr(at), "<testcase")) ++cases;
    }
    for (size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) ++markup;
    if (markup > limits_.markup) {
      return Error(absl::StatusCode::kOutOfRange,
                   absl::StrCat(markup, " tags and attributes, more than ", limits_.markup));
    }
    report_.cases_.reserve(cases);
    return absl::OkStatus();
  }

  absl::Status LoadDocument() {
    // In-place parsing wears the text out: what an error wants to tell of it is taken before.
    std::string& text = storage().text;
    const size_t size = text.size();
    const size_t zero = text.find('\0');
    const size_t end = text.find_last_not_of(kWhite) + 1;
    const std::string tail = text.substr(end < kTail ? 0 : end - kTail, std::min(end, kTail));
    const std::string head(FirstLine(std::string_view(text).substr(0, 60)));
    const pugi::xml_parse_result parsed = document().load_buffer_inplace(text.data(), size);
    is_utf8_ = parsed.encoding == pugi::encoding_utf8;
    const auto at = [&](std::string_view what) {
      return absl::StrCat(what, " at byte ", parsed.offset, " of ", size, LastCase());
    };
    if (parsed.status == pugi::status_out_of_memory) {
      return Error(absl::StatusCode::kOutOfRange, "not enough memory to read it");
    }
    const pugi::xml_node root = document().document_element();
    const std::string name = root.name();
    if (name.empty() && !absl::StrContains(head, '<')) {
      return Error(absl::StatusCode::kInvalidArgument, absl::StrCat("not XML; it starts with \"", head, "\""));
    }
    if (!name.empty() && name != "testsuites" && name != "testsuite") {
      return Error(absl::StatusCode::kInvalidArgument,
                   absl::StrCat("not JUnit: its root is <", name, ">, not <testsuites> or <testsuite>"));
    }
    if (!parsed && is_utf8_ && !absl::EndsWith(tail, absl::StrCat("</", name, ">"))) {
      return Error(absl::StatusCode::kDataLoss, at(absl::StrCat("it ends in the middle: ", parsed.description())));
    }
    if (!parsed) {
      return Error(absl::StatusCode::kDataLoss, at(absl::StrCat("not well-formed: ", parsed.description())));
    }
    if (is_utf8_ && zero != std::string::npos) {
      return Error(absl::StatusCode::kDataLoss, absl::StrCat("a zero byte at ", zero));
    }
    if (const pugi::xml_node second = NextElement(root); !second.empty()) {
      return Error(absl::StatusCode::kDataLoss, absl::StrCat("a second root, <", second.name(), ">: two files in one"));
    }
    return absl::OkStatus();
  }

  static pugi::xml_node NextElement(pugi::xml_node node) {
    do {
      node = node.next_sibling();
    } while (!node.empty() && node.type() != pugi::node_element);
    return node;
  }

  // Where a broken file breaks, in words of its reader: what was read last.
  std::string LastCase() {
    pugi::xml_node last = document().document_element();
    while (!last.last_child().empty() && std::string_view(last.name()) != "testcase") last = last.last_child();
    if (std::string_view(last.name()) != "testcase") return "";
    return absl::StrCat(", in or after testcase \"", last.attribute("name").value(), "\"");
  }

  absl::Status WalkDocument() {
    TALES_RETURN_IF_ERROR(Walk(document().document_element(), "", 0));
    if (is_utf8_) storage().document.reset();
    return absl::OkStatus();
  }

  // A suite, or the root around all. The root is a suite only where it holds what belongs to one.
  absl::Status Walk(pugi::xml_node node, const std::string& around, int depth) {
    if (depth > kDeepest) {
      return Error(absl::StatusCode::kInvalidArgument, absl::StrCat("suites nested deeper than ", kDeepest));
    }
    constexpr size_t kNone = static_cast<size_t>(-1);
    size_t suite = kNone;
    const auto enter = [&] {
      if (suite != kNone) return suite;
      suite = report_.suites_.size();
      AddSuite(node, around);
      return suite;
    };
    if (std::string_view(node.name()) == "testsuite") enter();
    for (const pugi::xml_node child : node.children()) {
      const std::string_view name = child.name();
      if (name == "testcase") {
        AddCase(child, enter());
      } else if (name == "testsuite") {
        const std::string path = suite == kNone ? around : report_.suites_[suite].path;
        TALES_RETURN_IF_ERROR(Walk(child, path, depth + 1));
      } else if (name == "properties") {
        AddProperties(child, report_.suites_[enter()]);
      } else if (name == "failure" || name == "error") {
        JUnitCase& one = AddCase(pugi::xml_node(), enter());
        one.result = *ResultOfElement(name);
        Decide(one, child);
      }
    }
    return absl::OkStatus();
  }

  void AddSuite(pugi::xml_node node, const std::string& around) {
    JUnitSuite& suite = report_.suites_.emplace_back();
    suite.name = Name(node.attribute("name").value());
    suite.path = absl::StrCat(around, around.empty() ? "" : "/", suite.name);
    suite.timestamp = Name(node.attribute("timestamp").value());
    suite.hostname = Name(node.attribute("hostname").value());
    suite.package = Name(node.attribute("package").value());
  }

  void AddProperties(pugi::xml_node properties, JUnitSuite& suite) {
    for (const pugi::xml_node property : properties.children("property")) {
      const pugi::xml_attribute value = property.attribute("value");
      suite.properties.emplace_back(Name(property.attribute("name").value()),
                                    value.empty() ? Body(property) : Keep(value.value()));
    }
  }

  JUnitCase& AddCase(pugi::xml_node testcase, size_t suite) {
    JUnitCase& one = report_.cases_.emplace_back();
    one.suite = static_cast<uint32_t>(suite);
    std::string_view result;
    for (const pugi::xml_attribute attribute : testcase.attributes()) {
      const std::string_view name = attribute.name();
      if (name == "name") one.name = Name(attribute.value());
      if (name == "classname") one.classname = Name(attribute.value());
      if (name == "status") one.status = Name(attribute.value());
      if (name == "result") result = attribute.value();
      if (name == "time") one.seconds = Seconds(attribute.value());
    }
    pugi::xml_node decides;
    Pieces output;
    for (const pugi::xml_node child : testcase.children()) {
      const std::string_view name = child.name();
      if (absl::StartsWith(name, "flaky") || absl::StartsWith(name, "rerun")) ++one.earlier_failures;
      if (name == "system-out" || name == "system-err") output.Add(Body(child), "\n");
      const std::optional<JUnitResult> found = ResultOfElement(name);
      if (!found.has_value() || Weight(*found) <= Weight(one.result)) continue;
      one.result = *found;
      decides = child;
    }
    one.output = Together(std::move(output));
    if (one.result == JUnitResult::kPassed) {
      one.result = ResultOfStatus(one.status, result);
      if (one.result != JUnitResult::kPassed) one.type = one.status;
    }
    Decide(one, decides);
    return one;
  }

  // What the element tells that made the result, and those of the same kind that follow it.
  void Decide(JUnitCase& one, pugi::xml_node element) {
    if (element.empty()) return;
    one.type = Name(element.attribute("type").value());
    one.message = Keep(element.attribute("message").value());
    Pieces text;
    text.Add(Body(element), "\n");
    if (std::string_view(element.parent().name()) == "testcase") {
      for (pugi::xml_node more = element.next_sibling(element.name()); !more.empty();
           more = more.next_sibling(element.name())) {
        text.Add(Body(more), "\n");
      }
    }
    one.text = Together(std::move(text));
  }

  // Texts that become one: copied only when there is a second.
  struct Pieces {
    std::string_view first;
    std::string all;
    void Add(std::string_view text, std::string_view between) {
      if (text.empty()) return;
      if (first.empty()) {
        first = text;
        return;
      }
      if (all.empty()) all = first;
      absl::StrAppend(&all, absl::EndsWith(all, between) ? "" : between, text);
    }
  };
  std::string_view Together(Pieces pieces) { return pieces.all.empty() ? pieces.first : Make(std::move(pieces.all)); }

  // The text of an element. Surefire wraps that of flaky and rerun ones in <stackTrace>.
  std::string_view Body(pugi::xml_node element) {
    Pieces body;
    for (const pugi::xml_node child : element.children()) {
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
        body.Add(Keep(child.value()), "");  // pieces of one text: "a]]]]><![CDATA[>b"
      } else if (std::string_view(child.name()) == "stackTrace") {
        body.Add(Keep(child.text().get()), "\n");
      }
    }
    return Together(std::move(body));
  }

  std::string_view Make(std::string text) { return storage().made.emplace_back(std::move(text)); }

  std::string_view Keep(std::string_view text) { return NeedsCleaning(text) ? Make(CleanText(text)) : text; }

  // On one line, but otherwise to the letter: names are compared with lists of names.
  std::string_view Name(std::string_view text) {
    text = Keep(text);
    return absl::StrContains(text, '\n') ? Make(absl::StrReplaceAll(text, {{"\n", " "}})) : text;
  }

  const std::string_view origin_;
  const JUnitLimits limits_;
  bool is_utf8_ = true;
  JUnitReport report_;
};

std::string_view ToString(JUnitResult result) {
  switch (result) {
    case JUnitResult::kPassed:
      return "passed";
    case JUnitResult::kFailed:
      return "failed";
    case JUnitResult::kError:
      return "error";
    case JUnitResult::kSkipped:
      return "skipped";
    case JUnitResult::kFlaky:
      return "flaky";
  }
  return "error";
}

std::string_view JUnitSuite::Property(std::string_view key) const {
  for (const auto& [name, value] : properties) {
    if (name == key) return value;
  }
  return "";
}

std::string_view JUnitCase::spec() const { return absl::StripPrefix(name, "[It] "); }

std::string_view JUnitCase::Why() const { return FirstLine(FirstLine(message).empty() ? text : message); }

absl::StatusOr<JUnitReport> ParseJUnit(std::string text, std::string_view origin, const JUnitLimits& limits) {
  return JUnitParser(std::move(text), origin, limits).Parse();
}

absl::StatusOr<JUnitReport> ReadJUnit(const std::filesystem::path& path, const JUnitLimits& limits) {
  TALES_ASSIGN_OR_RETURN(std::string text, ReadFile(path, limits.bytes));
  return ParseJUnit(std::move(text), path.string(), limits);
}

}  // namespace tales::reports
