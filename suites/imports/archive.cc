#include "suites/imports/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"

namespace tales::imports {
namespace {

constexpr size_t kBlock = 64 << 10;

struct Free {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};
using Archive = std::unique_ptr<struct archive, Free>;

class Reader {
 public:
  Reader(const std::filesystem::path& path, const ArchiveLimits& limits) : path_(path.string()), limits_(limits) {}

  absl::Status Open() {
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_filter_zstd(archive_.get());
    archive_read_support_filter_xz(archive_.get());
    archive_read_support_format_tar(archive_.get());
    if (archive_read_open_filename(archive_.get(), path_.c_str(), kBlock) == ARCHIVE_OK) return absl::OkStatus();
    const int error = archive_errno(archive_.get());
    if (error == ENOENT || error == EACCES) return absl::ErrnoToStatus(error, path_);
    return Broken();
  }

  // False at the end.
  absl::StatusOr<bool> Next() {
    const int result = archive_read_next_header(archive_.get(), &entry_);
    TALES_RETURN_IF_ERROR(Account());
    if (result == ARCHIVE_EOF) return entries_ > 0 ? absl::StatusOr<bool>(false) : NotOne("it holds nothing");
    if (result < ARCHIVE_WARN) return Broken();
    if (++entries_ > limits_.entries) return TooMuch(absl::StrCat("more than ", limits_.entries, " entries"));
    return true;
  }

  bool is_file() const { return archive_entry_filetype(entry_) == AE_IFREG; }
  std::string name() const {
    const char* name = archive_entry_pathname(entry_);
    return name == nullptr ? "" : name;
  }

  absl::StatusOr<std::string> Content() {
    std::string content;
    std::vector<char> block(kBlock);
    while (true) {
      const la_ssize_t count = archive_read_data(archive_.get(), block.data(), block.size());
      TALES_RETURN_IF_ERROR(Account());
      if (count == 0) return content;
      if (count < 0) return Broken();
      wanted_ += static_cast<uint64_t>(count);
      if (wanted_ > limits_.wanted) return TooMuch(absl::StrCat("more than ", limits_.wanted, " bytes of results"));
      content.append(block.data(), static_cast<size_t>(count));
    }
  }

  // In blocks of our own: skipping would decompress a whole bomb in one call.
  absl::Status Skip() {
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    int result = ARCHIVE_OK;
    while ((result = archive_read_data_block(archive_.get(), &block, &size, &offset)) == ARCHIVE_OK) {
      TALES_RETURN_IF_ERROR(Account());
    }
    return result == ARCHIVE_EOF ? Account() : Broken();
  }

 private:
  absl::Status Account() const {
    // Filter 0 is the last one: what came out of the decompressor.
    if (static_cast<uint64_t>(archive_filter_bytes(archive_.get(), 0)) <= limits_.unpacked) return absl::OkStatus();
    return TooMuch(absl::StrCat("more than ", limits_.unpacked, " bytes unpacked"));
  }
  absl::Status TooMuch(std::string_view what) const { return absl::OutOfRangeError(absl::StrCat(path_, ": ", what)); }
  absl::Status NotOne(std::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ": not a tar archive: ", why));
  }
  absl::Status Broken() const {
    const char* said = archive_error_string(archive_.get());
    const std::string why = said == nullptr ? "damaged" : said;
    if (entries_ == 0 && absl::StrContains(why, "Unrecognized")) return NotOne(why);
    return absl::DataLossError(absl::StrCat(path_, ": cut off or damaged after ", entries_, " entries: ", why));
  }

  const std::string path_;
  const ArchiveLimits limits_;
  Archive archive_{archive_read_new()};
  struct archive_entry* entry_ = nullptr;
  uint64_t entries_ = 0, wanted_ = 0;
};

}  // namespace

absl::Status ReadArchive(const std::filesystem::path& path, const std::function<bool(std::string_view name)>& wanted,
                         const std::function<void(const std::string& name, std::string content)>& take,
                         const ArchiveLimits& limits) {
  Reader reader(path, limits);
  TALES_RETURN_IF_ERROR(reader.Open());
  while (true) {
    TALES_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) return absl::OkStatus();
    const std::string name = reader.name();
    if (!reader.is_file() || !wanted(name)) {
      TALES_RETURN_IF_ERROR(reader.Skip());
      continue;
    }
    TALES_ASSIGN_OR_RETURN(std::string content, reader.Content());
    take(name, std::move(content));
  }
}

}  // namespace tales::imports
