// Ordered-set aggregates: percentile_cont, percentile_disc, mode. States hold all values (as array_agg's); sorting happens at the end.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/compare.h"
#include "engine/types/interval_text.h"
#include "engine/types/text_form.h"
#include "sql/exec/row_order.h"
#include "sql/function/aggregate_rows.h"
#include "sql/function/aggregates.h"

namespace tsd::sql {
namespace {

enum class OrderedSet : uint8_t { kContinuous, kDiscrete, kMode };

/// The values of a group by rank. Doubles are selected, not sorted.
class Ranked {
 public:
  Ranked(const Vector& values, bool descending) : values_(values), descending_(descending) {
    if (values.type().Physical() == PhysicalType::kFloat64) numbers_.assign(values.values<double>(), values.values<double>() + values.size());
  }
  size_t size() const { return values_.size(); }
  /// Appends the value at `rank`, from 0.
  void Put(size_t rank, Vector& out) {
    if (numbers_.empty()) {
      out.AppendFrom(values_, Order()[rank]);
    } else {
      out.Append<double>(NumberAt(descending_ ? size() - 1 - rank : rank));
    }
  }
  /// Appends the first of the most frequent values.
  void PutMode(Vector& out) {
    const std::vector<uint32_t>& order = Order();
    size_t best_at = 0;
    size_t best_length = 0;
    for (size_t i = 0; i < order.size();) {
      size_t j = i + 1;
      while (j < order.size() && CompareRows(values_, order[i], values_, order[j]) == 0) ++j;
      if (j - i > best_length) {
        best_length = j - i;
        best_at = i;
      }
      i = j;
    }
    out.AppendFrom(values_, order[best_at]);
  }

 private:
  /// NaN is above every number.
  static bool IsBelow(double left, double right) { return left < right || (std::isnan(right) && !std::isnan(left)); }

  double NumberAt(size_t rank) {
    const auto at = numbers_.begin() + static_cast<ptrdiff_t>(rank);
    std::nth_element(numbers_.begin(), at, numbers_.end(), IsBelow);
    return *at;
  }
  const std::vector<uint32_t>& Order() {
    if (order_.empty()) {
      // Not the vector's owner: the batch lives as long as this call.
      const VectorPtr column(std::shared_ptr<const Vector>(), &values_);
      order_ = SortedRows(ColumnBatch({column}, values_.size()), {{0, descending_, false}});
    }
    return order_;
  }

  const Vector& values_;
  const bool descending_;
  std::vector<double> numbers_;
  std::vector<uint32_t> order_;
};

class OrderedSetState final : public AggregateState {
 public:
  /// `many`: the fractions come as an array, and so do the answers.
  OrderedSetState(OrderedSet what, DataType element, bool many) : what_(what), element_(element), many_(many) {}

  void SetDescending() override { descending_ = true; }
  void Resize(size_t groups) override { states_.resize(groups); }

  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const Vector& values = *arguments.back();
    for (size_t row = 0; row < groups.rows; ++row) {
      State& state = states_[groups.ids == nullptr ? 0 : groups.ids[row]];
      if (what_ != OrderedSet::kMode) RETURN_IF_ERROR(SetFraction(state, *arguments[0], row));
      if (values.IsNull(row)) continue;
      if (state.values == nullptr) state.values = std::make_shared<Vector>(element_);
      state.values->AppendFrom(values, row);
      bytes_ += element_.Width() != 0 ? element_.Width() : 8 + values.GetBytes(row).size();
    }
    return OkStatus();
  }

  Status Merge(const Vector& partial, GroupIds groups) override {
    return ForPartialStates(partial, groups, [this](ByteReader& reader, uint32_t group) -> Status {
      State& state = states_[group];
      const uint8_t has_fraction = reader.GetU8();
      const double fraction = reader.GetF64();
      const std::string_view bytes = reader.GetString();
      const uint64_t count = reader.GetVarint();
      if (!reader.ok() || std::isnan(fraction) || fraction < 0 || fraction > 1 || count > reader.remaining() / 8) return DamagedPartial();
      std::vector<double> fractions;
      for (uint64_t i = 0; i < count; ++i) {
        fractions.push_back(reader.GetF64());
        if (!(std::isnan(fractions.back()) || (fractions.back() >= 0 && fractions.back() <= 1))) return DamagedPartial();
      }
      if (count != 0) state.fractions = std::move(fractions);
      if (has_fraction != 0) {
        state.fraction = fraction;
        state.has_fraction = true;
      }
      if (bytes.empty()) return OkStatus();
      ASSIGN_OR_RETURN(ArrayValue array, ArrayValue::Decode(element_, bytes));
      if (array.elements().HasNulls()) return DamagedPartial();
      if (state.values == nullptr) state.values = std::make_shared<Vector>(element_);
      state.values->AppendRange(array.elements(), 0, array.size());
      bytes_ += bytes.size();
      return OkStatus();
    });
  }
  DataType PartialType() const override { return TypeId::kBytea; }
  Status Partial(size_t begin, size_t end, Vector& out) override {
    ByteWriter writer;
    for (size_t group = begin; group < end; ++group) {
      const State& state = states_[group];
      writer.Clear();
      writer.PutU8(state.has_fraction ? 1 : 0);
      writer.PutF64(state.fraction);
      writer.PutString(state.values == nullptr ? std::string() : ArrayValue::FromVector(state.values).Encode());
      writer.PutVarint(state.fractions.size());
      for (double fraction : state.fractions) writer.PutF64(fraction);
      out.AppendBytes(writer.data());
    }
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      const State& state = states_[group];
      if (state.values == nullptr || (what_ != OrderedSet::kMode && !state.has_fraction)) {
        out.AppendNull();
        continue;
      }
      Ranked ranked(*state.values, descending_);
      if (!many_) {
        RETURN_IF_ERROR(Pick(state.fraction, ranked, out));
        continue;
      }
      auto answers = std::make_shared<Vector>(out.type().Element().WithoutTypmod());
      for (double fraction : state.fractions) {
        if (std::isnan(fraction)) {
          answers->AppendNull();
        } else {
          RETURN_IF_ERROR(Pick(fraction, ranked, *answers));
        }
      }
      out.AppendBytes(ArrayValue::FromVector(std::move(answers)).Encode());
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return states_.capacity() * sizeof(State) + bytes_; }

 private:
  struct State {
    std::shared_ptr<Vector> values;
    double fraction = 0;
    bool has_fraction = false;  // a NULL fraction gives NULL
    std::vector<double> fractions;  // of an array; NaN for NULL
  };

  static Status CheckFraction(double fraction) {
    if (!std::isnan(fraction) && fraction >= 0 && fraction <= 1) return OkStatus();
    std::string text;
    FormatFloat64(fraction, 1, text);
    return Error(sqlstate::kNumericValueOutOfRange, StrCat("percentile value ", text, " is not between 0 and 1"));
  }

  Status SetFraction(State& state, const Vector& fractions, size_t row) {
    if (fractions.IsNull(row)) return OkStatus();
    state.has_fraction = true;
    if (!many_) {
      state.fraction = fractions.Get<double>(row);
      return CheckFraction(state.fraction);
    }
    if (!state.fractions.empty()) return OkStatus();  // the same in every row of a group
    ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(TypeId::kFloat64, fractions.GetBytes(row)));
    for (size_t i = 0; i < array.size(); ++i) {
      const bool null = array.elements().IsNull(i);
      const double fraction = null ? std::numeric_limits<double>::quiet_NaN() : array.elements().Get<double>(i);
      if (!null) RETURN_IF_ERROR(CheckFraction(fraction));
      state.fractions.push_back(fraction);
    }
    return OkStatus();
  }

  Status Pick(double fraction, Ranked& ranked, Vector& out) const {
    const double count = static_cast<double>(ranked.size());
    switch (what_) {
      case OrderedSet::kDiscrete: {
        const double rank = std::ceil(fraction * count);
        ranked.Put(rank < 1 ? 0 : std::min(static_cast<size_t>(rank), ranked.size()) - 1, out);
        return OkStatus();
      }
      case OrderedSet::kContinuous: {
        const double at = fraction * (count - 1);
        const size_t low = std::min(static_cast<size_t>(std::floor(at)), ranked.size() - 1);
        const size_t high = std::min(static_cast<size_t>(std::ceil(at)), ranked.size() - 1);
        return Interpolate(ranked, low, high, at - static_cast<double>(low), out);
      }
      case OrderedSet::kMode: ranked.PutMode(out); return OkStatus();
    }
    return OkStatus();
  }

  Status Interpolate(Ranked& ranked, size_t low, size_t high, double part, Vector& out) const {
    if (low == high) {
      ranked.Put(low, out);
      return OkStatus();
    }
    Vector ends(element_);
    ranked.Put(low, ends);
    ranked.Put(high, ends);
    if (element_.Is(TypeId::kInterval)) {
      const Interval base = ends.Get<Interval>(0);
      ASSIGN_OR_RETURN(Interval difference, SubtractIntervals(ends.Get<Interval>(1), base));
      ASSIGN_OR_RETURN(difference, MultiplyInterval(difference, part));
      ASSIGN_OR_RETURN(const Interval result, AddIntervals(base, difference));
      out.Append<Interval>(result);
      return OkStatus();
    }
    const double base = ends.Get<double>(0);
    out.Append<double>(base + (ends.Get<double>(1) - base) * part);
    return OkStatus();
  }

  bool descending_ = false;
  OrderedSet what_;
  DataType element_;
  const bool many_;
  std::vector<State> states_;
  size_t bytes_ = 0;
};

template <OrderedSet kWhat>
StatusOr<std::unique_ptr<AggregateState>> MakeOrderedSet(const Function&, std::span<const DataType> arguments, DataType) {
  return std::unique_ptr<AggregateState>(std::make_unique<OrderedSetState>(
      kWhat, arguments.back().WithoutTypmod(), kWhat != OrderedSet::kMode && arguments[0].is_array));
}

}  // namespace

void RegisterOrderedSets(RegistryBuilder& builder) {
  builder.Aggregate("percentile_cont", "float8,float8", "float8", MakeOrderedSet<OrderedSet::kContinuous>).ordered_set = true;
  builder.Aggregate("percentile_cont", "float8,interval", "interval", MakeOrderedSet<OrderedSet::kContinuous>).ordered_set = true;
  builder.Aggregate("percentile_disc", "float8,anyelement", "anyelement", MakeOrderedSet<OrderedSet::kDiscrete>).ordered_set = true;
  builder.Aggregate("percentile_cont", "_float8,float8", "_float8", MakeOrderedSet<OrderedSet::kContinuous>).ordered_set = true;
  builder.Aggregate("percentile_cont", "_float8,interval", "_interval", MakeOrderedSet<OrderedSet::kContinuous>).ordered_set = true;
  builder.Aggregate("percentile_disc", "_float8,anyelement", "anyarray", MakeOrderedSet<OrderedSet::kDiscrete>).ordered_set = true;
  builder.Aggregate("mode", "anyelement", "anyelement", MakeOrderedSet<OrderedSet::kMode>).ordered_set = true;
}

void RegisterAggregates(RegistryBuilder& builder) {
  RegisterSums(builder);
  RegisterExtremes(builder);
  RegisterStatistics(builder);
  RegisterCollectors(builder);
  RegisterOrderedSets(builder);
}

void RegisterWindowFunctions(RegistryBuilder& builder) {
  builder.Window("row_number", "", "int8");
  builder.Window("rank", "", "int8");
  builder.Window("dense_rank", "", "int8");
  builder.Window("percent_rank", "", "float8");
  builder.Window("cume_dist", "", "float8");
  builder.Window("ntile", "int4", "int4");
  for (std::string_view name : {"lag", "lead"}) {
    builder.Window(name, "anyelement", "anyelement");
    builder.Window(name, "anyelement,int4", "anyelement");
    builder.Window(name, "anycompatible,int4,anycompatible", "anycompatible");
  }
  builder.Window("first_value", "anyelement", "anyelement");
  builder.Window("last_value", "anyelement", "anyelement");
  builder.Window("nth_value", "anyelement,int4", "anyelement");
}

}  // namespace tsd::sql
