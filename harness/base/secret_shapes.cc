#include "harness/base/secret_shapes.h"

#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace tales::internal {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool IsBase64(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/'; }
bool IsBase64Url(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; }
bool IsTokenChar(char c) { return IsBase64(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '='; }

template <typename Predicate>
size_t SkipWhile(std::string_view text, size_t at, Predicate predicate) {
  while (at < text.size() && predicate(text[at])) ++at;
  return at;
}

// Base64 of a text depends on where in a group of three bytes it begins; of each of the three forms, the characters
// that depend on nothing around it.
std::array<std::string, 3> Base64Forms(std::string_view text) {
  std::array<std::string, 3> forms;
  for (size_t shift = 0; shift < 3; ++shift) {
    const std::string encoded = absl::Base64Escape(std::string(shift, '\0') + std::string(text));
    const size_t first = (shift * 8 + 5) / 6, last = (shift + text.size()) * 8 / 6;
    forms[shift] = encoded.substr(first, last - first);
  }
  return forms;
}

// The end of a run of base64 that goes on over line ends: kubectl and mail wrap it, YAML indents it.
size_t EndOfBase64(std::string_view text, size_t at) {
  constexpr size_t kWrapped = 48;  // a shorter line is the last one
  while (true) {
    const size_t line = at;
    at = SkipWhile(text, at, IsBase64);
    const size_t length = at - line;
    at = SkipWhile(text, at, [](char c) { return c == '='; });
    if (length < kWrapped || at >= text.size() || (text[at] != '\n' && text[at] != '\r')) return at;
    const size_t next = SkipWhile(text, at, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    const size_t next_end = SkipWhile(text, next, [](char c) { return IsBase64(c) || c == '='; });
    if (next_end == next || (next_end < text.size() && text[next_end] != '\n' && text[next_end] != '\r')) return at;
    at = next;
  }
}

}  // namespace

void FindPemPrivateKeys(std::string_view text, Spans& spans) {
  constexpr std::string_view kBegin = "-----BEGIN ", kDashes = "-----", kEnd = "-----END ";
  size_t at = 0;
  size_t end_marker = 0;  // the first one at or behind `at`, as far as is known
  while ((at = text.find(kBegin, at)) != kNone) {
    const size_t label = at + kBegin.size();
    const size_t label_end = text.substr(0, std::min(text.size(), label + 64)).find(kDashes, label);
    const std::string_view name = text.substr(label, label_end == kNone ? 64 : label_end - label);
    if (name.find("PRIVATE KEY") == kNone) {
      at = label;
      continue;
    }
    const size_t body = label + name.size();
    if (end_marker != kNone && end_marker < body) end_marker = text.find(kEnd, body);
    size_t end;
    if (end_marker == kNone) {  // truncated: what still looks like the body
      end = SkipWhile(text, body, [](char c) {
        return IsBase64(c) || c == '=' || c == '-' || c == '\\' || absl::ascii_isspace(static_cast<unsigned char>(c));
      });
    } else {
      end = text.find(kDashes, end_marker + kEnd.size());
      end = end == kNone ? text.size() : end + kDashes.size();
    }
    spans.push_back({at, end});
    at = end;
  }
}

void FindBase64PrivateKeys(std::string_view text, Spans& spans) {
  static const std::array<std::string, 3> forms = Base64Forms("PRIVATE KEY");
  for (const std::string& form : forms) {
    size_t at = 0;
    while ((at = text.find(form, at)) != kNone) {
      size_t begin = at;
      while (begin > 0 && IsBase64(text[begin - 1])) --begin;
      const size_t end = EndOfBase64(text, begin);
      spans.push_back({begin, end});
      at = end;
    }
  }
}

void FindJwts(std::string_view text, Spans& spans) {
  constexpr std::string_view kStart = "eyJ";  // base64 of `{"`
  constexpr size_t kShortest = 10;
  size_t at = 0;
  while ((at = text.find(kStart, at)) != kNone) {
    const size_t header_end = SkipWhile(text, at, IsBase64Url);
    const bool begins_word = at == 0 || !IsBase64Url(text[at - 1]);
    size_t end = header_end;
    if (begins_word && header_end - at >= kShortest && header_end < text.size() && text[header_end] == '.') {
      const size_t payload_end = SkipWhile(text, header_end + 1, IsBase64Url);
      if (payload_end - header_end > kShortest) {
        end = payload_end;
        if (end < text.size() && text[end] == '.') end = SkipWhile(text, end + 1, IsBase64Url);
        spans.push_back({at, end});
      }
    }
    at = end;
  }
}

void FindBearerTokens(std::string_view text, Spans& spans) {
  constexpr size_t kShortest = 16;  // "bearer tokens are ..." is prose
  for (size_t at = 0; (at = text.find("earer ", at)) != kNone;) {
    const size_t begin = SkipWhile(text, at + 6, [](char c) { return c == ' '; });
    const size_t end = SkipWhile(text, begin, IsTokenChar);
    if (at > 0 && (text[at - 1] == 'B' || text[at - 1] == 'b') && end - begin >= kShortest)
      spans.push_back({begin, end});
    at = end;
  }
}

void FindUrlPasswords(std::string_view text, Spans& spans) {
  constexpr std::string_view kScheme = "://";
  for (size_t at = 0; (at = text.find(kScheme, at)) != kNone;) {
    const size_t begin = at + kScheme.size();
    const size_t end = SkipWhile(text, begin, [](char c) {
      return c != '@' && c != '/' && c != '?' && c != '#' && c != '"' && c != '\'' &&
             !absl::ascii_isspace(static_cast<unsigned char>(c));
    });
    if (end < text.size() && text[end] == '@') {
      const size_t colon = text.substr(0, end).find(':', begin);
      if (colon != kNone && colon + 1 < end) spans.push_back({colon + 1, end});
    }
    at = end;
  }
}

}  // namespace tales::internal
