#include "engine/codec/integer_codec.h"

#include <vector>

#include "engine/codec/chooser.h"
#include "engine/codec/integer_frames.h"

namespace tsd::engine {
namespace {

// Differences wrap: any sequence round-trips.
inline int64_t Minus(int64_t left, int64_t right) { return static_cast<int64_t>(static_cast<uint64_t>(left) - static_cast<uint64_t>(right)); }
inline int64_t Plus(int64_t left, int64_t right) { return static_cast<int64_t>(static_cast<uint64_t>(left) + static_cast<uint64_t>(right)); }

void PutZigzag(int64_t value, std::string& out) {
  ByteWriter writer;
  writer.PutZigzag(value);
  out += writer.data();
}

void EncodeDelta(std::span<const int64_t> values, std::string& out) {
  if (values.empty()) return;
  PutZigzag(values[0], out);
  std::vector<int64_t> deltas(values.size() - 1);
  for (size_t i = 0; i < deltas.size(); ++i) deltas[i] = Minus(values[i + 1], values[i]);
  EncodeFrames(deltas.data(), deltas.size(), out);
}

void EncodeDeltaDelta(std::span<const int64_t> values, std::string& out) {
  if (values.empty()) return;
  PutZigzag(values[0], out);
  if (values.size() == 1) return;
  PutZigzag(Minus(values[1], values[0]), out);
  std::vector<int64_t> seconds(values.size() - 2);
  for (size_t i = 0; i < seconds.size(); ++i) {
    seconds[i] = Minus(Minus(values[i + 2], values[i + 1]), Minus(values[i + 1], values[i]));
  }
  EncodeFrames(seconds.data(), seconds.size(), out);
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
  if (!DecodeFrames(reader, out.size() - 1, out.data() + 1)) return false;
  int64_t value = out[0];
  for (size_t i = 1; i < out.size(); ++i) out[i] = value = Plus(value, out[i]);
  return reader.ok();
}

bool DecodeDeltaDelta(ByteReader& reader, std::span<int64_t> out) {
  if (out.empty()) return true;
  out[0] = reader.GetZigzag();
  if (out.size() == 1) return reader.ok();
  int64_t delta = reader.GetZigzag();
  out[1] = Plus(out[0], delta);
  if (!DecodeFrames(reader, out.size() - 2, out.data() + 2)) return false;
  int64_t value = out[1];
  for (size_t i = 2; i < out.size(); ++i) {
    delta = Plus(delta, out[i]);
    out[i] = value = Plus(value, delta);
  }
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

}  // namespace tsd::engine
