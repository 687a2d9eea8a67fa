#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "harness/base/secret_shapes.h"

namespace tales::internal {
namespace {

enum class Kind {
  kInnocent,
  kHeader,  // the whole line is secret: Authorization, Cookie
  kStrong,  // whatever the value is: password, client-key-data
  kToken,   // when the value looks like a token, or stands alone as the value of a key: token, secret
  kKey,     // only when the value looks like random base64: a taint has a `key` too
};

bool IsNameChar(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }
bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

// `name` without `-` and `_`, in lower case: client-key-data, clientKeyData and CLIENT_KEY_DATA are one.
Kind Classify(std::string_view name) {
  constexpr size_t kLongest = 64;
  if (name.size() > kLongest) return Kind::kInnocent;
  std::array<char, kLongest> buffer;
  size_t length = 0;
  for (char c : name) {
    if (c != '-' && c != '_') buffer[length++] = absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  const std::string_view plain(buffer.data(), length);
  if (plain.size() < 3) return Kind::kInnocent;

  static constexpr std::array<std::string_view, 4> kHeaders = {"authorization", "proxyauthorization", "cookie",
                                                               "setcookie"};
  // What Talos, Kubernetes, cloud and NAS files and APIs call their secrets; the end of the name decides.
  static constexpr std::array<std::string_view, 16> kStrongEnds = {
      "password",     "passwd",           "passphrase",      "clientkeydata", "privatekey", "secretkey",
      "apikey",       "accesskey",        "accesstoken",     "refreshtoken",  "idtoken",    "synotoken",
      "clientsecret", "encryptionsecret", "secretaccesskey", "presharedkey"};
  static constexpr std::array<std::string_view, 3> kStrong = {"pass", "bootstraptoken", "bearertoken"};
  if (std::find(kHeaders.begin(), kHeaders.end(), plain) != kHeaders.end()) return Kind::kHeader;
  if (std::find(kStrong.begin(), kStrong.end(), plain) != kStrong.end()) return Kind::kStrong;
  for (std::string_view end : kStrongEnds) {
    if (absl::EndsWith(plain, end)) return Kind::kStrong;
  }
  if (plain == "key") return Kind::kKey;
  if (plain == "sid" || absl::EndsWith(plain, "token") || absl::EndsWith(plain, "secret")) return Kind::kToken;
  return Kind::kInnocent;
}

struct Alphabet {
  bool upper = false, lower = false, digit = false, slash = false, space = false, other = false;
};

Alphabet Look(std::string_view value) {
  Alphabet seen;
  for (char c : value) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) {
      seen.upper = true;
    } else if (absl::ascii_islower(static_cast<unsigned char>(c))) {
      seen.lower = true;
    } else if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      seen.digit = true;
    } else if (c == '/') {
      seen.slash = true;
    } else if (IsSpace(c)) {
      seen.space = true;
    } else if (c != '+' && c != '=' && c != '-' && c != '_') {
      seen.other = true;
    }
  }
  return seen;
}

// How a value stands in the text.
struct Value {
  std::string_view text;
  bool alone = false;  // it is all that its key has: a YAML line, a quoted JSON string; not a word in a sentence
};

bool IsSecret(Kind kind, const Value& value) {
  constexpr size_t kLongestName = 8 << 10;
  const std::string_view text = value.text;
  // No name is that long; and it bounds how often a hostile text is looked at again.
  if (text.size() > kLongestName) return kind != Kind::kInnocent;
  if (text.empty() || text == "true" || text == "false" || text == "null" || text == "~") return false;
  if (absl::StartsWith(text, "[redacted]")) return false;
  const Alphabet seen = Look(text);
  switch (kind) {
    case Kind::kInnocent:
      return false;
    case Kind::kHeader:
    case Kind::kStrong:
      return true;
    case Kind::kToken: {
      if (seen.space) return false;
      const bool name_of_something = seen.slash && !seen.upper;  // kube-system/cilium-ca
      if (name_of_something) return false;
      if (seen.digit && (seen.lower || seen.upper)) return text.size() >= 16 || (value.alone && text.size() >= 8);
      return value.alone && text.size() >= 24;
    }
    case Kind::kKey:
      return text.size() >= 24 && seen.upper && seen.lower && seen.digit && !seen.space && !seen.other &&
             text[0] != '/';
  }
  return false;
}

class Scanner {
 public:
  Scanner(std::string_view text, Spans& spans) : text_(text), spans_(spans) {}

  void Scan() {
    for (size_t at = 0; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '\n') line_ = at + 1;
      if (at < done_) continue;
      if (c == ':' || c == '=') AtSeparator(at);
      if (c == ' ') AtFlag(at);
    }
  }

 private:
  struct Name {
    std::string_view text;
    size_t begin = 0;
    bool quoted = false;
  };

  Name NameBefore(size_t separator) const {
    Name name;
    size_t end = separator;
    while (end > line_ && text_[end - 1] == ' ' && separator - end < 2) --end;
    while (end > line_ && (text_[end - 1] == '"' || text_[end - 1] == '\'' || text_[end - 1] == '\\')) {
      --end;
      name.quoted = true;
    }
    name.begin = end;
    while (name.begin > line_ && end - name.begin <= 64 && IsNameChar(text_[name.begin - 1])) --name.begin;
    name.text = text_.substr(name.begin, end - name.begin);
    return name;
  }

  // Whether nothing but indentation and punctuation of YAML stands between the line's start and `at`.
  bool BeginsEntry(size_t at) const {
    while (at > line_ && (text_[at - 1] == ' ' || text_[at - 1] == '\t')) --at;
    if (at > line_ && text_[at - 1] == '-') {
      --at;
      while (at > line_ && text_[at - 1] == ' ') --at;
    }
    return at == line_ || text_[at - 1] == '{' || text_[at - 1] == ',';
  }

  void AtSeparator(size_t separator) {
    const Name name = NameBefore(separator);
    const Kind kind = Classify(name.text);
    if (kind == Kind::kInnocent) return;
    const bool assignment = text_[separator] == '=';
    const bool entry = !assignment && (name.quoted || BeginsEntry(name.begin));
    size_t at = separator + 1;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    if (at >= text_.size()) return;
    if (!assignment && at == separator + 1 && !name.quoted && kind != Kind::kStrong && text_[at] != '"') return;
    if (entry && (text_[at] == '|' || text_[at] == '>') && (kind == Kind::kStrong || kind == Kind::kToken)) {
      return BlockScalar(at, name.begin);
    }
    Decide(kind, at, assignment, entry);
  }

  // `--token VALUE`
  void AtFlag(size_t space) {
    size_t begin = space;
    while (begin > line_ && space - begin <= 64 && IsNameChar(text_[begin - 1])) --begin;
    if (space - begin < 5 || text_.substr(begin, 2) != "--") return;
    const Kind kind = Classify(text_.substr(begin + 2, space - begin - 2));
    if (kind == Kind::kStrong || kind == Kind::kToken) Decide(kind, space + 1, /*assignment=*/true, /*entry=*/false);
  }

  void Decide(Kind kind, size_t at, bool assignment, bool entry) {
    size_t begin = at;
    while (begin < text_.size() && text_[begin] == '\\') ++begin;
    Value value;
    if (begin < text_.size() && (text_[begin] == '"' || text_[begin] == '\'')) {
      value.text = Quoted(begin + 1, text_[begin], /*escaped=*/begin > at);
      value.alone = !assignment;
      ++begin;
    } else {
      // A collection, an alias, a variable: its parts are looked at for themselves.
      if (at >= text_.size() || std::string_view("[{*&$<").find(text_[at]) != std::string_view::npos) return;
      begin = at;
      const bool one_word = kind == Kind::kToken || kind == Kind::kKey;
      value.text = Unquoted(at, assignment, /*to_line_end=*/!one_word && (kind == Kind::kHeader || entry));
      value.alone = entry && (!one_word || EndsEntry(at + value.text.size()));
    }
    if (!IsSecret(kind, value)) return;
    spans_.push_back({begin, begin + value.text.size()});
    done_ = begin + value.text.size();
  }

  std::string_view Quoted(size_t begin, char quote, bool escaped) const {
    size_t end = begin;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      if (text_[end] == '\\' && !escaped) ++end;
      ++end;
    }
    end = std::min(end, text_.size());
    while (escaped && end > begin && text_[end - 1] == '\\') --end;
    return text_.substr(begin, end - begin);
  }

  // Whether the entry of a key ends at `at`: the line, a comment, a flow collection.
  bool EndsEntry(size_t at) const {
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    return at >= text_.size() || std::string_view("\r\n#,}").find(text_[at]) != std::string_view::npos;
  }

  std::string_view Unquoted(size_t begin, bool assignment, bool to_line_end) const {
    size_t end = begin;
    for (; end < text_.size() && text_[end] != '\n' && text_[end] != '\r'; ++end) {
      const char c = text_[end];
      if (c == '"' || c == '\'' || c == ',' || c == '}') break;
      if (!to_line_end && (IsSpace(c) || c == ';' || c == ')' || c == ']')) break;
      if (assignment && (c == '&' || c == '\\' || c == '>')) break;
      if (to_line_end && c == '#' && end > begin && IsSpace(text_[end - 1])) break;
    }
    while (end > begin && IsSpace(text_[end - 1])) --end;
    return text_.substr(begin, end - begin);
  }

  // key: |
  //   everything that is indented deeper than the key
  void BlockScalar(size_t indicator, size_t key) {
    const size_t indent = key - line_;
    const size_t first = text_.find('\n', indicator);
    if (first == std::string_view::npos) return;
    size_t begin = std::string_view::npos, end = first;
    for (size_t at = first + 1; at < text_.size();) {
      const size_t newline = std::min(text_.find('\n', at), text_.size());
      size_t word = at;
      while (word < newline && text_[word] == ' ') ++word;
      if (word < newline && word - at <= indent) break;
      if (word < newline) {
        if (begin == std::string_view::npos) begin = word;
        end = newline;
      }
      at = newline + 1;
    }
    if (begin == std::string_view::npos) return;
    spans_.push_back({begin, end});
    done_ = end;
  }

  std::string_view text_;
  Spans& spans_;
  size_t line_ = 0;  // where the current line begins
  size_t done_ = 0;  // behind the last value that was found
};

}  // namespace

void FindSecretValues(std::string_view text, Spans& spans) { Scanner(text, spans).Scan(); }

}  // namespace tales::internal
