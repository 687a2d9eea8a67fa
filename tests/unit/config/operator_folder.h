// An operator's folder with files that belong together, minted for the test; and looking at it with a check.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "harness/base/file.h"
#include "harness/check/check.h"
#include "harness/operator/secrets.h"
#include "harness/pki/authority.h"
#include "tests/support/status_matchers.h"

namespace tales::config {

// What a cluster's secrets are made of, freshly minted. Tokens are made up.
struct Minted {
  pki::Authority os, kubernetes, etcd, aggregator;
  std::string service_account_key;
  static Minted New();
  std::string SecretsYaml() const;
  std::string ConfigYaml(Role role) const;
  // `lifetime` negative: expired.
  talos::Context Talosconfig(absl::Duration lifetime = absl::Hours(24 * 365), std::string role = "os:admin") const;
};

class OperatorFolder {
 public:
  OperatorFolder();

  const Minted& minted() const { return minted_; }
  std::filesystem::path work() const { return folder_.path() / "work"; }
  std::filesystem::path beside() const { return folder_.path(); }

  // In the folder `work` (0700), with mode 0600.
  void Write(const std::string& name, std::string_view content, int mode = 0600) const;
  std::string Read(const std::string& name) const;
  // Replaces the first `from` in a file; the test fails where there is none.
  void Change(const std::string& name, std::string_view from, std::string_view to) const;
  // An executable script beside the folder; its path.
  std::string Script(const std::string& name, const std::string& body) const;

  // Of the cluster file; a test changes it before it looks.
  ClusterDefinition definition;
  ClusterDefinition Loaded() const;
  // What the check says of the cluster file and the folder; requirements first, as in a worker.
  Outcome Look(const Check& check) const;

 private:
  TemporaryFolder folder_;
  Minted minted_;
};

// All that an outcome says, one part a line; for HasSubstr.
std::string Said(const Outcome& outcome);

}  // namespace tales::config
