// Behaves as `tales lab` does on its outside: `served_program MODE --out DIR --lifeline`.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "fixtures/served/serving.h"
#include "harness/base/file.h"

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  std::string out, arguments;
  bool lifeline = false;
  for (int i = 2; i < argc; ++i) {
    arguments += std::string(argv[i]) + "\n";
    if (std::string_view(argv[i]) == "--out" && i + 1 < argc) out = argv[i + 1];
    if (std::string_view(argv[i]) == "--lifeline") lifeline = true;
  }
  auto serving = tales::Serving::Begin(out, lifeline);
  if (!serving.ok()) {
    std::fprintf(stderr, "%s\n", serving.status().ToString().c_str());
    return 3;
  }
  if (mode == "fail") {
    std::fprintf(stderr, "no etcd to be found\n");
    return 3;
  }
  if (mode == "refuse") {
    std::fprintf(stderr, "no such fault\n");
    return 2;
  }
  std::fprintf(stderr, "building nothing\n");
  if (mode == "sweep") {
    const std::filesystem::path state = (*serving)->folder() / "state";
    std::error_code error;
    std::filesystem::create_directories(state, error);
    if (!tales::WriteFileAtomically(state / "key", "secret", 0600).ok() || !(*serving)->RemoveAtEnd(state).ok())
      return 3;
  }
  const bool ok = tales::WriteFileAtomically((*serving)->folder() / "cluster.yaml", arguments).ok() &&
                  tales::WriteFileAtomically((*serving)->folder() / "kubeconfig", "").ok() &&
                  (mode == "never" || (*serving)->Ready("https://127.0.0.1:1").ok());
  if (!ok) return 3;
  while (!(*serving)->StopRequested(absl::Seconds(10)).has_value()) {
  }
  return 0;
}
