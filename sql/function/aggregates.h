#pragma once
// The families of aggregates, registered one file each; for aggregates*.cc only.
#include <memory>
#include <span>

#include "sql/exec/aggregate_state.h"
#include "sql/function/registry_builder.h"

namespace tsd::sql {

/// Factory of a state that needs no types.
template <typename State>
StatusOr<std::unique_ptr<AggregateState>> MakeState(const Function&, std::span<const DataType>, DataType) {
  return std::unique_ptr<AggregateState>(std::make_unique<State>());
}

void RegisterSums(RegistryBuilder& builder);
void RegisterExtremes(RegistryBuilder& builder);
void RegisterStatistics(RegistryBuilder& builder);
void RegisterCollectors(RegistryBuilder& builder);
void RegisterOrderedSets(RegistryBuilder& builder);

}  // namespace tsd::sql
