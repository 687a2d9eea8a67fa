// Events of a journal, for tests.
#pragma once

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "reports/run_model.h"
#include "tests/support/status_matchers.h"

namespace tales::reports {

using Event = nlohmann::json;

inline Event RunEvent(Event more = Event::object()) {
  Event event = {{"event", "run"}, {"run", "2025-03-02T01-00-00Z-7f3a"}, {"fixture", "lab"}, {"simulated", true}};
  event.update(more);
  return event;
}
inline Event Planned(const std::string& check, Event more = Event::object()) {
  Event event = {{"event", "planned"}, {"check", check}};
  event.update(more);
  return event;
}
inline Event Finished(const std::string& check, const std::string& verdict, Event more = Event::object()) {
  Event event = {{"event", "finished"}, {"check", check}, {"verdict", verdict}};
  event.update(more);
  return event;
}
inline Event End(int code) { return {{"event", "end"}, {"exit", code}}; }

inline RunModel ModelOf(const std::vector<Event>& events) {
  RunModel model;
  for (const Event& event : events) EXPECT_OK(model.Apply(event));
  return model;
}

}  // namespace tales::reports
