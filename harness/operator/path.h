// Where a value stands in a machine configuration, as a person writes it: "cluster.apiServer.certSANs[1]".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tales::config {

class Path {
 public:
  // `document`: "" for the v1alpha1 document, else its kind and name ("KmsgLogConfig remote"), which stand in front.
  explicit Path(std::string_view document = "") : document_(document) {}

  Path Key(std::string_view key) const;
  Path Item(size_t index) const;

  const std::string& document() const { return document_; }
  // Map keys as they are, list items as "[]".
  const std::vector<std::string>& segments() const { return segments_; }
  // Keys that would be misread are quoted: `machine.sysctls["net.core.somaxconn"]`. One line, whatever the file holds.
  std::string ToString() const;
  // Whether it is at or below `pattern`: keys with dots between them, `*` for any one key, `[]` behind a key for any
  // item of its list.
  bool IsAtOrBelow(std::string_view pattern) const;

 private:
  std::string document_;
  std::vector<std::string> segments_;
  std::string text_;
};

}  // namespace tales::config
