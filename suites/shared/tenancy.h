// Whose a namespace is that runs of tales use one after the other: written down in it, so that a run disturbs none that
// is at work there, and what a killed one has left is free as soon as that can be known.
//
// A run that works on this machine holds a lock, which the kernel takes from it however it ends. What works elsewhere
// cannot be asked, and is believed until the time by which it said it would be over.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "harness/base/spawn.h"

namespace tales {

struct Tenant {
  std::string run;                  // for a person; the same for a run that is taken up again
  absl::Time until;                 // it is over by then, even where it was killed
  std::string machine = {};         // the boot and the view of its files for which `lock` means something; "": unknown
  std::filesystem::path lock = {};  // held as long as it works
};

// As it stands in an annotation, and back. nullopt: nobody's, or not as we write it.
std::string WriteTenant(const Tenant& tenant);
std::optional<Tenant> ReadTenant(std::string_view mark);

// False: its time is over, or it was at work on this machine and is not any more.
bool MayBeAtWork(const Tenant& tenant, absl::Time now);

// "in use by another run of tales, nas:/runs/1, until 2025-03-01T02:00:00Z at the latest"
std::string InUseBy(const Tenant& tenant);

// This run's, as long as the object lives. Thread-compatible.
class Tenancy {
 public:
  // `folder`: of the run, made where it is missing; the run is named by it and by the host. AlreadyExists: another
  // process works in that folder. Where it cannot have a lock there, it is believed until its time.
  static absl::StatusOr<Tenancy> Begin(const std::filesystem::path& folder, absl::Time until);

  const Tenant& tenant() const { return tenant_; }

 private:
  Tenancy(Tenant tenant, internal::Fd lock) : tenant_(std::move(tenant)), lock_(std::move(lock)) {}

  Tenant tenant_;
  internal::Fd lock_;
};

}  // namespace tales
