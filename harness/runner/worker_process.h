// One worker process, as the runner's loop sees it: lines from its event pipe, and its end.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/posix/stream_descriptor.hpp"
#include "boost/asio/steady_timer.hpp"
#include "harness/base/subprocess.h"

namespace tales {

inline constexpr int kEventDescriptor = 3;  // where a worker writes its events

// Owned by the loop, used on its thread alone. The process dies with this one, whatever happens.
class WorkerProcess {
 public:
  struct Options {
    std::vector<std::string> argv;
    std::string task;                        // given on standard input
    std::filesystem::path log_file;          // standard output and standard error
    std::filesystem::path temporary_folder;  // its $TMPDIR. Default: ours
  };
  struct Handlers {
    std::function<void(std::string_view line)> on_line;
    // Once, last: when it was reaped and all that it wrote was handed out. The object may be destroyed in it.
    std::function<void(const Finished& finished)> on_end;
  };
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Start(boost::asio::io_context& loop, const Options& options,
                                                              Handlers handlers);
  ~WorkerProcess();  // kills it, when it still runs

  void Kill(int signal) { child_.Kill(signal); }
  // Stops listening to what it says: nothing of it is handed out any more, but its end.
  void Mute() { muted_ = true; }

 private:
  WorkerProcess(boost::asio::io_context& loop, Child child, Handlers handlers, int events, int pidfd);
  void Read();
  void AwaitEnd();
  bool ReadAvailable();
  void Take(std::string_view bytes);
  void FlushPartial();  // what came without an end of line

  Child child_;
  Handlers handlers_;
  boost::asio::posix::stream_descriptor events_, pidfd_;
  boost::asio::steady_timer grace_;
  std::array<char, 64 << 10> buffer_;
  std::string partial_;
  bool muted_ = false;
  // A completion that is queued already cannot be cancelled: it looks here whether there is still somebody to tell.
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
};

}  // namespace tales
