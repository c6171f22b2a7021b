#include "simulate/shop/play.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace headway::simulate::shop {
namespace {

constexpr Int DECISIONS_BETWEEN_LOOKS = 256;

// Scores of candidates; those of steady columns alone are computed once per wait.
class Judge {
public:
    Judge(const World& world, Score score) : world_(world), score_(std::move(score)) {
        steady_ = std::ranges::all_of(score_.columns(), [](Int column) {
            return is_steady(static_cast<Column>(column));
        });
        if (steady_) {
            known_.resize(world.shop().machine.size());
            news_.assign(known_.size(), ABSENT);
        }
    }

    double operator()(Int mode) {
        if (!steady_) {
            return compute(mode);
        }
        const Int news = world_.news(mode);
        if (news_[mode] != news) {
            news_[mode] = news;
            known_[mode] = compute(mode);
        }
        return known_[mode];
    }

private:
    double compute(Int mode) {
        return score_([&](Int column) { return world_.value(static_cast<Column>(column), mode); });
    }

    const World& world_;
    Score score_;
    bool steady_;
    std::vector<double> known_;
    std::vector<Int> news_;
};

}  // namespace

bool play(World& world, Score score, bool waits, Int until, const search::StopFlag& stop) {
    Judge judge(world, std::move(score));
    while (world.advance(until)) {
        if (world.n_decisions() % DECISIONS_BETWEEN_LOOKS == 0 && stop.is_set()) {
            return false;
        }
        const bool may_hold = waits && world.may_hold();
        Int best = ABSENT;
        double most = 0;
        for (const Int mode : world.candidates()) {
            const double value = judge(mode);
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
