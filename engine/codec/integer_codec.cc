#include "engine/codec/integer_codec.h"

#include <memory>
#include <vector>

#include "engine/codec/chooser.h"
#include "engine/codec/frame_plan.h"
#include "engine/codec/integer_frames.h"
#include "engine/codec/number_kernels.h"

namespace tsd::engine {
namespace {

void PutZigzag(int64_t value, std::string& out) {
  ByteWriter writer;
  writer.PutZigzag(value);
  out += writer.data();
}

void EncodeDelta(std::span<const int64_t> values, std::string& out) {
  if (values.empty()) return;
  PutZigzag(values[0], out);
  const std::unique_ptr<int64_t[]> deltas = std::make_unique_for_overwrite<int64_t[]>(values.size());
  Differences(values.data(), values.size(), deltas.get());
  EncodeFrames(deltas.get(), values.size() - 1, out);
}

void EncodeDeltaDelta(std::span<const int64_t> values, std::string& out) {
  if (values.empty()) return;
  PutZigzag(values[0], out);
  if (values.size() == 1) return;
  const std::unique_ptr<int64_t[]> deltas = std::make_unique_for_overwrite<int64_t[]>(values.size());
  Differences(values.data(), values.size(), deltas.get());
  PutZigzag(deltas[0], out);
  Differences(deltas.get(), values.size() - 1, deltas.get());
  EncodeFrames(deltas.get(), values.size() - 2, out);
}

void EncodeRunLength(std::span<const int64_t> values, std::string& out) {
  std::vector<int64_t> run_values;
  std::vector<int64_t> run_lengths;
  for (size_t begin = 0; begin < values.size();) {
    size_t end = begin + 1;
    while (end < values.size() && values[end] == values[begin]) ++end;
    run_values.push_back(values[begin]);
    run_lengths.push_back(static_cast<int64_t>(end - begin));
    begin = end;
  }
  ByteWriter writer;
  writer.PutVarint(run_values.size());
  out += writer.data();
  EncodeFrames(run_values.data(), run_values.size(), out);
  EncodeFrames(run_lengths.data(), run_lengths.size(), out);
}

bool DecodeDelta(ByteReader& reader, std::span<int64_t> out) {
  if (out.empty()) return true;
  out[0] = reader.GetZigzag();
  return DecodeFramesSummed(reader, out.size() - 1, out[0], out.data() + 1) && reader.ok();
}

bool DecodeDeltaDelta(ByteReader& reader, std::span<int64_t> out) {
  if (out.empty()) return true;
  out[0] = reader.GetZigzag();
  if (out.size() == 1) return reader.ok();
  const int64_t delta = reader.GetZigzag();
  out[1] = Plus(out[0], delta);
  if (!DecodeFramesSummed(reader, out.size() - 2, delta, out.data() + 2)) return false;
  PrefixSum(out.data() + 2, out.size() - 2, out[1]);
  return reader.ok();
}

void EncodeProgression(std::span<const int64_t> values, std::string& out) {
  if (values.empty()) return;
  PutZigzag(values[0], out);
  PutZigzag(values.size() == 1 ? 0 : Minus(values[1], values[0]), out);
}

bool DecodeProgression(ByteReader& reader, std::span<int64_t> out) {
  if (out.empty()) return true;
  const uint64_t first = static_cast<uint64_t>(reader.GetZigzag());
  const uint64_t step = static_cast<uint64_t>(reader.GetZigzag());
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int64_t>(first + i * step);
  return reader.ok();
}

bool DecodeRunLength(ByteReader& reader, std::span<int64_t> out) {
  const uint64_t runs = reader.GetVarint();
  if (!reader.ok() || runs > out.size()) return false;
  std::vector<int64_t> buffer(2 * runs);
  if (!DecodeFrames(reader, runs, buffer.data()) || !DecodeFrames(reader, runs, buffer.data() + runs)) return false;
  size_t position = 0;
  for (size_t run = 0; run < runs; ++run) {
    const uint64_t length = static_cast<uint64_t>(buffer[runs + run]);
    if (length == 0 || length > out.size() - position) return false;
    std::fill_n(out.begin() + static_cast<ptrdiff_t>(position), length, buffer[run]);
    position += length;
  }
  return position == out.size();
}

bool DecodeConstant(ByteReader& reader, std::span<int64_t> out) {
  const int64_t value = reader.GetZigzag();
  std::fill(out.begin(), out.end(), value);
  return reader.ok();
}

}  // namespace

void EncodeIntegersAs(CodecId codec, std::span<const int64_t> values, std::string& out) {
  switch (codec) {
    case CodecId::kConstant: return PutZigzag(values.empty() ? 0 : values[0], out);
    case CodecId::kRunLength: return EncodeRunLength(values, out);
    case CodecId::kFrame: return EncodeFrames(values.data(), values.size(), out);
    case CodecId::kDelta: return EncodeDelta(values, out);
    case CodecId::kDeltaDelta: return EncodeDeltaDelta(values, out);
    case CodecId::kProgression: return EncodeProgression(values, out);
    default: TSD_CHECK_MSG(false, "not a codec for integers");
  }
}

bool DecodeIntegersAs(CodecId codec, ByteReader& reader, std::span<int64_t> out) {
  switch (codec) {
    case CodecId::kConstant: return DecodeConstant(reader, out);
    case CodecId::kRunLength: return DecodeRunLength(reader, out);
    case CodecId::kFrame: return DecodeFrames(reader, out.size(), out.data()) && reader.ok();
    case CodecId::kDelta: return DecodeDelta(reader, out);
    case CodecId::kDeltaDelta: return DecodeDeltaDelta(reader, out);
    case CodecId::kProgression: return DecodeProgression(reader, out);
    default: return false;
  }
}

void EncodeIntegers(std::span<const int64_t> values, std::string& out) {
  const CodecId codec = ChooseIntegerCodec(values);
  out.push_back(static_cast<char>(codec));
  EncodeIntegersAs(codec, values, out);
}

bool DecodeIntegers(ByteReader& reader, std::span<int64_t> out) {
  const CodecId codec = static_cast<CodecId>(reader.GetU8());
  return reader.ok() && DecodeIntegersAs(codec, reader, out);
}

bool VisitIntegers(ByteReader& reader, size_t count, FrameSink& sink) {
  const CodecId codec = static_cast<CodecId>(reader.GetU8());
  if (!reader.ok() || count == 0) return false;
  if (codec == CodecId::kFrame) return VisitFrames(reader, count, sink) && reader.ok();
  if (codec == CodecId::kDelta) {
    const int64_t first = reader.GetZigzag();
    sink.PutWide(&first, 1);
    return VisitFramesSummed(reader, count - 1, first, sink) && reader.ok();
  }
  if (codec == CodecId::kConstant) {
    static constexpr int16_t kNoOffsets[kFrameValues] = {};
    const int64_t value = reader.GetZigzag();
    for (size_t begin = 0; begin < count; begin += kFrameValues) sink.PutNarrow(value, kNoOffsets, std::min(kFrameValues, count - begin));
    return reader.ok();
  }
  const std::unique_ptr<int64_t[]> values = std::make_unique_for_overwrite<int64_t[]>(count);
  if (!DecodeIntegersAs(codec, reader, std::span<int64_t>(values.get(), count))) return false;
  for (size_t begin = 0; begin < count; begin += kFrameValues) sink.PutWide(values.get() + begin, std::min(kFrameValues, count - begin));
  return true;
}

}  // namespace tsd::engine
