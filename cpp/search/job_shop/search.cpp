#include "search/job_shop/search.hpp"

#include <algorithm>
#include <array>

#include "search/random.hpp"
#include "search/job_shop/starts.hpp"
#include "search/job_shop/tabu.hpp"

namespace headway::search::job_shop {
namespace {

// Where on the way between two orders candidates lie, in thousandths, and how long each is tried.
constexpr std::array<Time, 5> SHARES = {300, 400, 500, 600, 700};
constexpr std::uint64_t TRIAL_PATIENCE = 500;

// Longer where machines have many more tasks than there are machines.
std::int32_t usual_tenure(const Shop& shop) {
    return 4 + shop.crowd() / std::max(1, shop.n_machines()) / 2;
}

// Keeps one worker's budget and passes its improvements on, but not more often than it checks.
class Watch final : public Monitor {
public:
    Watch(const Shop& shop, Incumbent& incumbent, std::uint64_t iterations, const StopFlag& stop,
          const OnImprovement& on_improvement)
        : shop_(&shop),
          incumbent_(&incumbent),
          left_(iterations),
          stop_(&stop),
          on_improvement_(&on_improvement) {
        news_.reserve(static_cast<std::size_t>(shop.n_tasks()));
    }

    bool go_on(std::uint64_t iterations) override {
        used_ += iterations;
        left_ -= std::min(left_, iterations);
        report();
        return more();
    }

    bool more() const { return left_ > 0 && !stop_->is_set() && !incumbent_->reached(); }

    void improved(Time makespan, std::span<const Index> order) override {
        if (makespan < incumbent_->best() && makespan < value_) {
            value_ = makespan;
            news_.assign(order.begin(), order.end());
        }
    }

    void report() {
        if (!news_.empty()) {
            if (incumbent_->note(value_)) {
                (*on_improvement_)(value_, starts(*shop_, news_));
            }
            news_.clear();
        }
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
    std::vector<Index> news_;
};

}  // namespace

JobShopSearch::JobShopSearch(const Shop& shop, const SearchSettings& settings)
    : shop_(&shop), settings_(settings), elite_(shop, settings.population) {}

std::uint64_t JobShopSearch::run(std::uint64_t seed, std::uint64_t iterations,
                                 const StopFlag& stop, const OnImprovement& on_improvement) {
    Random random(seed);
    const std::int32_t tenure = settings_.tenure > 0 ? settings_.tenure : usual_tenure(*shop_);
    TabuSearch tabu(*shop_, settings_.neighbourhood, tenure, random);
    Watch watch(*shop_, incumbent_, iterations, stop, on_improvement);
    while (watch.more()) {
        Member child;
        if (auto offer = elite_.take_offer()) {
            child.order = std::move(*offer);
        } else if (auto parents = elite_.parents(random.next(), random.next()); !parents) {
            child.order = random_active_order(*shop_, random);
        } else {
            const auto& [a, b] = *parents;
            for (const Time share : SHARES) {
                if (!watch.more()) {
                    break;
                }
                Member trial{0, between(*shop_, a.order, b.order, share, random)};
                trial.makespan = tabu.run(trial.order, TRIAL_PATIENCE, watch);
                if (child.order.empty() || trial.makespan < child.makespan) {
                    child = std::move(trial);
                }
            }
        }
        child.makespan = tabu.run(child.order, settings_.patience, watch);
        watch.report();
        elite_.add(std::move(child));
    }
    return watch.used();
}

}  // namespace headway::search::job_shop
