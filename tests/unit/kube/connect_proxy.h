// An HTTP proxy on 127.0.0.1 that knows CONNECT, and leads every name to one port of 127.0.0.1.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace tales::kube::testing {

class ConnectProxy {
 public:
  // `refusal`: the status line instead of a tunnel, "407 Proxy Authentication Required"; "" lets everybody through.
  explicit ConnectProxy(int target_port, std::string refusal = "");
  ~ConnectProxy();
  std::string address() const;                // "127.0.0.1:3128"
  std::vector<std::string> requests() const;  // heads, as they came

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tales::kube::testing
