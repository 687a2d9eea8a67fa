// One line of a program's log, in the formats that Kubernetes and Cilium write, told apart line by line: Cilium 1.17
// alone writes two of them into one stream.
//
//   logfmt  time="2026-11-22T21:16:02Z" level=warning msg="..." error="..." k8sPodName= subsys=x   (logrus, slog)
//   JSON    {"level":"warning","msg":"...","subsys":"x"}
//   klog    W1122 21:16:02.045862       1 file.go:123] ...
//
// Values are unquoted; \x escapes and bytes that are not UTF-8 stay bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/logs/line_scanner.h"

namespace tales::logs {

enum class Level { kNone, kDebug, kInfo, kWarning, kError };  // what is worse than an error is one

struct LogLine {
  enum class Format { kPlain, kLogfmt, kJson, kKlog };
  Format format = Format::kPlain;
  Level level = Level::kNone;
  std::string time;                                         // as written; "" where there is none
  std::string message;                                      // of a plain line: all of it
  std::vector<std::pair<std::string, std::string>> fields;  // the rest, in order; JSON: scalars only

  bool Has(std::string_view key) const;
  std::string_view Field(std::string_view key) const;  // "" where there is none
};

// Any bytes without a line end. What looks like none of the formats is plain.
LogLine ParseLogLine(std::string_view line);

// Finds every line that may be a warning or worse; IsTrouble decides, by the level, or where a line has none by a text
// that marks trouble in any format: "[error]", "[critical]", "panic:", "fatal error:".
std::vector<LinePattern> TroublePatterns();
bool IsTrouble(std::string_view line, const LogLine& parsed);

}  // namespace tales::logs
