#include "harness/base/redactor.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_replace.h"
#include "harness/base/secret_shapes.h"

namespace tales {

void Redactor::Add(std::string_view secret) {
  constexpr size_t kShortest = 8;
  if (secret.size() < kShortest) return;
  secrets_.emplace(secret);
  // As JSON shows it.
  if (secret.find('\n') != std::string_view::npos) secrets_.insert(absl::StrReplaceAll(secret, {{"\n", "\\n"}}));
}

std::string Redactor::Redact(std::string_view text) const {
  internal::Spans spans;
  for (const std::string& secret : secrets_) {
    for (size_t at = 0; (at = text.find(secret, at)) != std::string_view::npos; at += secret.size()) {
      spans.push_back({at, at + secret.size()});
    }
  }
  internal::FindPemPrivateKeys(text, spans);
  internal::FindBase64PrivateKeys(text, spans);
  internal::FindJwts(text, spans);
  internal::FindBearerTokens(text, spans);
  internal::FindUrlPasswords(text, spans);
  internal::FindSecretValues(text, spans);
  if (spans.empty()) return std::string(text);
  std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });

  std::string result;
  result.reserve(text.size());
  size_t shown = 0;  // everything before is in the result
  for (const auto& [begin, end] : spans) {
    if (end <= shown) continue;
    if (begin > shown || shown == 0) {
      result.append(text, shown, begin - shown);
      result.append("[redacted]");
    }
    shown = end;
  }
  result.append(text, shown);
  return result;
}

}  // namespace tales
