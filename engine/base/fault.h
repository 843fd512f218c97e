#pragma once
// Named fault points at the ends of every durable step. A test arms one; the product passes them at the cost of one relaxed load.
//
//   TSD_FAULT_POINT("txn.decision.before_sync");
//
// Armed by code (tests, simulation) or in the real server by the environment: TSD_FAULT=name[:skip] ends the process with SIGKILL
// at the (skip+1)-th passage.
#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tsd::fault {

using Handler = std::function<void(std::string_view point)>;

/// Handler called at every passage of any point; null disarms. Not to be changed while others run.
void SetHandler(Handler handler);
/// Reads TSD_FAULT.
void ArmFromEnvironment();
void Passed(const char* point);
inline std::atomic<bool> armed{false};

/// Deliberately broken variants for the tests of the tests ("skip_decision_sync", "skip_prepare_sync", "answer_whatever_was_prepared",
/// "abort_without_record", "read_ignores_prepared"). Always false unless a test switched it on.
bool Broken(std::string_view variant);
void SetBroken(std::string_view variant, bool on);

}  // namespace tsd::fault

#define TSD_FAULT_POINT(name)                                                                  \
  do {                                                                                         \
    if (::tsd::fault::armed.load(std::memory_order_relaxed)) ::tsd::fault::Passed(name);       \
  } while (0)
