// bool_and, bool_or, every; bit_and, bit_or, bit_xor; string_agg, array_agg; histogram.
#include <algorithm>
#include <cmath>

#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "sql/function/aggregate_rows.h"
#include "sql/function/aggregates.h"

namespace tsd::sql {
namespace {

/// One plain value a group, folded by an associative body; the partial state is the value itself.
template <typename T, T (*kFold)(T, T)>
class FoldState final : public AggregateState {
 public:
  explicit FoldState(DataType type) : type_(type) {}
  void Resize(size_t groups) override {
    values_.resize(groups);
    seen_.resize(groups);
  }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override { return Merge(*arguments[0], groups); }
  Status Merge(const Vector& partial, GroupIds groups) override {
    if (partial.type().Physical() != type_.Physical()) return DamagedPartial();
    return TryPresentRows(partial, groups, [&](size_t row, uint32_t group) {
      const T value = partial.Get<T>(row);
      values_[group] = seen_[group] != 0 ? kFold(values_[group], value) : value;
      seen_[group] = 1;
      return OkStatus();
    });
  }
  DataType PartialType() const override { return type_; }
  Status Partial(size_t begin, size_t end, Vector& out) override { return Finish(begin, end, out); }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (seen_[group] == 0) {
        out.AppendNull();
      } else {
        out.Append<T>(values_[group]);
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return values_.capacity() * (sizeof(T) + 1); }

 private:
  DataType type_;
  std::vector<T> values_;
  std::vector<uint8_t> seen_;
};

template <typename T>
T FoldAnd(T a, T b) { return static_cast<T>(a & b); }
template <typename T>
T FoldOr(T a, T b) { return static_cast<T>(a | b); }
template <typename T>
T FoldXor(T a, T b) { return static_cast<T>(a ^ b); }

template <typename T, T (*kFold)(T, T)>
StatusOr<std::unique_ptr<AggregateState>> MakeFold(const Function&, std::span<const DataType> arguments, DataType) {
  return std::unique_ptr<AggregateState>(std::make_unique<FoldState<T, kFold>>(arguments[0].WithoutTypmod()));
}

/// Also of bytea. The first value's delimiter is not used, but a state that is merged after another needs it, so it is kept.
class StringAggregate final : public AggregateState {
 public:
  void Resize(size_t groups) override { states_.resize(groups); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const Vector& delimiters = *arguments[1];
    return TryPresentRows(*arguments[0], groups, [&](size_t row, uint32_t group) -> Status {
      const std::string_view delimiter = delimiters.IsNull(row) ? std::string_view() : delimiters.GetBytes(row);
      return Append(states_[group], delimiter, arguments[0]->GetBytes(row));
    });
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    return ForPartialStates(partial, groups, [this](ByteReader& reader, uint32_t group) -> Status {
      const std::string_view delimiter = reader.GetString();
      const std::string_view text = reader.GetString();
      return reader.ok() ? Append(states_[group], delimiter, text) : DamagedPartial();
    });
  }
  DataType PartialType() const override { return TypeId::kBytea; }
  Status Partial(size_t begin, size_t end, Vector& out) override {
    ByteWriter writer;
    for (size_t group = begin; group < end; ++group) {
      if (!states_[group].seen) {
        out.AppendNull();
        continue;
      }
      writer.Clear();
      writer.PutString(states_[group].delimiter);
      writer.PutString(states_[group].text);
      out.AppendBytes(writer.data());
    }
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (states_[group].seen) {
        out.AppendBytes(states_[group].text);
      } else {
        out.AppendNull();
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return states_.capacity() * sizeof(State) + bytes_; }

 private:
  struct State {
    std::string text;
    std::string delimiter;
    bool seen = false;
  };

  Status Append(State& state, std::string_view delimiter, std::string_view text) {
    constexpr size_t kLimit = size_t{1} << 30;
    if (state.text.size() + delimiter.size() + text.size() >= kLimit) {
      return Error(sqlstate::kProgramLimitExceeded, "out of memory: string buffer would exceed 1 GB");
    }
    if (state.seen) {
      state.text += delimiter;
    } else {
      state.delimiter = std::string(delimiter);
      state.seen = true;
    }
    state.text += text;
    bytes_ += delimiter.size() + text.size();
    return OkStatus();
  }

  std::vector<State> states_;
  size_t bytes_ = 0;
};

/// NULLs are collected too.
class ArrayAggregate final : public AggregateState {
 public:
  explicit ArrayAggregate(DataType element) : element_(element) {}
  void Resize(size_t groups) override { states_.resize(groups); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    for (size_t row = 0; row < groups.rows; ++row) {
      Vector& elements = ElementsOf(groups.ids == nullptr ? 0 : groups.ids[row]);
      elements.AppendFrom(*arguments[0], row);
      bytes_ += element_.Width() != 0 ? element_.Width() : 8 + (arguments[0]->IsNull(row) ? 0 : arguments[0]->GetBytes(row).size());
    }
    return OkStatus();
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    if (partial.type().Physical() != PhysicalType::kBytes) return DamagedPartial();
    return TryPresentRows(partial, groups, [&](size_t row, uint32_t group) -> Status {
      ASSIGN_OR_RETURN(ArrayValue array, ArrayValue::Decode(element_, partial.GetBytes(row)));
      bytes_ += partial.GetBytes(row).size();
      ElementsOf(group).AppendRange(array.elements(), 0, array.size());
      return OkStatus();
    });
  }
  DataType PartialType() const override { return DataType::ArrayOf(element_.id); }
  Status Partial(size_t begin, size_t end, Vector& out) override { return Finish(begin, end, out); }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (states_[group] == nullptr) {
        out.AppendNull();
      } else {
        out.AppendBytes(ArrayValue::FromVector(states_[group]).Encode());
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return states_.capacity() * (sizeof(Vector) / 2) + bytes_; }

 private:
  Vector& ElementsOf(uint32_t group) {
    if (states_[group] == nullptr) states_[group] = std::make_shared<Vector>(element_);
    return *states_[group];
  }

  DataType element_;
  std::vector<std::shared_ptr<Vector>> states_;
  size_t bytes_ = 0;
};

StatusOr<std::unique_ptr<AggregateState>> MakeArrayAggregate(const Function&, std::span<const DataType> arguments, DataType) {
  return std::unique_ptr<AggregateState>(std::make_unique<ArrayAggregate>(arguments[0].WithoutTypmod()));
}

/// array_agg of arrays: one dimension more; all of one shape, none NULL or empty.
class ArrayStackAggregate final : public AggregateState {
 public:
  explicit ArrayStackAggregate(DataType element) : element_(element) {}
  void Resize(size_t groups) override { states_.resize(groups); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    for (size_t row = 0; row < groups.rows; ++row) {
      if (arguments[0]->IsNull(row)) return Error(sqlstate::kNullValueNotAllowed, "cannot accumulate null arrays");
      RETURN_IF_ERROR(Add(states_[groups.ids == nullptr ? 0 : groups.ids[row]], arguments[0]->GetBytes(row)));
    }
    return OkStatus();
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    return ForPartialStates(partial, groups, [this](ByteReader& reader, uint32_t group) -> Status {
      while (reader.ok() && !reader.AtEnd()) {
        const std::string_view array = reader.GetString();
        if (!reader.ok()) return DamagedPartial();
        RETURN_IF_ERROR(Add(states_[group], array));
      }
      return OkStatus();
    });
  }
  DataType PartialType() const override { return TypeId::kBytea; }
  Status Partial(size_t begin, size_t end, Vector& out) override {
    ByteWriter writer;
    for (size_t group = begin; group < end; ++group) {
      if (states_[group].parts.empty()) {
        out.AppendNull();
        continue;
      }
      writer.Clear();
      for (const std::string& part : states_[group].parts) writer.PutString(part);
      out.AppendBytes(writer.data());
    }
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      const State& state = states_[group];
      if (state.parts.empty()) {
        out.AppendNull();
        continue;
      }
      std::vector<ArrayDimension> shape = {{static_cast<int32_t>(state.parts.size()), 1}};
      shape.insert(shape.end(), state.shape.begin(), state.shape.end());
      auto elements = std::make_shared<Vector>(element_);
      for (const std::string& part : state.parts) {
        ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(element_, part));
        elements->AppendRange(array.elements(), 0, array.size());
      }
      out.AppendBytes(ArrayValue(std::move(shape), std::move(elements)).Encode());
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return states_.capacity() * sizeof(State) + bytes_; }

 private:
  struct State {
    std::vector<ArrayDimension> shape;
    std::vector<std::string> parts;   // encoded
  };

  Status Add(State& state, std::string_view bytes) {
    ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(element_, bytes));
    if (array.dimensions().empty()) return Error(sqlstate::kArraySubscriptError, "cannot accumulate empty arrays");
    if (array.dimensions().size() >= static_cast<size_t>(ArrayValue::kMaxDimensions)) {
      return Error(sqlstate::kProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (6)");
    }
    if (state.parts.empty()) state.shape = array.dimensions();
    const bool same = std::equal(state.shape.begin(), state.shape.end(), array.dimensions().begin(), array.dimensions().end(),
                                 [](const ArrayDimension& a, const ArrayDimension& b) { return a.length == b.length; });
    if (!same) return Error(sqlstate::kArraySubscriptError, "cannot accumulate arrays of different dimensionality");
    state.parts.emplace_back(bytes);
    bytes_ += bytes.size() + sizeof(std::string);
    return OkStatus();
  }

  DataType element_;
  std::vector<State> states_;
  size_t bytes_ = 0;
};

StatusOr<std::unique_ptr<AggregateState>> MakeArrayStack(const Function&, std::span<const DataType> arguments, DataType) {
  return std::unique_ptr<AggregateState>(std::make_unique<ArrayStackAggregate>(arguments[0].Element().WithoutTypmod()));
}

/// histogram(value, min, max, buckets): counts below, in each bucket, and at or above the end. A NULL value counts as 0, as in TimescaleDB.
class HistogramState final : public AggregateState {
 public:
  void Resize(size_t groups) override { states_.resize(groups); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    for (size_t row = 0; row < groups.rows; ++row) {
      if (arguments[1]->IsNull(row) || arguments[2]->IsNull(row) || arguments[3]->IsNull(row)) {
        return Error(sqlstate::kInvalidParameterValue, "histogram bounds and number of buckets must not be NULL");
      }
      const double low = arguments[1]->Get<double>(row);
      const double high = arguments[2]->Get<double>(row);
      const int32_t buckets = arguments[3]->Get<int32_t>(row);
      if (low > high) return Error(sqlstate::kInternalError, "lower bound cannot exceed upper bound");
      if (buckets <= 0) return Error(sqlstate::kInvalidArgumentForWidthBucket, "count must be greater than zero");
      if (buckets > 1'000'000) return Error(sqlstate::kProgramLimitExceeded, "too many histogram buckets");
      std::vector<int32_t>& counts = states_[groups.ids == nullptr ? 0 : groups.ids[row]];
      if (counts.empty()) counts.resize(static_cast<size_t>(buckets) + 2);
      if (counts.size() != static_cast<size_t>(buckets) + 2) {
        return Error(sqlstate::kInternalError, "number of buckets must not change between calls");
      }
      const double value = arguments[0]->IsNull(row) ? 0.0 : arguments[0]->Get<double>(row);
      ++counts[BucketOf(value, low, high, buckets)];
    }
    return OkStatus();
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    if (partial.type().Physical() != PhysicalType::kBytes) return DamagedPartial();
    return TryPresentRows(partial, groups, [&](size_t row, uint32_t group) -> Status {
      ASSIGN_OR_RETURN(ArrayValue array, ArrayValue::Decode(DataType(TypeId::kInt32), partial.GetBytes(row)));
      std::vector<int32_t>& counts = states_[group];
      if (counts.empty()) counts.resize(array.size());
      if (counts.size() != array.size() || array.elements().HasNulls()) return DamagedPartial();
      for (size_t i = 0; i < counts.size(); ++i) counts[i] += array.elements().Get<int32_t>(i);
      return OkStatus();
    });
  }
  DataType PartialType() const override { return DataType::ArrayOf(TypeId::kInt32); }
  Status Partial(size_t begin, size_t end, Vector& out) override { return Finish(begin, end, out); }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (states_[group].empty()) {
        out.AppendNull();
        continue;
      }
      auto elements = std::make_shared<Vector>(DataType(TypeId::kInt32));
      for (int32_t count : states_[group]) elements->Append<int32_t>(count);
      out.AppendBytes(ArrayValue::FromVector(std::move(elements)).Encode());
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override {
    return states_.empty() ? 0 : states_.capacity() * (sizeof(states_[0]) + states_[0].capacity() * sizeof(int32_t));
  }

 private:
  static size_t BucketOf(double value, double low, double high, int32_t buckets) {
    if (value < low) return 0;
    if (!(value < high)) return static_cast<size_t>(buckets) + 1;
    const double position = (value - low) / (high - low) * buckets;
    return std::min(static_cast<size_t>(position), static_cast<size_t>(buckets) - 1) + 1;
  }
  std::vector<std::vector<int32_t>> states_;
};

template <typename T>
void RegisterBitAggregates(RegistryBuilder& builder, std::string_view type) {
  builder.Aggregate("bit_and", type, type, MakeFold<T, FoldAnd<T>>);
  builder.Aggregate("bit_or", type, type, MakeFold<T, FoldOr<T>>);
  builder.Aggregate("bit_xor", type, type, MakeFold<T, FoldXor<T>>);
}

}  // namespace

void RegisterCollectors(RegistryBuilder& builder) {
  for (std::string_view name : {"bool_and", "every"}) builder.Aggregate(name, "bool", "bool", MakeFold<uint8_t, FoldAnd<uint8_t>>);
  builder.Aggregate("bool_or", "bool", "bool", MakeFold<uint8_t, FoldOr<uint8_t>>);
  RegisterBitAggregates<int16_t>(builder, "int2");
  RegisterBitAggregates<int32_t>(builder, "int4");
  RegisterBitAggregates<int64_t>(builder, "int8");
  builder.Aggregate("string_agg", "text,text", "text", MakeState<StringAggregate>);
  builder.Aggregate("string_agg", "bytea,bytea", "bytea", MakeState<StringAggregate>);
  builder.Aggregate("array_agg", "anynonarray", "anyarray", MakeArrayAggregate);
  builder.Aggregate("array_agg", "anyarray", "anyarray", MakeArrayStack);
  builder.Aggregate("histogram", "float8,float8,float8,int4", "_int4", MakeState<HistogramState>).schema = "public";
}

}  // namespace tsd::sql
