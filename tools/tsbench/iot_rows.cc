// Rows of the IoT use case: vehicles that drive and rest, burn fuel and carry cargo. Every 10 s a position and every minute a fuel reading a
// vehicle; a device that is off makes no rows (gaps), one without coverage keeps its rows and sends them all when it has coverage again
// (rows out of order, minutes to an hour late).
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "engine/base/strings.h"
#include "tools/tsbench/random_walk.h"
#include "tools/tsbench/workload.h"

namespace tsd::tsbench {
namespace {

constexpr std::array<const char*, 5> kFleets = {"north", "south", "east", "west", "harbour"};
struct Model {
  const char* name;
  int tank_litres, cargo_limit_kg, rated_tenths;  // litres an hour, in tenths
};
constexpr std::array<Model, 4> kModels = {{{"M12", 200, 3500, 142}, {"M18", 320, 8000, 187}, {"M26", 450, 14000, 243}, {"M40", 600, 24000, 312}}};

constexpr int kStepsAFuelRow = 6;
enum class Link { kSending, kKeeping, kOff };

struct Vehicle {
  const Model* model = nullptr;
  int64_t latitude = 0, longitude = 0;   // in 1e-6 degrees
  int64_t altitude = 0, speed = 0;       // in tenths: m, km/h
  int heading = 0;
  int64_t level = 0;                     // of the tank, in 1e-4
  int64_t cargo = 0;                     // kg
  bool driving = false;
  int64_t steps_left = 0;                // of driving or resting
  Link link = Link::kSending;
  int64_t link_steps_left = 0;           // of keeping or off
  std::string kept_positions, kept_fuel;
};

class Fleet {
 public:
  Fleet(const DataOptions& options, std::span<CsvFile> files) : random_(options.seed), vehicles_(options.series), positions_(files[0]), fuel_(files[1]) {
    for (size_t i = 0; i < vehicles_.size(); ++i) MakeVehicle(i, &files[2]);
  }

  void Step(size_t number, int64_t step, std::string_view stamp) {
    Vehicle& vehicle = vehicles_[number];
    Drive(&vehicle);
    Connect(&vehicle);
    if (vehicle.link == Link::kOff) return;
    const bool kept = vehicle.link == Link::kKeeping;
    AppendPosition(kept ? &vehicle.kept_positions : &positions_.row(), number, stamp);
    kept ? vehicle.kept_positions.push_back('\n') : positions_.EndRow();
    if (step % kStepsAFuelRow != static_cast<int64_t>(number % kStepsAFuelRow)) return;
    AppendFuel(kept ? &vehicle.kept_fuel : &fuel_.row(), number, stamp);
    kept ? vehicle.kept_fuel.push_back('\n') : fuel_.EndRow();
  }

  /// Rows still kept when the data ends are sent, too.
  void Finish() {
    for (Vehicle& vehicle : vehicles_) Send(&vehicle);
  }

 private:
  void MakeVehicle(size_t number, CsvFile* table) {
    Vehicle& vehicle = vehicles_[number];
    vehicle.model = &kModels[random_() % kModels.size()];
    vehicle.latitude = Between(random_, 47'000'000, 54'000'000);
    vehicle.longitude = Between(random_, 6'000'000, 14'000'000);
    vehicle.altitude = Between(random_, 0, 8000);
    vehicle.heading = static_cast<int>(random_() % 360);
    vehicle.level = Between(random_, 2000, 10000);
    StrAppend(&table->row(), "vehicle_", number, ",", kFleets[random_() % kFleets.size()], ",", vehicle.model->name, ",", vehicle.model->tank_litres, ",",
              vehicle.model->cargo_limit_kg, ",");
    AppendDecimal(&table->row(), vehicle.model->rated_tenths, 1);
    table->EndRow();
  }

  void Drive(Vehicle* vehicle) {
    if (--vehicle->steps_left < 0) {
      vehicle->driving = !vehicle->driving;
      vehicle->steps_left = vehicle->driving ? Between(random_, 60, 1500) : Between(random_, 30, 900);
      if (vehicle->driving) {
        if (vehicle->level < 1500) vehicle->level = 10000;
        vehicle->cargo = Between(random_, 0, vehicle->model->cargo_limit_kg / 10) * 10;
      }
    }
    if (!vehicle->driving) {
      vehicle->speed = 0;
      return;
    }
    const uint64_t bits = random_();
    const auto step = [&](int shift) { return static_cast<int64_t>(steps_.At(bits >> shift) * 10); };
    vehicle->speed = std::clamp<int64_t>((vehicle->speed == 0 ? 400 : vehicle->speed) + 3 * step(0), 10, 1100);
    vehicle->altitude = std::clamp<int64_t>(vehicle->altitude + 2 * step(16), 0, 20000);
    vehicle->heading = static_cast<int>((vehicle->heading + 360 + step(32) / 2) % 360);
    // About a microdegree each 0.1 m: north and east by eighths of the compass are near enough.
    const int64_t moved = vehicle->speed * 25 / 10;
    vehicle->latitude += vehicle->heading < 90 || vehicle->heading >= 270 ? moved : -moved;
    vehicle->longitude += vehicle->heading < 180 ? moved : -moved;
    burnt_ += vehicle->model->rated_tenths;
    if (burnt_ >= 2000) {
      vehicle->level = std::max<int64_t>(vehicle->level - 1, 0);
      burnt_ -= 2000;
    }
  }

  void Connect(Vehicle* vehicle) {
    if (vehicle->link != Link::kSending) {
      if (--vehicle->link_steps_left > 0) return;
      vehicle->link = Link::kSending;
      Send(vehicle);
    } else if (OneIn(random_, 3000)) {
      vehicle->link = Link::kOff;
      vehicle->link_steps_left = Between(random_, 30, 720);
    } else if (OneIn(random_, 1500)) {
      vehicle->link = Link::kKeeping;
      vehicle->link_steps_left = Between(random_, 6, 360);
    }
  }

  void Send(Vehicle* vehicle) {
    positions_.row() += vehicle->kept_positions;
    fuel_.row() += vehicle->kept_fuel;
    vehicle->kept_positions.clear();
    vehicle->kept_fuel.clear();
  }

  void AppendPosition(std::string* out, size_t number, std::string_view stamp) const {
    const Vehicle& vehicle = vehicles_[number];
    StrAppend(out, stamp, ",vehicle_", number, ",");
    AppendDecimal(out, vehicle.latitude, 6);
    out->push_back(',');
    AppendDecimal(out, vehicle.longitude, 6);
    out->push_back(',');
    AppendDecimal(out, vehicle.altitude, 1);
    out->push_back(',');
    AppendDecimal(out, vehicle.speed, 1);
    StrAppend(out, ",", vehicle.heading);
  }

  void AppendFuel(std::string* out, size_t number, std::string_view stamp) const {
    const Vehicle& vehicle = vehicles_[number];
    StrAppend(out, stamp, ",vehicle_", number, ",");
    AppendDecimal(out, vehicle.level, 4);
    out->push_back(',');
    AppendDecimal(out, vehicle.driving ? vehicle.model->rated_tenths * (500 + vehicle.speed) / 1000 : 0, 1);
    StrAppend(out, ",", vehicle.cargo, vehicle.driving ? ",true" : ",false");
  }

  std::mt19937_64 random_;
  const NormalSteps steps_;
  std::vector<Vehicle> vehicles_;
  CsvFile& positions_;
  CsvFile& fuel_;
  int64_t burnt_ = 0;
};

}  // namespace

void WriteIotRows(const DataOptions& options, std::span<CsvFile> files) {
  Fleet fleet(options, files);
  const absl::Duration step_time = IotUseCase().step;
  const auto steps = static_cast<int64_t>((options.rows + options.series - 1) / options.series);
  absl::Time time = options.start;
  for (int64_t step = 0; step < steps; ++step, time += step_time) {
    const std::string stamp = absl::FormatTime("%Y-%m-%d %H:%M:%S+00", time, absl::UTCTimeZone());
    for (size_t number = 0; number < options.series; ++number) fleet.Step(number, step, stamp);
  }
  fleet.Finish();
}

}  // namespace tsd::tsbench
