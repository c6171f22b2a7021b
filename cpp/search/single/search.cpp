#include "search/single/search.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "search/single/decomposition.hpp"
#include "search/single/descent.hpp"
#include "search/single/dynasearch.hpp"
#include "search/single/relaxation.hpp"
#include "search/single/subsets.hpp"

namespace headway::search::single {
namespace {

// Subproblems kept for a proof; they take about 100 bytes each.
constexpr std::size_t MOST_STATES = 4'000'000;

// Random changes between two descents, and descents without a new best after which many are made.
constexpr std::int32_t KICKS_LEAST = 3, KICKS_MOST = 8;
constexpr std::uint64_t PATIENCE = 200;
constexpr std::uint64_t DESCENTS_BEFORE_PROOF = 20;

void kick(std::vector<Index>& order, std::int32_t times, Random& random) {
    const auto n = static_cast<std::int32_t>(order.size());
    for (; times > 0; --times) {
        std::swap(order[static_cast<std::size_t>(random.below(n))],
                  order[static_cast<std::size_t>(random.below(n))]);
    }
}

std::vector<Index> by_due_date(const Line& line) {
    std::vector<Index> order(static_cast<std::size_t>(line.size()));
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
        return std::pair(line.job(a).due, line.job(a).release) <
               std::pair(line.job(b).due, line.job(b).release);
    });
    return order;
}

}  // namespace

SingleMachineSearch::SingleMachineSearch(const Line& line)
    : line_(&line), bound_(std::numeric_limits<Int>::min()) {
    best_.jobs = by_due_date(line);
    best_.value = line.value(best_.jobs);
}

void SingleMachineSearch::offer(std::vector<Index> order) {
    const Int value = line_->value(order);
    const std::scoped_lock locked(mutex_);
    if (!offered_ || value <= offered_->value) {
        offered_ = Order{value, std::move(order)};
    }
}

auto SingleMachineSearch::take_offer() -> std::optional<Order> {
    const std::scoped_lock locked(mutex_);
    return std::exchange(offered_, std::nullopt);
}

auto SingleMachineSearch::best() -> Order {
    const std::scoped_lock locked(mutex_);
    return best_;
}

void SingleMachineSearch::note(const Order& order, const OnImprovement& on_improvement) {
    if (!incumbent_.note(order.value)) {
        return;
    }
    {
        const std::scoped_lock locked(mutex_);
        if (order.value <= best_.value) {
            best_ = order;
        }
    }
    on_improvement(order.value, order.jobs);
}

void SingleMachineSearch::raise_bound(Int bound) {
    Int known = this->bound();
    while (bound > known &&
           !bound_.compare_exchange_weak(known, bound, std::memory_order_relaxed)) {
    }
    incumbent_.raise_goal(bound);
}

void SingleMachineSearch::prove(const StopFlag& stop, const OnImprovement& on_improvement) {
    std::optional<Sequence> optimum;
    if (line_->is_separable() && line_->size() <= MOST_SUBSET_JOBS) {
        optimum = best_by_subsets(*line_, stop);
    } else if (line_->is_total_tardiness()) {
        std::vector<Int> work, due;
        for (Index j = 0; j < line_->size(); ++j) {
            work.push_back(line_->job(j).work);
            due.push_back(line_->job(j).due);
        }
        optimum = least_total_tardiness(work, due, MOST_STATES, stop);
    }
    if (!optimum && Relaxation::applies(*line_)) {
        raise_bound(Relaxation(*line_, best().jobs).bound(Relaxation::affordable(*line_), stop));
    }
    if (optimum) {
        Order order{0, {optimum->order.begin(), optimum->order.end()}};
        order.value = line_->value(order.jobs);
        note(order, on_improvement);
        raise_bound(order.value);
    }
}

template <class LocalSearch>
std::uint64_t SingleMachineSearch::iterate(LocalSearch&& local, Random& random,
                                           std::uint64_t iterations, const StopFlag& stop,
                                           const OnImprovement& on_improvement) {
    Budget budget(incumbent_, iterations, stop);
    std::uint64_t quiet = 0;
    const auto descend = [&](Order& order) {
        order.value = local.descend(order.jobs, stop);
        budget.spend(1);
        note(order, on_improvement);
    };
    Order current = take_offer().value_or(best());
    note(current, on_improvement);
    if (budget.more()) {
        descend(current);
    }
    while (budget.more()) {
        if (budget.used() >= DESCENTS_BEFORE_PROOF && !proving_.exchange(true)) {
            prove(stop, on_improvement);
            if (stop.is_set()) {
                proving_ = false;  // cut short; the next run tries again
            }
            continue;
        }
        Order next;
        if (auto offer = take_offer()) {
            note(*offer, on_improvement);
            next = current = std::move(*offer);
        } else if (quiet >= PATIENCE) {
            quiet = 0;
            next = best();
            kick(next.jobs, std::max(line_->size() / 4, KICKS_MOST), random);
            current.value = std::numeric_limits<Int>::max();
        } else {
            next = current;
            kick(next.jobs, KICKS_LEAST + random.below(KICKS_MOST - KICKS_LEAST + 1), random);
        }
        descend(next);
        quiet = next.value < current.value ? 0 : quiet + 1;
        if (next.value <= current.value) {
            current = std::move(next);
        }
    }
    return budget.used();
}

std::uint64_t SingleMachineSearch::run(std::uint64_t seed, std::uint64_t iterations,
                                       const StopFlag& stop,
                                       const OnImprovement& on_improvement) {
    Random random(seed);
    return line_->is_separable()
               ? iterate(Dynasearch(*line_), random, iterations, stop, on_improvement)
               : iterate(Descent(*line_), random, iterations, stop, on_improvement);
}

}  // namespace headway::search::single
