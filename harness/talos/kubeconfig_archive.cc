#include "harness/talos/kubeconfig_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"

namespace tales::talos {
namespace {

absl::Status Broken(archive* reader) {
  const char* why = archive_error_string(reader);
  return absl::InvalidArgumentError(
      absl::StrCat("not a tar.gz that can be read: ", why == nullptr ? "it ends too early" : why));
}

absl::StatusOr<std::string> ReadEntry(archive* reader, size_t limit) {
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const la_ssize_t count = archive_read_data(reader, buffer.data(), buffer.size());
    if (count < 0) return Broken(reader);
    if (count == 0) return text;
    if (static_cast<size_t>(count) > limit - text.size()) {
      return absl::OutOfRangeError(absl::StrCat("kubeconfig is longer than ", limit, " bytes"));
    }
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace

absl::StatusOr<std::string> UnpackKubeconfig(std::string_view archive, size_t limit) {
  const std::unique_ptr<::archive, int (*)(::archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), archive.data(), archive.size()) != ARCHIVE_OK) return Broken(reader.get());
  // A hostile archive may have entries without end; ours has one.
  for (int i = 0; i < 16; ++i) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) break;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Broken(reader.get());
    const char* name = archive_entry_pathname(entry);
    if (name != nullptr && std::string_view(name) == "kubeconfig") return ReadEntry(reader.get(), limit);
  }
  return absl::NotFoundError("the archive has no entry `kubeconfig`");
}

}  // namespace tales::talos
