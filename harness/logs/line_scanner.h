// Finds the lines that matter in a stream of bytes that may never end: quick as long as they are few, and in constant
// memory.
//
// A byte is a byte: NUL and what is not UTF-8 are part of a line like anything else. Lines end with \n; a \r before it
// goes. What is looked for is a text that has to stand in the line (searched for by its rarest byte, with memchr), and
// then, where that is not enough, an RE2 expression over the line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}

namespace tales::logs {

// A longer line is cut: what follows is not looked at, and cut_lines() counts it.
inline constexpr size_t kLongestLine = 256 << 10;

struct LinePattern {
  std::vector<std::string> texts;  // one of them has to stand in the line; a leading \n stands for the line's start
  std::string expression = {};     // RE2 over bytes (Latin-1), anywhere in the line. Default: the text is enough
};

struct FoundLine {
  std::string_view text;  // without its end; valid during the call only
  uint64_t offset;        // of its first byte in the stream
  uint32_t patterns;      // bit i: pattern i
};

// Not thread-safe.
class LineScanner {
 public:
  using Sink = std::function<void(const FoundLine&)>;

  // InvalidArgument: an expression that RE2 does not take, a pattern without a text, an empty text, more than 32
  // patterns.
  static absl::StatusOr<LineScanner> Make(const std::vector<LinePattern>& patterns, Sink sink);
  ~LineScanner();
  LineScanner(LineScanner&&) noexcept;
  LineScanner& operator=(LineScanner&&) noexcept;

  void Feed(std::string_view chunk);  // of any size; lines may begin and end anywhere in it
  void Finish();                      // the stream is over: a last line without an end counts too

  uint64_t bytes() const { return offset_; }
  uint64_t cut_lines() const { return cut_lines_; }

 private:
  struct Text {
    std::string bytes;
    size_t rarest = 0;  // index of the byte to search for
    size_t pattern = 0;
  };
  LineScanner();
  void FeedPiece(std::string_view piece);
  void EndCarriedLine();
  // Whole lines; the byte before `lines` is a \n. `offset`: of its first byte in the stream.
  void Scan(std::string_view lines, uint64_t offset);
  uint32_t Match(const char* begin, const char* end) const;

  std::vector<Text> texts_;
  std::vector<std::unique_ptr<re2::RE2>> expressions_;  // by pattern; nullptr: none
  Sink sink_;
  std::vector<const char*> next_;  // scratch: where each text stands next
  std::string carry_;              // \n and the beginning of a line whose end has not come yet
  bool cut_ = false;               // that line is longer than kLongestLine
  uint64_t offset_ = 0, cut_lines_ = 0, carry_offset_ = 0;
};

// Feeds a file; NotFound, PermissionDenied, DataLoss (a read that fails). Does not Finish(): more may follow.
absl::Status FeedFile(const std::string& path, LineScanner& scanner);

}  // namespace tales::logs
