#include "suites/shared/witness.h"

#include <chrono>
#include <utility>

namespace tales {
namespace {

constexpr std::chrono::seconds kEvery{2};
constexpr absl::Duration kLook = absl::Seconds(5);

}  // namespace

Witness::Witness(kube::Client& client, std::string cilium_namespace)
    : client_(client), cilium_namespace_(std::move(cilium_namespace)) {
  Look();
  thread_ = std::thread([this] { Run(); });
}

Witness::~Witness() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
  }
  ending_.notify_all();
  thread_.join();
}

ClusterChanges Witness::Look() {
  const Deadline deadline = Deadline::After(kLook);
  const auto nodes = client_.List(kube::kNodes, "", {}, deadline);
  absl::StatusOr<std::vector<kube::Json>> agents = std::vector<kube::Json>();
  if (nodes.ok() && !cilium_namespace_.empty()) {
    agents = client_.List(kube::kPods, cilium_namespace_, {.label_selector = "k8s-app=cilium", .field_selector = {}},
                          deadline);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (nodes.ok() && agents.ok()) {
    changes_.See(*nodes, *agents, watch_.elapsed());
  } else {
    changes_.SeeNothing(watch_.elapsed());
  }
  return changes_;
}

ClusterChanges Witness::changes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return changes_;
}

std::string Witness::NotReadyNow(const std::string& node) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return changes_.NotReadyNow(node);
}

void Witness::Run() {
  while (true) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (ending_.wait_for(lock, kEvery, [this] { return ends_; })) return;
    }
    Look();
  }
}

}  // namespace tales
