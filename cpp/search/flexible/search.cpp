#include "search/flexible/search.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "search/flexible/starts.hpp"
#include "search/flexible/tabu.hpp"
#include "search/random.hpp"

namespace headway::search::flexible {
namespace {

// Where on the way between two plans candidates lie, in thousandths, and how long each is tried.
constexpr std::array<Time, 3> SHARES = {300, 500, 700};
constexpr std::uint64_t TRIAL_PATIENCE = 300;

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

    void improved(Time makespan, const Orientation& orientation) override {
        if (makespan < incumbent_->best() && makespan < value_) {
            value_ = makespan;
            orientation.save(news_);
            is_new_ = true;
        }
    }

    void report() {
        if (is_new_ && incumbent_->note(value_)) {
            (*on_improvement_)(value_, starts(*shop_, news_), news_.mode);
        }
        is_new_ = false;
    }

    std::uint64_t used() const { return used_; }

private:
    const Shop* shop_;
    Incumbent* incumbent_;
    std::uint64_t left_;
    std::uint64_t used_ = 0;
    const StopFlag* stop_;
    const OnImprovement* on_improvement_;
    Time value_ = std::numeric_limits<Time>::max();
    Plan news_;
    bool is_new_ = false;
};

}  // namespace

FlexibleSearch::FlexibleSearch(const Shop& shop, const SearchSettings& settings)
    : shop_(&shop), settings_(settings), elite_(shop, settings.population) {}

std::uint64_t FlexibleSearch::run(std::uint64_t seed, std::uint64_t iterations,
                                  const StopFlag& stop, const OnImprovement& on_improvement) {
    Random random(seed);
    TabuSearch tabu(*shop_, random);
    Watch watch(*shop_, incumbent_, iterations, stop, on_improvement);
    while (watch.more()) {
        Member child;
        if (auto offer = elite_.take_offer()) {
            child.plan = std::move(*offer);
        } else if (auto parents = elite_.parents(random.next(), random.next()); !parents) {
            child.plan = random_plan(*shop_, random);
        } else {
            const auto& [a, b] = *parents;
            for (const Time share : SHARES) {
                if (!watch.more()) {
                    break;
                }
                Member trial{0, between(*shop_, a.plan, b.plan, share, random)};
                trial.makespan = tabu.run(trial.plan, TRIAL_PATIENCE, watch);
                if (child.plan.order.empty() || trial.makespan < child.makespan) {
                    child = std::move(trial);
                }
            }
        }
        child.makespan = tabu.run(child.plan, settings_.patience, watch);
        watch.report();
        elite_.add(std::move(child));
    }
    return watch.used();
}

}  // namespace headway::search::flexible
