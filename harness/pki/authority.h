// Certificate authorities of our own, for fixtures and tests: minted new each time, never committed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tales::pki {

enum class KeyType { kEd25519, kEcP256, kRsa2048 };  // Talos' OS authority is Ed25519, Kubernetes' and etcd's are P-256

struct KeyPair {
  std::string certificate_pem = {};
  std::string key_pem = {};  // PKCS#8, label `PRIVATE KEY`
};

struct LeafRequest {
  std::string common_name = {};  // the defaults let a designated initializer leave any of them out
  std::vector<std::string> organizations = {};
  std::vector<std::string> dns_names = {}, addresses = {};
  bool client_auth = false, server_auth = false;
  absl::Duration lifetime = absl::Hours(24 * 365);  // from now on; negative: already expired (for faults and tests)
  absl::Duration age = absl::ZeroDuration();        // how long it has been valid already
};

class Authority {
 public:
  static absl::StatusOr<Authority> Mint(std::string_view common_name, std::string_view organization, KeyType type);
  // One that exists already. InvalidArgument where the key is not the certificate's, or of no type of KeyType.
  static absl::StatusOr<Authority> Load(KeyPair pair);
  // The key type of a leaf is that of its authority.
  absl::StatusOr<KeyPair> Issue(const LeafRequest& request) const;

  const std::string& certificate_pem() const { return pair_.certificate_pem; }
  const std::string& key_pem() const { return pair_.key_pem; }

 private:
  Authority(KeyPair pair, KeyType type) : pair_(std::move(pair)), type_(type) {}
  KeyPair pair_;
  KeyType type_;
};

// A certificate that nobody but itself vouches for, as servers show before they have an authority.
absl::StatusOr<KeyPair> SelfSign(const LeafRequest& request, KeyType type);

// A key alone, for example Kubernetes' service-account key: (private PEM, public PEM).
struct RawKey {
  std::string private_pem, public_pem;
};
absl::StatusOr<RawKey> MintKey(KeyType type);

}  // namespace tales::pki
