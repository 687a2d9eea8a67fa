// Lets this program's gRPC agree on a key-exchange group with apid.
//
// Real apid takes X25519 and nothing else. Debian 12's libgrpc 1.51, on OpenSSL 3, calls
// SSL_CTX_set_tmp_ecdh(context, P-256) on every TLS context it makes. In OpenSSL 3 that call replaces the whole list of
// groups, so P-256 is all that such a client offers or such a server takes, and the handshake with apid (or with a
// client as strict) ends in "sslv3 alert handshake failure". gRPC has no setting for it.
//
// SSL_CTX_set_tmp_ecdh is a macro over SSL_CTX_ctrl with command SSL_CTRL_SET_TMP_ECDH. A definition of SSL_CTX_ctrl in
// the executable comes before libssl's for every library of the process; this one says "done" to that single command
// without doing it, so that OpenSSL's own list (X25519 first, P-256 in it) stays, and passes on all others.
//
// This works only as an object file of the executable itself (never from a static library, whose member nobody would
// pull in): link tales_talos, which brings it, or tales_tls_groups. tests/unit/talos/tls_groups_test.cc proves both
// ends.
#include <dlfcn.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>

extern "C" __attribute__((visibility("default"))) long SSL_CTX_ctrl(SSL_CTX* context, int command, long larg,
                                                                    void* parg) {
  if (command == SSL_CTRL_SET_TMP_ECDH) return 1;
  using Function = long (*)(SSL_CTX*, int, long, void*);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "SSL_CTX_ctrl"));
  if (next == nullptr) {
    // Only a statically linked libssl gets here; without the real function no TLS context can be set up at all.
    std::fputs("tales: libssl has no SSL_CTX_ctrl to pass on to\n", stderr);
    std::abort();
  }
  return next(context, command, larg, parg);
}
