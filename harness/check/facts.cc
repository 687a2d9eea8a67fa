#include "harness/check/facts.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "harness/base/parallel.h"

namespace tales {
namespace {

constexpr size_t kParallel = 32;  // nodes asked at once
constexpr size_t kKernelLogLimit = 4 << 20;

}  // namespace

struct Facts::Impl {
  struct Entry {
    bool ready = false;
    std::any value;
  };
  // Entries are shared: one that is being fetched while Expire() runs still reaches those who already wait for it.
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::shared_ptr<Entry>> entries;
  // Nodes that did not answer when they were asked last. They are not asked ahead for others again: whoever asks for a
  // healthy node would wait for the deadline of a dead one, once a fact.
  std::set<std::string> silent;
  Cluster& cluster;

  explicit Impl(Cluster& c) : cluster(c) {}

  // The entry of `key`, and whether the caller is the one who has to fill it.
  std::pair<std::shared_ptr<Entry>, bool> Claim(const std::string& key) {
    std::lock_guard<std::mutex> lock(mutex);
    auto [it, inserted] = entries.try_emplace(key);
    if (inserted) it->second = std::make_shared<Entry>();
    return {it->second, inserted};
  }

  void Fill(Entry& entry, std::any value) {
    std::lock_guard<std::mutex> lock(mutex);
    entry.value = std::move(value);
    entry.ready = true;
    changed.notify_all();
  }

  bool IsSilent(const NodeDefinition& node) {
    std::lock_guard<std::mutex> lock(mutex);
    return silent.contains(node.name);
  }
  void Note(const NodeDefinition& node, const absl::Status& status) {
    std::lock_guard<std::mutex> lock(mutex);
    if (absl::IsDeadlineExceeded(status) || absl::IsUnavailable(status)) {
      silent.insert(node.name);
    } else {
      silent.erase(node.name);
    }
  }

  std::any Await(const Entry& entry) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return entry.ready; });
    return entry.value;
  }

  // The fact `what` of `node`. The first to ask asks all nodes of `scope` at once, since the next check will want them.
  template <typename T>
  absl::StatusOr<T> OfNode(const NodeDefinition& node, const std::string& what, std::optional<Role> scope,
                           const std::function<absl::StatusOr<T>(const NodeDefinition&)>& fetch) {
    auto key = [&](const NodeDefinition& n) { return absl::StrCat(what, "@", n.name); };
    struct Claimed {
      const NodeDefinition* node;
      std::shared_ptr<Entry> entry;
    };
    std::vector<Claimed> mine;
    auto [wanted, first] = Claim(key(node));
    if (first) {
      mine.push_back({&node, wanted});
      for (const NodeDefinition& other : cluster.definition().nodes) {
        if (other.name == node.name || (scope.has_value() && other.role != *scope) || IsSilent(other)) continue;
        auto [entry, inserted] = Claim(key(other));
        if (inserted) mine.push_back({&other, entry});
      }
    }
    ForEachInParallel(mine.size(), kParallel, [&](size_t i) {
      absl::StatusOr<T> fact = fetch(*mine[i].node);
      Note(*mine[i].node, fact.status());
      Fill(*mine[i].entry, std::move(fact));
    });
    return std::any_cast<absl::StatusOr<T>>(Await(*wanted));
  }
};

Facts::Facts(Cluster& cluster) : impl_(std::make_unique<Impl>(cluster)) {}
Facts::~Facts() = default;

std::any Facts::OnceAny(const std::string& key, const std::function<std::any()>& fetch) {
  auto [entry, first] = impl_->Claim(key);
  if (first) impl_->Fill(*entry, fetch());
  return impl_->Await(*entry);
}

void Facts::Expire() {
  std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->entries.clear();
}

absl::StatusOr<machine::Version> Facts::Version(const NodeDefinition& node) {
  return impl_->OfNode<machine::Version>(node, "version", std::nullopt, [this](const NodeDefinition& n) {
    return impl_->cluster.talos()->Version(n.address, Deadline::After(kCallDeadline));
  });
}

absl::StatusOr<machine::ServiceList> Facts::Services(const NodeDefinition& node) {
  return impl_->OfNode<machine::ServiceList>(node, "services", std::nullopt, [this](const NodeDefinition& n) {
    return impl_->cluster.talos()->Services(n.address, Deadline::After(kCallDeadline));
  });
}

absl::StatusOr<machine::Memory> Facts::Memory(const NodeDefinition& node) {
  return impl_->OfNode<machine::Memory>(node, "memory", std::nullopt, [this](const NodeDefinition& n) {
    return impl_->cluster.talos()->Memory(n.address, Deadline::After(kCallDeadline));
  });
}

absl::StatusOr<machine::Mounts> Facts::Mounts(const NodeDefinition& node) {
  return impl_->OfNode<machine::Mounts>(node, "mounts", std::nullopt, [this](const NodeDefinition& n) {
    return impl_->cluster.talos()->Mounts(n.address, Deadline::After(kCallDeadline));
  });
}

absl::StatusOr<machine::EtcdMembers> Facts::EtcdMembers(const NodeDefinition& node) {
  return impl_->OfNode<machine::EtcdMembers>(
      node, "etcd-members", Role::kControlPlane, [this](const NodeDefinition& n) {
        return impl_->cluster.talos()->EtcdMembers(n.address, Deadline::After(kCallDeadline));
      });
}

absl::StatusOr<machine::EtcdStatus> Facts::EtcdStatus(const NodeDefinition& node) {
  return impl_->OfNode<machine::EtcdStatus>(node, "etcd-status", Role::kControlPlane, [this](const NodeDefinition& n) {
    return impl_->cluster.talos()->EtcdStatus(n.address, Deadline::After(kCallDeadline));
  });
}

absl::StatusOr<machine::EtcdAlarm> Facts::EtcdAlarms(const NodeDefinition& node) {
  return impl_->OfNode<machine::EtcdAlarm>(node, "etcd-alarms", Role::kControlPlane, [this](const NodeDefinition& n) {
    return impl_->cluster.talos()->EtcdAlarms(n.address, Deadline::After(kCallDeadline));
  });
}

absl::StatusOr<std::vector<talos::Resource>> Facts::Resources(const NodeDefinition& node, talos::ResourceKind kind) {
  return impl_->OfNode<std::vector<talos::Resource>>(node, absl::StrCat("resources/", kind.namespace_, "/", kind.type),
                                                     node.role, [this, kind](const NodeDefinition& n) {
                                                       return impl_->cluster.talos()->List(
                                                           n.address, kind, Deadline::After(kCallDeadline));
                                                     });
}

absl::StatusOr<std::string> Facts::File(const NodeDefinition& node, std::string_view path) {
  return impl_->OfNode<std::string>(
      node, absl::StrCat("file", path), std::nullopt, [this, path = std::string(path)](const NodeDefinition& n) {
        return impl_->cluster.talos()->Read(n.address, path, Deadline::After(kCallDeadline));
      });
}

absl::StatusOr<std::string> Facts::KernelLog(const NodeDefinition& node) {
  return impl_->OfNode<std::string>(node, "dmesg", std::nullopt,
                                    [this](const NodeDefinition& n) -> absl::StatusOr<std::string> {
                                      std::string log;
                                      const absl::Status status = impl_->cluster.talos()->Dmesg(
                                          n.address,
                                          [&log](std::string_view chunk) {
                                            log.append(chunk);
                                            if (log.size() > 2 * kKernelLogLimit)
                                              log.erase(0, log.size() - kKernelLogLimit);
                                            return true;
                                          },
                                          Deadline::After(kCallDeadline));
                                      if (!status.ok()) return status;
                                      return log;
                                    });
}

absl::StatusOr<std::vector<kube::Json>> Facts::Objects(kube::ResourcePath kind) {
  return Once<std::vector<kube::Json>>(absl::StrCat("objects/", kind.group_version, "/", kind.plural), [this, kind] {
    return impl_->cluster.kube()->List(kind, "", {}, Deadline::After(kCallDeadline));
  });
}

absl::StatusOr<kube::Json> Facts::ServerVersion() {
  return Once<kube::Json>("server-version", [this]() -> absl::StatusOr<kube::Json> {
    const absl::StatusOr<std::string> text = impl_->cluster.kube()->GetRaw("/version", Deadline::After(kCallDeadline));
    if (!text.ok()) return text.status();
    kube::Json version = kube::Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!version.is_object()) return absl::InternalError("GET /version: the answer is not a JSON object");
    return version;
  });
}

}  // namespace tales
