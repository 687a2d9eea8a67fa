#include "harness/logs/log_line.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "nlohmann/json.hpp"

namespace tales::logs {
namespace {

Level ParseLevel(std::string_view text) {
  const std::string level = absl::AsciiStrToLower(text.substr(0, 16));
  if (absl::StartsWith(level, "warn")) return Level::kWarning;
  if (absl::StartsWith(level, "err") || level == "fatal" || absl::StartsWith(level, "crit") || level == "panic" ||
      level == "dpanic") {
    return Level::kError;
  }
  if (absl::StartsWith(level, "info") || level == "notice") return Level::kInfo;
  if (absl::StartsWith(level, "debug") || level == "trace") return Level::kDebug;
  return Level::kNone;
}

bool IsKeyByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' || c == '/' || c == '@';
}

// Takes a string in Go's quotes off the front. False where it has no end.
bool TakeQuoted(std::string_view& text, std::string& value) {
  size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return false;
  const std::string_view inside = text.substr(1, end - 1);
  if (inside.find('\\') == std::string_view::npos || !absl::CUnescape(inside, &value)) value = inside;
  text.remove_prefix(end + 1);
  return true;
}

// Takes key=value off the front. False where it does not stand there.
bool TakePair(std::string_view& text, std::string& key, std::string& value) {
  std::string_view rest = text;
  if (absl::StartsWith(rest, "\"")) {
    if (!TakeQuoted(rest, key)) return false;
  } else {
    const auto end = static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), IsKeyByte) - rest.begin());
    key = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  if (key.empty() || !absl::StartsWith(rest, "=")) return false;
  rest.remove_prefix(1);
  if (!absl::StartsWith(rest, "\"") || !TakeQuoted(rest, value)) {
    const size_t end = std::min(rest.find(' '), rest.size());
    value = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  text = rest;
  return true;
}

// The pairs at the end of a line; what stands between them and is none is left out.
void TakePairs(std::string_view text, std::vector<std::pair<std::string, std::string>>& fields) {
  std::string key, value;
  while (!(text = absl::StripLeadingAsciiWhitespace(text)).empty()) {
    if (TakePair(text, key, value)) {
      fields.emplace_back(key, value);
    } else {
      text.remove_prefix(std::min(text.find(' '), text.size()));
    }
  }
}

// Takes what every format has out of the fields.
void TakeUsual(LogLine& line) {
  const auto take = [&](std::initializer_list<std::string_view> keys, auto use) {
    for (const std::string_view key : keys) {
      const auto found =
          std::find_if(line.fields.begin(), line.fields.end(), [&](const auto& f) { return f.first == key; });
      if (found == line.fields.end()) continue;
      use(std::move(found->second));
      line.fields.erase(found);
      return;
    }
  };
  take({"level", "severity", "lvl"}, [&](const std::string& text) { line.level = ParseLevel(text); });
  take({"msg", "message"}, [&](std::string text) { line.message = std::move(text); });
  take({"time", "ts", "timestamp"}, [&](std::string text) { line.time = std::move(text); });
}

bool ParseLogfmt(std::string_view text, LogLine& line) {
  const bool begins = absl::StartsWith(text, "time=") || absl::StartsWith(text, "level=") ||
                      absl::StartsWith(text, "ts=") || absl::StartsWith(text, "msg=");
  if (!begins) return false;
  line.format = LogLine::Format::kLogfmt;
  TakePairs(text, line.fields);
  TakeUsual(line);
  return true;
}

bool ParseJson(std::string_view text, LogLine& line) {
  if (!absl::StartsWith(text, "{")) return false;
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return false;
  line.format = LogLine::Format::kJson;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) {
      line.fields.emplace_back(key, value.get_ref<const std::string&>());
    } else if (value.is_primitive()) {
      line.fields.emplace_back(key, value.dump());
    }
  }
  TakeUsual(line);
  return true;
}

// Lmmdd hh:mm:ss.uuuuuu threadid file:line] message
bool ParseKlog(std::string_view text, LogLine& line) {
  constexpr std::string_view kShape = "Ldddd dd:dd:dd.dddddd ";
  if (text.size() < kShape.size()) return false;
  for (size_t i = 1; i < kShape.size(); ++i) {
    const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(text[i]));
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return false;
  }
  const size_t bracket = text.find("] ");
  if (bracket == std::string_view::npos) return false;
  switch (text[0]) {
    case 'I':
      line.level = Level::kInfo;
      break;
    case 'W':
      line.level = Level::kWarning;
      break;
    case 'E':
    case 'F':
      line.level = Level::kError;
      break;
    default:
      return false;
  }
  line.format = LogLine::Format::kKlog;
  line.time = text.substr(1, kShape.size() - 2);
  std::string_view rest = text.substr(bracket + 2);
  // Structured klog: "message" key="value".
  if (absl::StartsWith(rest, "\"") && TakeQuoted(rest, line.message)) {
    TakePairs(rest, line.fields);
  } else {
    line.message = text.substr(bracket + 2);
  }
  return true;
}

constexpr std::string_view kMarks[] = {"[error]", "[critical]", "panic:", "fatal error:"};

}  // namespace

bool LogLine::Has(std::string_view key) const {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == key; });
}

std::string_view LogLine::Field(std::string_view key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return value;
  }
  return "";
}

LogLine ParseLogLine(std::string_view text) {
  LogLine line;
  if (ParseLogfmt(text, line) || ParseJson(text, line) || ParseKlog(text, line)) return line;
  line = LogLine();
  line.message = text;
  return line;
}

std::vector<LinePattern> TroublePatterns() {
  // What a level's value begins with, behind `level=` or in quotes; each text costs a pass, so there are few.
  std::vector<LinePattern> patterns = {
      {.texts = {"=warn", "\"warn", "=WARN", "\"WARN", "=err", "\"err", "=ERR", "\"ERR", "=fatal", "\"fatal", "=panic",
                 "\"panic"}},
      {.texts = {"\nW", "\nE", "\nF"}, .expression = R"(^[WEF]\d{4} \d\d:\d\d:\d\d\.)"}};
  for (const std::string_view mark : kMarks) patterns[0].texts.emplace_back(mark);
  return patterns;
}

bool IsTrouble(std::string_view line, const LogLine& parsed) {
  if (parsed.level >= Level::kWarning) return true;
  // An info line may quote any of these; what has no level of its own may not.
  return parsed.level == Level::kNone && std::any_of(std::begin(kMarks), std::end(kMarks), [&](std::string_view mark) {
           return absl::StrContains(line, mark);
         });
}

}  // namespace tales::logs
