// A port of 127.0.0.1 that leads to another, until it is told to refuse: an API server that goes away and comes back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"

namespace tales::testing {

class Forwarder {
 public:
  // `url`: "https://127.0.0.1:PORT", which it leads to.
  static absl::StatusOr<std::unique_ptr<Forwarder>> Start(std::string_view url);
  ~Forwarder();
  std::string url() const;
  // While true, connections are cut and new ones closed at once.
  void Refuse(bool refuse) { refuse_ = refuse; }
  // Refuses, as by Refuse(true), once so many more bytes have come back from there.
  void RefuseAfter(int64_t bytes) { left_ = bytes; }
  bool refuses() const { return refuse_; }

 private:
  Forwarder(int listener, int port, int target) : listener_(listener), port_(port), target_(target) {}
  void Serve();

  const int listener_, port_, target_;
  std::atomic<bool> refuse_ = false, stop_ = false;
  std::atomic<int64_t> left_ = 0;  // 0: no end
  std::thread thread_;
};

}  // namespace tales::testing
