// A lab in a process of its own, for a test: started, awaited, stopped.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"

namespace tales::lab {

class RunningLab {
 public:
  // Starts `serve_lab lab --out DIR ARGUMENTS...` (the program is named by TALES_SERVE_LAB) and waits for DIR/ready.
  static absl::StatusOr<RunningLab> Start(const std::vector<std::string>& arguments = {});

  const std::filesystem::path& folder() const { return folder_.path(); }
  Child& process() { return child_; }
  std::string Address(std::string_view node) const;  // from the cluster file that it wrote
  // `tales lab fault`, `heal`, `power` or `boot-from`, with what goes with it, as in a shell: "reset worker".
  Finished Order(std::string_view verb, std::string_view arguments) const;
  // Runs a client with the lab's talosconfig and kubeconfig in its environment.
  Finished RunClient(const std::vector<std::string>& argv) const;
  // Runs it again until it exits 0 and its output has `expected` in it; an error shows the last of it.
  absl::Status AwaitClient(const std::vector<std::string>& argv, std::string_view expected,
                           absl::Duration patience = absl::Seconds(15)) const;
  // Until the machine is "on" or "off", as the lab's hypervisor has it: one that shuts down is on for a while yet.
  absl::Status AwaitPower(const std::string& machine, std::string_view power) const;

 private:
  RunningLab(TemporaryFolder folder, Child child) : folder_(std::move(folder)), child_(std::move(child)) {}
  TemporaryFolder folder_;
  Child child_;
};

std::string ServeLabProgram();

}  // namespace tales::lab
