// SIGINT and SIGTERM: the first asks the run to stop, the second is not to be argued with.
#pragma once

namespace tales {

// At most one at a time. While a loop listens (see set_listening), it decides; otherwise, in the middle of something
// that blocks, the second signal ends the process at once with exit code 130: children die with us.
class Interrupts {
 public:
  Interrupts();   // takes the signals over
  ~Interrupts();  // gives them back
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  int count() const;       // signals so far
  int descriptor() const;  // readable when one came; the reader empties it
  void set_listening(bool listening);
};

}  // namespace tales
