#include "app/product.h"
#include "harness/cli/cli.h"

int main(int argc, char** argv) {
  const tales::Registry registry = tales::Product();
  return tales::RunCli(registry, argc, argv);
}
