// Lower bounds on sums of costs by Lagrangian relaxation over time.
#pragma once

#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/single/line.hpp"

namespace headway::search::single {

// The machine works without a pause, but a job may run several times or not at all, only not twice
// in a row; prices on the jobs make each of them run about once (Abdul-Razaq and Potts, 1988). All
// numbers are whole, so that the same bound comes out everywhere.
class Relaxation {
public:
    // Starts from the costs of jobs in an order of all of them as prices.
    Relaxation(const Line& line, std::span<const Index> order);

    // Whether the bound can be had: the line is separable, every job takes time, and neither the
    // numbers nor the work are too large.
    static bool applies(const Line& line);

    // The best bound after at most so many changes of the prices, with the value of the order as
    // what is aimed at; stops early if that is met or the stop flag is set.
    Int bound(std::uint64_t rounds, const StopFlag& stop);

    // Rounds that take some seconds at most.
    static std::uint64_t affordable(const Line& line);

private:
    // The cheapest way to fill the time up to an instant, and the cheapest that ends otherwise.
    struct Way {
        Int cost = UNREACHED;
        Index job = -1;
        bool second = false;  // whether it goes on from the second way of its beginning
    };
    struct Instant {
        Way first, second;
    };
    static constexpr Int UNREACHED = Int{1} << 61;

    bool fill(const StopFlag& stop);
    void count();

    const Line* line_;
    Int target_;
    Int highest_ = 0;  // price, either way
    std::vector<Int> price_;
    std::vector<Instant> instant_;
    std::vector<Int> runs_;  // how often each job runs
};

}  // namespace headway::search::single
