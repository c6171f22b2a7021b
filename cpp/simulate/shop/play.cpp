#include "simulate/shop/play.hpp"

namespace headway::simulate::shop {
namespace {

constexpr Int DECISIONS_BETWEEN_LOOKS = 256;

}  // namespace

bool play(World& world, Score score, bool waits, Int until, const search::StopFlag& stop) {
    while (world.advance(until)) {
        if (world.n_decisions() % DECISIONS_BETWEEN_LOOKS == 0 && stop.is_set()) {
            return false;
        }
        const bool may_hold = waits && world.may_hold();
        Int best = ABSENT;
        double most = 0;
        for (const Int mode : world.candidates()) {
            const double value = score(
                [&](Int column) { return world.value(static_cast<Column>(column), mode); });
            if (may_hold && world.outside(mode) && !(value > 0)) {
                continue;
            }
            if (best == ABSENT || beats(value, most) || (!beats(most, value) && mode < best)) {
                best = mode;
                most = value;
            }
        }
        if (best == ABSENT) {
            world.hold();
        } else {
            world.choose(best);
        }
    }
    return true;
}

}  // namespace headway::simulate::shop
