#include "tests/selftest/none_fixture.h"

#include "harness/base/file.h"
#include "harness/base/status.h"

namespace tales::selftest {
namespace {

constexpr std::string_view kClusterFile = R"(version: 1
cluster: selftest
fixture: adopt
nodes:
  - {name: control, role: controlplane, address: 127.9.9.1}
  - {name: worker, role: worker, address: 127.9.9.2}
knownIssues:
  - {id: KI-GARP, link: "https://example.org/1", reason: as the suite says, until: 2099-12-31}
  - {id: KI-BIGTCP, link: "https://example.org/2", reason: as the suite says, until: 2099-12-31}
  - {id: wine, checks: [ledger.fails, ledger.passes], link: "https://example.org/3", reason: waits, until: 2099-12-31}
  - {id: old-wine, checks: [ledger.expired], link: "https://example.org/4", reason: waited, until: 2020-12-31}
)";

class None : public Fixture {
 public:
  std::string_view name() const override { return "none"; }
  absl::StatusOr<ClusterAccess> Up(const FixtureRequest& request) override {
    folder_ = request.state_folder;
    ClusterAccess access;
    access.fixture = "none";
    access.cluster_file = folder_ / "cluster.yaml";
    access.granted = request.allow.value_or(Tier::kRead);
    TALES_RETURN_IF_ERROR(WriteFileAtomically(access.cluster_file, kClusterFile));
    return access;
  }
  absl::Status Down() override { return absl::OkStatus(); }

 protected:
  std::filesystem::path folder_;
};

class Dying : public None {
 public:
  absl::StatusOr<ClusterAccess> Up(const FixtureRequest& request) override {
    TALES_ASSIGN_OR_RETURN(ClusterAccess access, None::Up(request));
    TALES_RETURN_IF_ERROR(Alive());
    return access;
  }
  absl::Status Alive() override {
    if (std::filesystem::exists(folder_.parent_path() / "dead")) return absl::UnavailableError("the cluster fell over");
    return absl::OkStatus();
  }
};

class Broken : public None {
 public:
  absl::StatusOr<ClusterAccess> Up(const FixtureRequest&) override {
    return absl::UnavailableError("no etcd here; install one");
  }
};

class Picky : public None {
 public:
  absl::StatusOr<ClusterAccess> Up(const FixtureRequest&) override {
    return absl::InvalidArgumentError("it has no such fault");
  }
};

}  // namespace

std::unique_ptr<Fixture> NoneFixture() { return std::make_unique<None>(); }
std::unique_ptr<Fixture> DyingFixture() { return std::make_unique<Dying>(); }
std::unique_ptr<Fixture> BrokenFixture() { return std::make_unique<Broken>(); }

std::unique_ptr<Fixture> PickyFixture() { return std::make_unique<Picky>(); }

}  // namespace tales::selftest
