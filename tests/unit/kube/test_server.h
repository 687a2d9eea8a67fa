// An HTTP/1.1 server on 127.0.0.1 that answers what a test tells it to, byte for byte: truncated, hanging, wrong.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/pki/authority.h"

namespace tales::kube::testing {

struct Request {
  std::string method, target, body;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string client_name;                     // common name of the client's certificate
};

// What to send back, whole: status line, headers, body. Afterwards the connection is kept or dropped; kHang keeps it
// open and says no more.
struct Response {
  enum Then { kKeep, kDrop, kHang };
  std::string bytes;
  Then then = kKeep;
  std::vector<std::string> messages = {};  // instead: accept the WebSocket, send these, close
};
Response Answer(int status, std::string body, std::string headers = "");

class TestServer {
 public:
  struct Options {
    std::optional<pki::KeyPair> certificate;  // none: no TLS
    std::string client_authority;             // PEM; "" asks for no client certificate
    int port = 0;                             // 0: any free one
  };
  using Handler = std::function<Response(const Request&)>;  // called from several threads

  TestServer(Options options, Handler handler);
  ~TestServer();
  std::string url() const;
  int port() const;
  int connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tales::kube::testing
