// Frames under hostile bytes: any split, any damage, any length.
#include "net/rpc/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/random.h"
#include "engine/base/strings.h"

namespace tsd::net::rpc {
namespace {

std::string RandomBytes(Random* random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random->Next());
  return bytes;
}

/// Feeds `pieces`, collects frames until an error.
Status FeedAll(FrameDecoder* decoder, const std::vector<std::string>& pieces, std::vector<Frame>* frames) {
  for (const std::string& piece : pieces) {
    std::string_view input = piece;
    while (!input.empty()) {
      StatusOr<std::optional<Frame>> frame = decoder->Next(&input);
      if (!frame.ok()) return frame.status();
      if (frame->has_value()) frames->push_back(**std::move(frame));
    }
  }
  return OkStatus();
}

std::string ThreeFrames() {
  return EncodeFrame(FrameType::kOpen, 1, EncodeOpenHead({Method{7}, StreamKind::kStream, 99}), "payload") +
         EncodeFrame(FrameType::kPing, 0, {}) + EncodeFrame(FrameType::kData, 0xFFFFFFFFu, std::string(300, 'x'));
}

TEST(Frame, SurvivesEverySplit) {
  const std::string bytes = ThreeFrames();
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameDecoder decoder;
    std::vector<Frame> frames;
    ASSERT_TRUE(FeedAll(&decoder, {bytes.substr(0, cut), bytes.substr(cut)}, &frames).ok());
    ASSERT_EQ(frames.size(), 3u);
    EXPECT_EQ(frames[0].payload.substr(kOpenHeadBytes), "payload");
    EXPECT_EQ(frames[1].type, FrameType::kPing);
    EXPECT_EQ(frames[1].payload, "");
    EXPECT_EQ(frames[2].stream_id, 0xFFFFFFFFu);
    EXPECT_EQ(frames[2].payload, std::string(300, 'x'));
    EXPECT_TRUE(decoder.AtBoundary());
  }
  std::vector<std::string> single;
  for (char c : bytes) single.emplace_back(1, c);
  FrameDecoder decoder;
  std::vector<Frame> frames;
  ASSERT_TRUE(FeedAll(&decoder, single, &frames).ok());
  EXPECT_EQ(frames.size(), 3u);
}

TEST(Frame, EveryFlippedBitIsNoticedOrChangesNothingBeforeIt) {
  const std::string good = ThreeFrames();
  const size_t first_size = EncodeFrame(FrameType::kOpen, 1, EncodeOpenHead({Method{7}, StreamKind::kStream, 99}), "payload").size();
  for (size_t bit = 0; bit < first_size * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] ^= static_cast<char>(1u << (bit % 8));
    FrameDecoder decoder;
    std::vector<Frame> frames;
    const Status status = FeedAll(&decoder, {bytes}, &frames);
    // A longer length may leave the decoder waiting; it must not have given out the damaged frame.
    EXPECT_TRUE(frames.empty()) << bit;
    if (!status.ok()) {
      EXPECT_TRUE(HasSqlState(status, sqlstate::kProtocolViolation));
      std::string_view more = good;
      EXPECT_FALSE(decoder.Next(&more).ok()) << "an error is for good";
    }
  }
}

TEST(Frame, LengthIsBounded) {
  for (const uint32_t length : {0u, 12u, static_cast<uint32_t>(kMaxFramePayload + 14), 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    ByteWriter writer;
    writer.PutU32(length);
    writer.PutU8(static_cast<uint8_t>(FrameType::kData));
    writer.PutU32(1);
    FrameDecoder decoder;
    std::string_view input = writer.data();
    EXPECT_FALSE(decoder.Next(&input).ok()) << length;
  }
  // The bound before the handshake is lower.
  const std::string hello = EncodeFrame(FrameType::kHello, 0, std::string(kMaxHelloPayload + 1, 'x'));
  FrameDecoder decoder(kMaxHelloPayload);
  std::string_view input = hello;
  EXPECT_FALSE(decoder.Next(&input).ok());
  const std::string largest = EncodeFrame(FrameType::kData, 1, std::string(kMaxFramePayload, 'x'));
  FrameDecoder wide;
  std::vector<Frame> frames;
  ASSERT_TRUE(FeedAll(&wide, {largest}, &frames).ok());
  EXPECT_EQ(frames.at(0).payload.size(), kMaxFramePayload);
}

TEST(Frame, RandomBytesNeverCrash) {
  Random random(1);
  for (int run = 0; run < 3000; ++run) {
    std::string bytes = RandomBytes(&random, random.Below(200));
    if (random.Chance(0.5) && bytes.size() >= 4) {  // a plausible length gets further
      ByteWriter length;
      length.PutU32(static_cast<uint32_t>(13 + random.Below(100)));
      bytes.replace(0, 4, length.data());
    }
    FrameDecoder decoder;
    std::vector<Frame> frames;
    const size_t cut = random.Below(bytes.size() + 1);
    FeedAll(&decoder, {bytes.substr(0, cut), bytes.substr(cut)}, &frames).IgnoreError();
    EXPECT_TRUE(frames.empty());
    DecodeHello(bytes).status().IgnoreError();
    DecodeHelloAck(bytes).status().IgnoreError();
    DecodeOpenHead(bytes).status().IgnoreError();
    DecodeCredit(bytes).status().IgnoreError();
    DecodeStatus(bytes).IgnoreError();
  }
}

TEST(Frame, HandshakeRoundTrip) {
  HelloInfo hello;
  hello.node_uuid = "u";
  hello.cluster_id = std::string("c\0d", 3);
  hello.user = "postgres";
  hello.credential = "k";
  hello.window_bytes = 5;
  const StatusOr<HelloInfo> back = DecodeHello(EncodeHello(hello));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->cluster_id, hello.cluster_id);
  EXPECT_EQ(back->window_bytes, 5u);
  const std::string encoded = EncodeHello(hello);
  for (size_t size = 0; size < encoded.size(); ++size) EXPECT_FALSE(DecodeHello(encoded.substr(0, size)).ok());

  HelloAck ack;
  ack.status = Error(sqlstate::kInvalidAuthorization, "no");
  const StatusOr<HelloAck> refused = DecodeHelloAck(EncodeHelloAck(ack));
  ASSERT_TRUE(refused.ok());
  EXPECT_TRUE(HasSqlState(refused->status, sqlstate::kInvalidAuthorization));
}

TEST(Frame, HugeStatusIsCutNotFatal) {
  std::string text;
  while (text.size() < (20u << 20)) text += "äöü";
  const Status huge = WithDetail(Error(sqlstate::kUniqueViolation, text), text);
  const std::string encoded = EncodeBoundedStatus(huge);
  EXPECT_LE(encoded.size(), 40u << 10);
  const Status back = DecodeStatus(encoded);
  EXPECT_TRUE(HasSqlState(back, sqlstate::kUniqueViolation));
  EXPECT_EQ(back.message().size() % 2, 0u) << "cut inside a character";
}

TEST(Frame, MagicIsNoStartupPacket) {
  ByteReader reader(kRpcMagic);
  EXPECT_GT(reader.GetBeU32(), 1u << 30);  // PostgreSQL's limit is 10,000 bytes
}

}  // namespace
}  // namespace tsd::net::rpc
