// One check instance of a run, as plain values: what is dealt to workers and judged, free of any cluster client.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace tales {

struct PlannedCheck {
  std::string name;      // "health.kubelet/worker"
  std::string check;     // "health.kubelet"
  std::string instance;  // "worker"; "" where the check has one instance
  std::string question;
  std::string tier;                             // "read", "create", "disruptive"
  std::vector<std::string> requires_;           // names of requirements
  std::vector<std::string> after;               // names of planned checks
  std::vector<std::string> explained_by;        // likewise; see Check
  absl::Duration deadline = absl::Seconds(30);  // of one look; of the whole for a producer
  std::string lock;
  bool required = false;
  bool optional = false;  // a requirement of the profile does not cover it where it is unsupported
  bool alone = false;
  bool retryable = false;
  // The producer whose run gives this verdict: its own id where it is the producer itself. "": a worker does.
  std::string producer;
  bool resumable = false;  // see Producer
  // Of a producer: the checks whose instances it makes up as it goes, by id, with their questions.
  std::map<std::string, std::string> families;
  // Decided before anything runs: the tier is not granted, or there is nothing to ask. Expected and found.
  std::optional<std::pair<std::string, std::string>> unsupported;

  bool is_producer() const { return !producer.empty() && producer == check; }
  std::string suite() const { return check.substr(0, check.find('.')); }
};

struct Plan {
  std::string profile;
  absl::Duration settle = absl::ZeroDuration();
  std::vector<PlannedCheck> checks;  // in the order of the registry
  std::string sha256;                // hex, over everything that decides what is asked
};

// The journal's `planned` event of a check.
nlohmann::json ToEvent(const PlannedCheck& check);

}  // namespace tales
