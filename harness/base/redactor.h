// Takes secrets out of text before it is written anywhere: journal, evidence, reports, terminal.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace tales {

// Two ways to know a secret: its shape (PEM private keys, also inside base64; bearer tokens; JWTs; values of YAML, JSON
// and query keys that are secret in Talos and Kubernetes files: key, token, secret, password, client-key-data,
// secretboxEncryptionSecret, bootstraptoken, ...), and its value (what a client registered when it loaded its
// credentials). Not thread-safe while secrets are being added; Redact() is const and thread-safe.
class Redactor {
 public:
  // Remembers a value that must never be shown. Values shorter than 8 bytes are ignored: they would redact prose.
  void Add(std::string_view secret);
  // `text` with every secret replaced by "[redacted]".
  std::string Redact(std::string_view text) const;

 private:
  std::set<std::string, std::less<>> secrets_;
};

}  // namespace tales
