// Iterated local search on one machine, and the proofs that fit into it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/random.hpp"
#include "search/single/line.hpp"

namespace headway::search::single {

// Called with each improvement of the best value: the value and the order of all jobs.
using OnImprovement = std::function<void(Int, std::span<const Index>)>;

class SingleMachineSearch {
public:
    explicit SingleMachineSearch(const Line& line);

    const Line& line() const { return *line_; }
    Incumbent& incumbent() { return incumbent_; }

    // An order to search from next; of several that wait, the best one counts.
    void offer(std::vector<Index> order);

    // The best lower bound on the value that a worker has proven so far.
    Int bound() const { return bound_.load(std::memory_order_relaxed); }

    // One worker: searches until about `iterations` descents are made, `stop` is set or the best
    // order is good enough, and returns the number of descents. The first one also tries to prove
    // the optimum. Workers of several threads share the best order; a single one does the same for
    // the same seed and number of iterations everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    struct Order {
        Int value = 0;
        std::vector<Index> jobs;
    };

    template <class LocalSearch>
    std::uint64_t iterate(LocalSearch&& local, Random& random, std::uint64_t iterations,
                          const StopFlag& stop, const OnImprovement& on_improvement);
    void prove(const StopFlag& stop, const OnImprovement& on_improvement);
    void raise_bound(Int bound);
    std::optional<Order> take_offer();
    Order best();
    // Keeps an order if it is the best so far, and tells of it.
    void note(const Order& order, const OnImprovement& on_improvement);

    const Line* line_;
    Incumbent incumbent_;
    std::atomic<Int> bound_;
    std::atomic<bool> proving_ = false;
    std::mutex mutex_;
    std::optional<Order> offered_;
    Order best_;
};

}  // namespace headway::search::single
