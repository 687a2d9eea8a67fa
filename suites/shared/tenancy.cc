#include "suites/shared/tenancy.h"

#include <limits.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/file_lock.h"
#include "harness/check/spec.h"
#include "harness/kube/client.h"

namespace tales {
namespace {

namespace fs = std::filesystem;
using kube::Json;

constexpr char kLock[] = ".at-work";

std::string TimeText(absl::Time time) { return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone()); }

// Two containers on one host share its boot, and not what a path names. "": it cannot be told.
std::string ThisMachine() {
  const absl::StatusOr<std::string> boot = ReadFile("/proc/sys/kernel/random/boot_id");
  std::error_code error;
  const fs::path files = fs::read_symlink("/proc/self/ns/mnt", error);
  if (!boot.ok() || error) return "";
  return absl::StrCat(absl::StripAsciiWhitespace(*boot), " ", files.string());
}

}  // namespace

std::string WriteTenant(const Tenant& tenant) {
  return Json({{"run", tenant.run},
               {"until", TimeText(tenant.until)},
               {"machine", tenant.machine},
               {"lock", tenant.lock.string()}})
      .dump();
}

std::optional<Tenant> ReadTenant(std::string_view mark) {
  const Json json = Json::parse(mark, nullptr, /*allow_exceptions=*/false);
  Tenant tenant{Text(json, "run"), absl::InfinitePast(), Text(json, "machine"), Text(json, "lock")};
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, Text(json, "until"), &tenant.until, &error)) return std::nullopt;
  return tenant;
}

bool MayBeAtWork(const Tenant& tenant, absl::Time now) {
  if (tenant.until <= now) return false;
  const bool is_here = !tenant.machine.empty() && tenant.machine == ThisMachine() && tenant.lock.is_absolute();
  return !is_here || IsLocked(tenant.lock);
}

std::string InUseBy(const Tenant& tenant) {
  return absl::StrCat("in use by another run of tales, ", tenant.run, ", until ", TimeText(tenant.until),
                      " at the latest");
}

absl::StatusOr<Tenancy> Tenancy::Begin(const fs::path& folder, absl::Time until) {
  std::error_code error;
  const fs::path place = fs::absolute(folder, error).lexically_normal();
  if (!error) fs::create_directories(place, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("making ", folder.string()));
  absl::StatusOr<internal::Fd> lock =
      LockFile(place / kLock, absl::StrCat(place.string(), ": another run works there"));
  if (absl::IsAlreadyExists(lock.status())) return lock.status();
  char host[HOST_NAME_MAX + 1] = {};
  gethostname(host, sizeof(host) - 1);
  Tenant tenant{absl::StrCat(host, ":", place.string()), until};
  // A share of a NAS may have no locks: then it is believed, as one elsewhere is.
  if (!lock.ok()) return Tenancy(std::move(tenant), internal::Fd());
  tenant.machine = ThisMachine();
  tenant.lock = place / kLock;
  return Tenancy(std::move(tenant), *std::move(lock));
}

}  // namespace tales
