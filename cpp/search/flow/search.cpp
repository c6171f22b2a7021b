#include "search/flow/search.hpp"

#include <algorithm>

#include "search/exponential.hpp"
#include "search/flow/greedy.hpp"
#include "search/random.hpp"

namespace headway::search::flow {
namespace {

// Mean duration of an operation, in 1024ths.
Int mean_duration(const Shop& shop) {
    Int sum = 0;
    for (Index job = 0; job < shop.n_jobs(); ++job) {
        sum += shop.work(job);
    }
    return 1024 * sum / (Int{shop.n_jobs()} * shop.n_machines());
}

}  // namespace

// One worker's search.
class Worker {
public:
    Worker(FlowSearch& search, std::uint64_t seed, std::uint64_t moves, const StopFlag& stop,
           const OnImprovement& on_improvement)
        : search_(search),
          shop_(*search.shop_),
          settings_(search.settings_),
          on_improvement_(on_improvement),
          budget_(search.incumbent_, moves, stop),
          random_(seed),
          greedy_(shop_, random_),
          go_on_([this] { return budget_.more() && (budget_.spend(1), true); }) {
        current_.reserve(static_cast<std::size_t>(shop_.n_jobs()));
        best_.reserve(static_cast<std::size_t>(shop_.n_jobs()));
    }

    std::uint64_t run() {
        if (!budget_.more()) {
            return 0;
        }
        greedy_.construct(go_on_);
        take(true);
        greedy_.descend(go_on_);
        take(true);
        std::uint64_t idle = 0;
        while (budget_.more()) {
            if (const auto offer = search_.offers_.take()) {
                begin_from(*offer);
            } else if (idle > settings_.patience) {
                best_ = search_.best_.get().value_or(best_);
                begin_from(best_);
                idle = 0;
            }
            iterate();
            idle = improved_ ? 0 : idle + 1;
        }
        return budget_.used();
    }

private:
    void iterate() {
        const Index count = std::min(settings_.destruction, shop_.n_jobs());
        greedy_.destroy(count);
        if (shop_.aim() == Aim::LATEST && shop_.n_jobs() > count) {
            // Orders of fewer jobs are quicker to improve (Dubois-Lacoste et al. 2017).
            greedy_.descend(go_on_);
        }
        greedy_.repair(go_on_);
        greedy_.descend(go_on_);
        take(false);
    }

    void begin_from(const std::vector<Index>& order) {
        greedy_.sequence().assign(order);
        take(true);
    }

    // Keeps the order of the sequence, or goes back to the one before.
    void take(bool always) {
        const Int value = greedy_.sequence().value();
        const auto order = greedy_.sequence().order();
        improved_ = value < best_value_;
        if (improved_) {
            best_value_ = value;
            best_.assign(order.begin(), order.end());
            search_.best_.note(value, best_);
            if (search_.incumbent_.note(value)) {
                on_improvement_(value, order);
            }
        }
        if (always || value <= current_value_ || accepts(value - current_value_)) {
            current_value_ = value;
            current_.assign(order.begin(), order.end());
        } else {
            greedy_.sequence().assign(current_);
        }
    }

    bool accepts(Int loss) {
        // A tenth of an operation's mean duration, as usual, times the temperature.
        const Int scale = mean_duration_ * settings_.temperature / 10'000;
        return loss * 1024 <= scale * exponential(random_) / 1024;
    }

    FlowSearch& search_;
    const Shop& shop_;
    const SearchSettings& settings_;
    const OnImprovement& on_improvement_;
    Budget budget_;
    Random random_;
    Greedy greedy_;
    GoOn go_on_;
    Int mean_duration_ = mean_duration(shop_);
    std::vector<Index> current_, best_;
    Int current_value_ = 0;
    Int best_value_ = std::numeric_limits<Int>::max();
    bool improved_ = false;
};

FlowSearch::FlowSearch(const Shop& shop, const SearchSettings& settings)
    : shop_(&shop), settings_(settings) {}

std::uint64_t FlowSearch::run(std::uint64_t seed, std::uint64_t moves, const StopFlag& stop,
                              const OnImprovement& on_improvement) {
    return Worker(*this, seed, moves, stop, on_improvement).run();
}

}  // namespace headway::search::flow
