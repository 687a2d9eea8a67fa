// References of container images, as far as versions are judged.
#pragma once

#include <string>
#include <string_view>

namespace tales::cilium {

struct ImageReference {
  std::string repository, tag, digest;  // "quay.io/cilium/cilium", "v1.17.1", "sha256:..."
  std::string component() const { return repository.substr(repository.rfind('/') + 1); }
};
// Any text; parts that are not there stay empty. A port of the host is no tag.
ImageReference ParseImage(std::string_view image);

// The tag is of that version of Cilium: v1.17.1, or with a suffix of its own (v1.17.1-custom).
bool IsOfVersion(const ImageReference& image, std::string_view version);

}  // namespace tales::cilium
