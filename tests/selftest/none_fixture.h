// Fixtures without a cluster behind them: two declared nodes, no credentials.
#pragma once

#include <memory>

#include "fixtures/fixture.h"

namespace tales::selftest {
std::unique_ptr<Fixture> NoneFixture();   // comes up, stays
std::unique_ptr<Fixture> DyingFixture();  // is dead as soon as the file `dead` is in the run's folder
std::unique_ptr<Fixture> BrokenFixture();
std::unique_ptr<Fixture> PickyFixture();  // refuses what it is asked  // does not come up
}  // namespace tales::selftest
