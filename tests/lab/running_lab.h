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
  // `tales lab fault` or `heal`.
  Finished Order(std::string_view verb, std::string_view fault) const;
  // Runs a client with the lab's talosconfig and kubeconfig in its environment.
  Finished RunClient(const std::vector<std::string>& argv) const;

 private:
  RunningLab(TemporaryFolder folder, Child child) : folder_(std::move(folder)), child_(std::move(child)) {}
  TemporaryFolder folder_;
  Child child_;
};

std::string ServeLabProgram();

}  // namespace tales::lab
