// Calls that change a machine. None is repeated once it was sent.
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/talos/client_impl.h"
#include "harness/talos/proto/machine.grpc.pb.h"

namespace tales::talos {
namespace {

using machine::MachineService;
constexpr size_t kChecksum = 32;  // bytes: SHA-256 over what stands before it

// A method with a request of its own, sent once.
template <typename Response, typename Request>
auto Once(grpc::Status (MachineService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
          const Request& request) {
  return [method, &request](Attempt& a, Response* response) {
    a.repeatable = false;
    return (MachineService::NewStub(a.channel).get()->*method)(&a.context, request, response);
  };
}

// A file that is written as its content comes, and takes its name when that is whole.
class SnapshotFile {
 public:
  explicit SnapshotFile(const std::filesystem::path& to) : to_(to), part_(absl::StrCat(to.string(), ".part")) {
    unlink(part_.c_str());
    fd_ = open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd_ < 0) error_ = Failed("making");
    EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr);
  }
  ~SnapshotFile() {
    if (fd_ >= 0) close(fd_);
    if (!done_) unlink(part_.c_str());
  }
  SnapshotFile(const SnapshotFile&) = delete;
  SnapshotFile& operator=(const SnapshotFile&) = delete;

  const absl::Status& error() const { return error_; }

  bool Add(std::string_view chunk) {
    absl::StrAppend(&tail_, chunk);
    if (tail_.size() > kChecksum) {
      EVP_DigestUpdate(hash_.get(), tail_.data(), tail_.size() - kChecksum);
      tail_.erase(0, tail_.size() - kChecksum);
    }
    while (!chunk.empty()) {
      const ssize_t n = write(fd_, chunk.data(), chunk.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) error_ = Failed("writing");
      if (n < 0) return false;
      chunk.remove_prefix(static_cast<size_t>(n));
      size_ += static_cast<size_t>(n);
    }
    return true;
  }

  absl::Status Keep() {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    EVP_DigestFinal_ex(hash_.get(), sum, &length);
    if (size_ <= kChecksum || tail_ != std::string_view(reinterpret_cast<char*>(sum), length)) {
      return absl::DataLossError(
          absl::StrCat("the ", size_, " bytes that came are no whole snapshot: their checksum is another"));
    }
    if (fsync(fd_) != 0) return Failed("flushing");
    if (rename(part_.c_str(), to_.c_str()) != 0) return Failed("renaming");
    done_ = true;
    return absl::OkStatus();
  }

 private:
  absl::Status Failed(std::string_view doing) const {
    return absl::ErrnoToStatus(errno, absl::StrCat(doing, " ", part_.string()));
  }
  struct FreeHash {
    void operator()(EVP_MD_CTX* hash) const { EVP_MD_CTX_free(hash); }
  };
  const std::filesystem::path to_, part_;
  std::unique_ptr<EVP_MD_CTX, FreeHash> hash_{EVP_MD_CTX_new()};
  std::string tail_;  // not hashed yet: it may be the checksum
  size_t size_ = 0;
  int fd_ = -1;
  bool done_ = false;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<machine::ApplyConfiguration> Client::ApplyConfiguration(
    std::string_view node, const machine::ApplyConfigurationRequest& request, Deadline deadline) {
  return impl_->One<machine::ApplyConfigurationResponse>({"ApplyConfiguration", node, "os:admin"}, deadline,
                                                         Once(&MachineService::Stub::ApplyConfiguration, request));
}

absl::Status Client::Bootstrap(std::string_view node, Deadline deadline) {
  const machine::BootstrapRequest request;
  return impl_
      ->One<machine::BootstrapResponse>({"Bootstrap", node, "os:admin"}, deadline,
                                        Once(&MachineService::Stub::Bootstrap, request))
      .status();
}

absl::Status Client::Reboot(std::string_view node, machine::RebootRequest::Mode mode, Deadline deadline) {
  machine::RebootRequest request;
  request.set_mode(mode);
  return impl_
      ->One<machine::RebootResponse>({"Reboot", node, "os:operator"}, deadline,
                                     Once(&MachineService::Stub::Reboot, request))
      .status();
}

absl::Status Client::Shutdown(std::string_view node, bool force, Deadline deadline) {
  machine::ShutdownRequest request;
  request.set_force(force);
  return impl_
      ->One<machine::ShutdownResponse>({"Shutdown", node, "os:operator"}, deadline,
                                       Once(&MachineService::Stub::Shutdown, request))
      .status();
}

absl::Status Client::Reset(std::string_view node, const machine::ResetRequest& request, Deadline deadline) {
  return impl_
      ->One<machine::ResetResponse>({"Reset", node, "os:admin"}, deadline, Once(&MachineService::Stub::Reset, request))
      .status();
}

absl::Status Client::Upgrade(std::string_view node, const machine::UpgradeRequest& request, Deadline deadline) {
  return impl_
      ->One<machine::UpgradeResponse>({"Upgrade", node, "os:admin"}, deadline,
                                      Once(&MachineService::Stub::Upgrade, request))
      .status();
}

absl::Status Client::Rollback(std::string_view node, Deadline deadline) {
  const machine::RollbackRequest request;
  return impl_
      ->One<machine::RollbackResponse>({"Rollback", node, "os:admin"}, deadline,
                                       Once(&MachineService::Stub::Rollback, request))
      .status();
}

absl::Status Client::EtcdRemoveMember(std::string_view node, uint64_t member, Deadline deadline) {
  machine::EtcdRemoveMemberByIDRequest request;
  request.set_member_id(member);
  return impl_
      ->One<machine::EtcdRemoveMemberByIDResponse>({"EtcdRemoveMemberByID", node, "os:admin"}, deadline,
                                                   Once(&MachineService::Stub::EtcdRemoveMemberByID, request))
      .status();
}

absl::Status Client::EtcdSnapshot(std::string_view node, const std::filesystem::path& to, Deadline deadline) {
  const CallName call{"EtcdSnapshot", node, "os:etcd:backup"};
  const std::string context = absl::StrCat("EtcdSnapshot of ", node);
  SnapshotFile file(to);
  if (!file.error().ok()) return Annotate(file.error(), context);
  const machine::EtcdSnapshotRequest request;
  absl::Status inside;
  TALES_RETURN_IF_ERROR(StreamFrom<common::Data>(
      *impl_->transport, call, deadline,
      [&](Attempt& a) { return MachineService::NewStub(a.channel)->EtcdSnapshot(&a.context, request); },
      [&](const common::Data& data, Attempt& a) {
        inside = Explain(data.metadata(), call, a.endpoint, impl_->transport->roles());
        return inside.ok() && file.Add(data.bytes());
      }));
  TALES_RETURN_IF_ERROR(inside);
  if (!file.error().ok()) return Annotate(file.error(), context);
  return Annotate(file.Keep(), context);
}

}  // namespace tales::talos
