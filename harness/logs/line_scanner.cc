#include "harness/logs/line_scanner.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "re2/re2.h"

namespace tales::logs {
namespace {

// The bytes of logs, the most frequent first; what is not here is rarer than all of it. Counted over logs of Cilium,
// kubelet and etcd.
constexpr std::string_view kFrequent =
    R"(e 2s1-i="noltm0a6:rdufcbg4.5vpy'738TZ9/kh_x,PI\DNCwR[]qASzFUE{}B();M|!LjO>K<*GHWV+XQ)";

size_t RarestByte(std::string_view text) {
  size_t best = 0, best_rank = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t rank = text[i] == '\n' ? 0 : std::min(kFrequent.find(text[i]), kFrequent.size()) + 1;
    if (rank > best_rank) best = i, best_rank = rank;
  }
  return best;
}

// The first place of `text` that lies in [begin, end), or `end`. A text may begin one byte before `begin`: with the \n
// of the line before.
const char* Find(std::string_view text, size_t rarest, const char* begin, const char* end) {
  const size_t before = text.front() == '\n' ? 1 : 0;
  if (static_cast<size_t>(end - begin) + before < text.size()) return end;
  const char* at = begin - before + rarest;
  while (at < end) {
    at = static_cast<const char*>(std::memchr(at, text[rarest], static_cast<size_t>(end - at)));
    if (at == nullptr) return end;
    const char* start = at - rarest;
    if (static_cast<size_t>(end - start) < text.size()) return end;
    if (std::memcmp(start, text.data(), text.size()) == 0) return start + before;
    ++at;
  }
  return end;
}

}  // namespace

LineScanner::LineScanner() : carry_(1, '\n') {}
LineScanner::~LineScanner() = default;
LineScanner::LineScanner(LineScanner&&) noexcept = default;
LineScanner& LineScanner::operator=(LineScanner&&) noexcept = default;

absl::StatusOr<LineScanner> LineScanner::Make(const std::vector<LinePattern>& patterns, Sink sink) {
  LineScanner scanner;
  if (patterns.size() > 32) return absl::InvalidArgumentError("a scanner takes at most 32 patterns");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (patterns[i].texts.empty()) return absl::InvalidArgumentError("a pattern without a text");
    for (const std::string& text : patterns[i].texts) {
      if (text.empty() || text == "\n" || text.find('\n', 1) != std::string::npos) {
        return absl::InvalidArgumentError("a pattern's text is a part of one line, and not empty");
      }
      scanner.texts_.push_back({text, RarestByte(text), i});
    }
    scanner.expressions_.emplace_back();
    if (patterns[i].expression.empty()) continue;
    auto expression = std::make_unique<RE2>(patterns[i].expression, options);
    if (!expression->ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the expression \"", patterns[i].expression, "\": ", expression->error()));
    }
    scanner.expressions_.back() = std::move(expression);
  }
  scanner.next_.resize(scanner.texts_.size());
  scanner.sink_ = std::move(sink);
  return scanner;
}

void LineScanner::Feed(std::string_view chunk) {
  // In pieces that stay in the processor's cache while each text is searched for. A longer line never lies whole in
  // one, so that it is cut at the same place whatever the chunks are.
  for (; !chunk.empty(); chunk.remove_prefix(std::min(chunk.size(), kLongestLine))) {
    FeedPiece(chunk.substr(0, kLongestLine));
  }
}

void LineScanner::FeedPiece(std::string_view piece) {
  if (const size_t end = piece.find('\n'); carry_.size() > 1 || end == std::string_view::npos) {
    const std::string_view rest = piece.substr(0, end);  // of the line that is being carried
    const size_t room = kLongestLine + 1 - carry_.size();
    carry_.append(rest.substr(0, room));
    cut_ = cut_ || rest.size() > room;
    offset_ += rest.size();
    if (end == std::string_view::npos) return;
    ++offset_;
    EndCarriedLine();
    piece.remove_prefix(end + 1);
  }
  const size_t last = piece.rfind('\n');
  if (last != std::string_view::npos) {
    // The first of these lines has no \n before it that could be read; it goes the way of carried ones.
    const size_t first = piece.find('\n');
    carry_.append(piece.substr(0, first));
    offset_ += first + 1;
    EndCarriedLine();
    if (last > first) Scan(piece.substr(first + 1, last - first), offset_);
    offset_ += last - first;
    piece.remove_prefix(last + 1);
  }
  carry_offset_ = offset_;
  carry_.append(piece);
  offset_ += piece.size();
}

void LineScanner::EndCarriedLine() {
  if (cut_) ++cut_lines_;
  Scan(std::string_view(carry_).substr(1), carry_offset_);
  carry_.resize(1);
  cut_ = false;
  carry_offset_ = offset_;
}

void LineScanner::Finish() {
  if (carry_.size() > 1) EndCarriedLine();
}

void LineScanner::Scan(std::string_view lines, uint64_t offset) {
  const char* const begin = lines.data();
  const char* const end = begin + lines.size();
  for (size_t i = 0; i < texts_.size(); ++i) next_[i] = Find(texts_[i].bytes, texts_[i].rarest, begin, end);
  while (true) {
    const char* const hit = next_.empty() ? end : *std::min_element(next_.begin(), next_.end());
    if (hit == end) break;
    const void* const before = memrchr(begin, '\n', static_cast<size_t>(hit - begin));
    const char* const line = before == nullptr ? begin : static_cast<const char*>(before) + 1;
    const void* const after = std::memchr(hit, '\n', static_cast<size_t>(end - hit));
    const char* const line_end = after == nullptr ? end : static_cast<const char*>(after);
    const char* const text_end = line_end > line && line_end[-1] == '\r' ? line_end - 1 : line_end;
    if (const uint32_t patterns = Match(line, text_end); patterns != 0) {
      sink_({std::string_view(line, static_cast<size_t>(text_end - line)), offset + static_cast<uint64_t>(line - begin),
             patterns});
    }
    for (size_t i = 0; i < texts_.size(); ++i) {
      if (next_[i] < line_end) next_[i] = Find(texts_[i].bytes, texts_[i].rarest, std::min(line_end + 1, end), end);
    }
  }
}

uint32_t LineScanner::Match(const char* begin, const char* end) const {
  uint32_t patterns = 0;
  for (const Text& text : texts_) {
    const uint32_t bit = uint32_t{1} << text.pattern;
    if ((patterns & bit) != 0 || Find(text.bytes, text.rarest, begin, end) == end) continue;
    const RE2* expression = expressions_[text.pattern].get();
    const std::string_view line(begin, static_cast<size_t>(end - begin));
    if (expression == nullptr || RE2::PartialMatch(line, *expression)) patterns |= bit;
  }
  return patterns;
}

absl::Status FeedFile(const std::string& path, LineScanner& scanner) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  std::string buffer(kLongestLine, '\0');
  absl::Status status = absl::OkStatus();
  while (true) {
    const ssize_t n = read(file, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) status = absl::DataLossError(absl::StrCat("reading ", path, ": ", std::strerror(errno)));
    if (n <= 0) break;
    scanner.Feed(std::string_view(buffer).substr(0, static_cast<size_t>(n)));
  }
  close(file);
  return status;
}

}  // namespace tales::logs
