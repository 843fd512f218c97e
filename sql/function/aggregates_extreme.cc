// min, max; first and last by a key (TimescaleDB's). Partial states: min and max ship plain values.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/types/compare.h"
#include "engine/types/value.h"
#include "sql/function/aggregate_rows.h"
#include "sql/function/aggregates.h"

namespace tsd::sql {
namespace {

enum class Extreme : uint8_t { kMin, kMax };

template <Extreme kExtreme, typename T>
inline bool Better(T candidate, T best) {
  if constexpr (std::is_floating_point_v<T>) {
    // NaN is above everything.
    if constexpr (kExtreme == Extreme::kMax) return (candidate > best) | ((candidate != candidate) & (best == best));
    return (candidate < best) | ((best != best) & (candidate == candidate));
  } else {
    if constexpr (kExtreme == Extreme::kMax) return candidate > best;
    return candidate < best;
  }
}

/// The best of a run, in independent lanes. NaN among the values: all over again with the full rule. Requires: count > 0.
template <Extreme kExtreme, typename T>
T BestOf(const T* values, size_t count) {
  constexpr size_t kLanes = 8;
  const auto pick = [](T candidate, T best) {
    if constexpr (kExtreme == Extreme::kMax) return candidate > best ? candidate : best;
    return candidate < best ? candidate : best;
  };
  T best = values[0];
  size_t i = 0;
  if (count >= 2 * kLanes) {
    T lanes[kLanes];
    for (size_t j = 0; j < kLanes; ++j) lanes[j] = values[j];
    for (i = kLanes; i + kLanes <= count; i += kLanes) {
      for (size_t j = 0; j < kLanes; ++j) lanes[j] = pick(values[i + j], lanes[j]);
    }
    for (size_t j = 0; j < kLanes; ++j) best = Better<kExtreme>(lanes[j], best) ? lanes[j] : best;
  }
  for (; i < count; ++i) best = Better<kExtreme>(values[i], best) ? values[i] : best;
  if constexpr (std::is_floating_point_v<T>) {
    T all = 0;  // NaN if there is one
    for (i = 0; i < count; ++i) all += values[i] * 0;
    if (all != 0) {
      best = values[0];
      for (i = 1; i < count; ++i) best = Better<kExtreme>(values[i], best) ? values[i] : best;
    }
  }
  return best;
}

template <Extreme kExtreme, typename T>
class FixedExtreme final : public AggregateState {
 public:
  explicit FixedExtreme(DataType type) : type_(type) {}
  void Resize(size_t groups) override {
    best_.resize(groups);
    seen_.resize(groups);
  }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const VectorPtr column = Vector::Flatten(arguments[0]);
    return Take(*column, groups);
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    if (partial.type().Physical() != type_.Physical()) return DamagedPartial();
    return Take(partial, groups);
  }
  DataType PartialType() const override { return type_; }
  Status Partial(size_t begin, size_t end, Vector& out) override { return Finish(begin, end, out); }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (seen_[group] == 0) {
        out.AppendNull();
      } else {
        out.Append<T>(best_[group]);
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return best_.capacity() * sizeof(T) + seen_.capacity(); }
  RunNeed NeedOfRuns() const override { return type_.Is(TypeId::kPgLsn) ? RunNeed::kRows : RunNeed::kBounds; }
  Status UpdateRuns(const engine::RunColumn* argument, std::span<const uint32_t> rows, GroupIds groups) override {
    if (argument == nullptr) return AggregateState::UpdateRuns(argument, rows, groups);
    return Take(kExtreme == Extreme::kMin ? *argument->lows : *argument->highs, groups);
  }

 private:
  Status Take(const Vector& column, GroupIds groups) {
    if (column.IsConstant()) return Take(*Vector::Flatten(std::make_shared<Vector>(column)), groups);
    const T* values = column.values<T>();
    T* best = best_.data();
    uint8_t* seen = seen_.data();
    const bool in_runs = !column.HasNulls() && ForGroupRuns(groups, [=](size_t begin, size_t end, uint32_t group) {
      if (begin == end) return;
      const T value = BestOf<kExtreme>(values + begin, end - begin);
      if (seen[group] == 0 || Better<kExtreme>(value, best[group])) best[group] = value;
      seen[group] = 1;
    });
    if (in_runs) return OkStatus();
    ForPresentRows(column, groups, [=](size_t row, uint32_t group) {
      const T value = values[row];
      if (seen[group] == 0 || Better<kExtreme>(value, best[group])) {
        best[group] = value;
        seen[group] = 1;
      }
    });
    return OkStatus();
  }

  DataType type_;
  std::vector<T> best_;
  std::vector<uint8_t> seen_;
};

/// Any other type, through compare.h. The best rows of a batch are found first and copied once.
template <Extreme kExtreme>
class GeneralExtreme final : public AggregateState {
 public:
  explicit GeneralExtreme(DataType type) : type_(type) {}
  void Resize(size_t groups) override { best_.resize(groups, Value::Null(type_)); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override { return Take(*arguments[0], groups); }
  Status Merge(const Vector& partial, GroupIds groups) override {
    if (partial.type().Physical() != type_.Physical()) return DamagedPartial();
    return Take(partial, groups);
  }
  DataType PartialType() const override { return type_; }
  Status Partial(size_t begin, size_t end, Vector& out) override { return Finish(begin, end, out); }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (best_[group].IsNull()) {
        out.AppendNull();
      } else {
        best_[group].AppendTo(out);
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return best_.capacity() * sizeof(Value) + bytes_; }

 private:
  Status Take(const Vector& column, GroupIds groups) {
    for (size_t row = 0; row < groups.rows; ++row) {
      if (column.IsNull(row)) continue;
      Value& best = best_[groups.ids == nullptr ? 0 : groups.ids[row]];
      if (!best.IsNull()) {
        const int comparison = CompareRowToValue(column, row, best);
        if (kExtreme == Extreme::kMin ? comparison >= 0 : comparison <= 0) continue;
      }
      Value value = Value::FromVector(column, row);
      value.SetType(type_);
      if (type_.Physical() == PhysicalType::kBytes) {
        bytes_ += value.AsBytes().size();
        if (!best.IsNull()) bytes_ -= best.AsBytes().size();
      }
      best = std::move(value);
    }
    return OkStatus();
  }

  DataType type_;
  std::vector<Value> best_;
  size_t bytes_ = 0;
};

template <Extreme kExtreme>
StatusOr<std::unique_ptr<AggregateState>> MakeExtreme(const Function&, std::span<const DataType> arguments, DataType) {
  const DataType type = arguments[0].WithoutTypmod();
  if (type.Is(TypeId::kPgLsn)) return std::unique_ptr<AggregateState>(std::make_unique<FixedExtreme<kExtreme, uint64_t>>(type));
  switch (type.Physical()) {
    case PhysicalType::kInt16: return std::unique_ptr<AggregateState>(std::make_unique<FixedExtreme<kExtreme, int16_t>>(type));
    case PhysicalType::kInt32: return std::unique_ptr<AggregateState>(std::make_unique<FixedExtreme<kExtreme, int32_t>>(type));
    case PhysicalType::kInt64: return std::unique_ptr<AggregateState>(std::make_unique<FixedExtreme<kExtreme, int64_t>>(type));
    case PhysicalType::kFloat32: return std::unique_ptr<AggregateState>(std::make_unique<FixedExtreme<kExtreme, float>>(type));
    case PhysicalType::kFloat64: return std::unique_ptr<AggregateState>(std::make_unique<FixedExtreme<kExtreme, double>>(type));
    default: return std::unique_ptr<AggregateState>(std::make_unique<GeneralExtreme<kExtreme>>(type));
  }
}

// ---- first, last ----

/// The value whose key is smallest (first) or largest (last); of equal keys the one seen first stays. Rows with a NULL key do not count.
template <Extreme kExtreme>
class ByKeyState final : public AggregateState {
 public:
  ByKeyState(DataType value_type, DataType key_type)
      : value_type_(value_type), key_type_(key_type), integer_key_(key_type.Physical() == PhysicalType::kInt64 && !key_type.Is(TypeId::kPgLsn)) {}

  void Resize(size_t groups) override {
    values_.resize(groups, Value::Null(value_type_));
    keys_.resize(groups, Value::Null(key_type_));
    fast_keys_.resize(groups);
    seen_.resize(groups);
    winner_.resize(groups, kNoWinner);
  }

  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const VectorPtr keys = Vector::Flatten(arguments[1]);
    std::vector<uint32_t> touched;
    if (integer_key_) {
      const int64_t* values = keys->values<int64_t>();
      ForPresentRows(*keys, groups, [&](size_t row, uint32_t group) {
        if (seen_[group] != 0 && !Better<kExtreme>(values[row], fast_keys_[group])) return;
        fast_keys_[group] = values[row];
        seen_[group] = 1;
        Win(group, row, touched);
      });
    } else {
      ForPresentRows(*keys, groups, [&](size_t row, uint32_t group) {
        if (seen_[group] != 0) {
          const int comparison = winner_[group] != kNoWinner ? CompareRows(*keys, row, *keys, winner_[group])
                                                             : CompareRowToValue(*keys, row, keys_[group]);
          if (kExtreme == Extreme::kMin ? comparison >= 0 : comparison <= 0) return;
        }
        seen_[group] = 1;
        Win(group, row, touched);
      });
    }
    for (uint32_t group : touched) {
      values_[group] = Value::FromVector(*arguments[0], winner_[group]);
      if (!integer_key_) keys_[group] = Value::FromVector(*keys, winner_[group]);
      winner_[group] = kNoWinner;
    }
    return OkStatus();
  }

  Status Merge(const Vector& partial, GroupIds groups) override {
    return ForPartialStates(partial, groups, [this](ByteReader& reader, uint32_t group) -> Status {
      Value key = Value::Decode(reader);
      Value value = Value::Decode(reader);
      if (!reader.ok() || key.IsNull() || key.type().Physical() != key_type_.Physical()) return DamagedPartial();
      if (!value.IsNull() && value.type().Physical() != value_type_.Physical()) return DamagedPartial();
      key.SetType(key_type_);
      if (seen_[group] != 0) {
        const int comparison = CompareValues(key, KeyOf(group));
        if (kExtreme == Extreme::kMin ? comparison >= 0 : comparison <= 0) return OkStatus();
      }
      seen_[group] = 1;
      values_[group] = std::move(value);
      if (integer_key_) {
        fast_keys_[group] = key.AsInteger();
      } else {
        keys_[group] = std::move(key);
      }
      return OkStatus();
    });
  }
  DataType PartialType() const override { return TypeId::kBytea; }
  Status Partial(size_t begin, size_t end, Vector& out) override {
    ByteWriter writer;
    for (size_t group = begin; group < end; ++group) {
      if (seen_[group] == 0) {
        out.AppendNull();
        continue;
      }
      writer.Clear();
      KeyOf(group).Encode(writer);
      values_[group].Encode(writer);
      out.AppendBytes(writer.data());
    }
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (values_[group].IsNull()) {
        out.AppendNull();
      } else {
        values_[group].AppendTo(out);
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return values_.capacity() * (2 * sizeof(Value) + 16); }

 private:
  static constexpr uint32_t kNoWinner = ~uint32_t{0};

  void Win(uint32_t group, size_t row, std::vector<uint32_t>& touched) {
    if (winner_[group] == kNoWinner) touched.push_back(group);
    winner_[group] = static_cast<uint32_t>(row);
  }
  Value KeyOf(size_t group) const { return integer_key_ ? Value::Integer(key_type_, fast_keys_[group]) : keys_[group]; }

  DataType value_type_;
  DataType key_type_;
  bool integer_key_;
  std::vector<Value> values_;
  std::vector<Value> keys_;
  std::vector<int64_t> fast_keys_;
  std::vector<uint8_t> seen_;
  std::vector<uint32_t> winner_;  // row of the batch at hand
};

template <Extreme kExtreme>
StatusOr<std::unique_ptr<AggregateState>> MakeByKey(const Function&, std::span<const DataType> arguments, DataType) {
  return std::unique_ptr<AggregateState>(
      std::make_unique<ByKeyState<kExtreme>>(arguments[0].WithoutTypmod(), arguments[1].WithoutTypmod()));
}

}  // namespace

void RegisterExtremes(RegistryBuilder& builder) {
  for (std::string_view type : {"int2", "int4", "int8", "float4", "float8", "numeric", "text", "bpchar", "date", "timestamp", "timestamptz",
                                "time", "interval", "oid", "inet", "pg_lsn", "anyarray"}) {
    builder.Aggregate("min", type, type, MakeExtreme<Extreme::kMin>);
    builder.Aggregate("max", type, type, MakeExtreme<Extreme::kMax>);
  }
  builder.Aggregate("first", "anyelement,any", "anyelement", MakeByKey<Extreme::kMin>).schema = "public";
  builder.Aggregate("last", "anyelement,any", "anyelement", MakeByKey<Extreme::kMax>).schema = "public";
}

}  // namespace tsd::sql
