// Where in a text secrets are, judged by their shape. Internal to redactor.cc.
//
// Each function is one linear pass over any bytes and appends what it finds; findings may overlap.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace tales::internal {

struct Span {
  size_t begin, end;
};
using Spans = std::vector<Span>;

void FindPemPrivateKeys(std::string_view text, Spans& spans);
void FindBase64PrivateKeys(std::string_view text, Spans& spans);  // a PEM private key anywhere inside base64
void FindJwts(std::string_view text, Spans& spans);
void FindBearerTokens(std::string_view text, Spans& spans);
void FindUrlPasswords(std::string_view text, Spans& spans);  // https://user:password@host
// Values of keys whose name says that they are secret: YAML, JSON (also escaped inside JSON), query strings, flags.
void FindSecretValues(std::string_view text, Spans& spans);

}  // namespace tales::internal
