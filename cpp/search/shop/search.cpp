#include "search/shop/search.hpp"

#include <algorithm>
#include <array>

#include "search/random.hpp"
#include "search/shop/tabu.hpp"

namespace headway::search::shop {
namespace {

// Where on the way between two solutions candidates lie, in thousandths, and for which part of the
// patience each is tried.
constexpr std::array<Time, 3> SHARES = {350, 500, 650};
constexpr std::uint64_t TRIAL_PART = 16;

// Keeps one worker's budget and passes its improvements on, but not more often than it checks.
class Watch final : public Monitor {
public:
    Watch(const Shop& shop, Incumbent& incumbent, std::uint64_t iterations, const StopFlag& stop,
          const OnImprovement& on_improvement)
        : shop_(&shop),
          incumbent_(&incumbent),
          left_(iterations),
          stop_(&stop),
          on_improvement_(&on_improvement) {}

    bool go_on(std::uint64_t iterations) override {
        used_ += iterations;
        left_ -= std::min(left_, iterations);
        report();
        return more();
    }

    bool more() const { return left_ > 0 && !stop_->is_set() && !incumbent_->reached(); }

    void improved(const State& state) override {
        if (state.value() < incumbent_->best() && state.value() < value_) {
            value_ = state.value();
            start_.assign(state.heads().begin(), state.heads().end());
            mode_ = modes_of(*shop_, state.choices());
            news_ = true;
        }
    }

    std::uint64_t used() const { return used_; }

private:
    void report() {
        if (news_ && incumbent_->note(value_)) {
            (*on_improvement_)(value_, start_, mode_);
        }
        news_ = false;
    }

    const Shop* shop_;
    Incumbent* incumbent_;
    std::uint64_t left_;
    std::uint64_t used_ = 0;
    const StopFlag* stop_;
    const OnImprovement* on_improvement_;
    Time value_ = std::numeric_limits<Time>::max();
    std::vector<Time> start_;
    std::vector<Index> mode_;
    bool news_ = false;
};

}  // namespace

ShopSearch::ShopSearch(const Shop& shop, const SearchSettings& settings)
    : shop_(&shop), settings_(settings), elite_(shop, settings.population) {}

std::uint64_t ShopSearch::run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                              const OnImprovement& on_improvement) {
    Random random(seed);
    Builder builder(*shop_);
    TabuSearch tabu(*shop_, random);
    Watch watch(*shop_, incumbent_, iterations, stop, on_improvement);
    while (watch.more()) {
        Solution child;
        if (auto offer = elite_.take_offer()) {
            child = std::move(*offer);
        } else if (auto parents = elite_.parents(random.next(), random.next()); !parents) {
            child = builder.build(random);
        } else {
            const auto& [a, b] = *parents;
            for (const Time share : SHARES) {
                if (!watch.more() && !child.order.empty()) {
                    break;
                }
                Solution trial = between(a, b, share, random);
                tabu.run(trial, settings_.patience / TRIAL_PART + 1, watch);
                if (child.order.empty() || trial.value < child.value) {
                    child = std::move(trial);
                }
            }
        }
        tabu.run(child, settings_.patience, watch);
        elite_.add(std::move(child));
    }
    return watch.used();
}

}  // namespace headway::search::shop
